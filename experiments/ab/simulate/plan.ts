import { GymError, choose, complaint, suggestion } from '../../../core/check.js';
import type { EnvSpec } from '../../../envs/contract.js';
import type { AbExperiment } from '../../config/ab-schema.js';
import type { Metric } from '../contract.js';
import { agents } from '../../tables.js';
import { AD_MARKET_COLUMNS, AD_MARKET_FEATURES, CLICK_RATE_CUTS, checkAdMarketPlan } from './ad-market-world.js';
import { SESSION_COLUMNS } from './env-sessions.js';
import { learnedBy } from './learned.js';
import { MARKET_COLUMNS, marketSegments, rulesOf } from './market-world.js';
import { plainMetric, sharesOf } from './replication.js';
import type { Cut } from './trial.js';

/** What the settings of an arm are in a market. */
const SETTINGS_OF = {
  'shared-market':
    'In a market the settings are those of a ranking rule: bidWeight, clickWeight, curiosity, exploration.',
  'ad-market': 'In a market for ads the settings are the weights of utility: click, longClick, hide.',
} as const;

/** Refuses what cannot be played, before anything is. */
export function checkPlan(experiment: AbExperiment): void {
  const { arms, world, designs, design, days } = experiment;
  const names = arms.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw wrong('arms', 'names that differ', `'${twice}' twice`);
  const shares = sharesOf(experiment);
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.some((share) => !(share > 0)) || Math.abs(total - 1) > 1e-9)
    throw wrong('arms: share', 'shares above 0 that sum to 1', shares.join(', '));
  if (world.from !== 'env') {
    const agent = arms.find((arm) => arm.agent !== undefined || arm.trainedBy !== undefined);
    if (agent !== undefined)
      throw wrong(`arm ${agent.name}`, 'no agent in a market', agent.agent ?? 'trainedBy', SETTINGS_OF[world.from]);
    if (world.from === 'ad-market') checkAdMarketPlan(experiment);
    else rulesOf(experiment);
  } else {
    if (designs.names.includes('request'))
      throw wrong('designs.names', 'no request split in an env', 'request', 'It can be the design of the test itself.');
    const shared = [design.split, ...designs.names].find((name) => name === 'budget');
    if (shared !== undefined)
      throw wrong('design', 'a split of units in an env', 'budget', 'Users of an env share nothing; a market does.');
    for (const arm of arms) checkActor(arm, world.id);
  }
  if ([design.split, ...designs.names].includes('time') && days * (24 / design.windowHours) < 2 * arms.length)
    throw wrong('days', `at least two windows per arm of ${design.windowHours} hours`, `${days} days`);
}

/** An arm in an env acts by an agent of its own, or by what a run left. */
function checkActor({ name, agent, settings, trainedBy }: AbExperiment['arms'][number], env: string): void {
  if (trainedBy !== undefined) {
    if (agent !== undefined || Object.keys(settings).length > 0)
      throw wrong(
        `arm ${name}`,
        'no agent or settings beside trainedBy',
        agent ?? 'settings',
        'The run says what it trained.',
      );
    learnedBy(name, trainedBy, env);
  } else if (agent === undefined) throw wrong(`arm ${name}`, 'an agent', 'none', "See 'recsys-gym agents list'.");
  else choose('agent', agents, agent).with(settings);
}

function wrong(where: string, expected: string, received: string, hint?: string): GymError {
  return complaint('config', { where, expected, received, ...(hint === undefined ? {} : { try: hint }) });
}

/** How the world's features cut the units into segments. */
export function cutsOf(experiment: AbExperiment): Cut[] {
  const { world } = experiment;
  if (world.from === 'shared-market') {
    const values = marketSegments(experiment);
    return [{ name: 'segment', feature: 'segment', cuts: values.slice(1).map((_, s) => s + 0.5), values }];
  }
  if (world.from === 'ad-market')
    return [{ name: 'click rate', feature: 'clickRate', cuts: CLICK_RATE_CUTS, values: rangeNames(CLICK_RATE_CUTS) }];
  return world.features
    .filter(({ cuts }) => cuts.length > 0)
    .map(({ name, cuts }) => ({ name, feature: name, cuts, values: rangeNames(cuts) }));
}

function rangeNames(cuts: readonly number[]): string[] {
  const inner = cuts.slice(1).map((cut, i) => `${cuts[i]} to ${cut}`);
  return [`below ${cuts[0]}`, ...inner, `from ${cuts[cuts.length - 1]}`];
}

/** The metrics of the config in an env of that spec, or in a market, with every column and covariate known to exist. */
export function metricsOf(experiment: AbExperiment, spec: EnvSpec | undefined): Metric[] {
  const { metrics, design, before } = experiment;
  const { columns, features } = recordedBy(experiment, spec);
  const byUser = ['user', 'budget', 'cluster'].includes(design.split);
  const covariates = [...(design.split === 'time' ? [] : features), ...(byUser && before > 0 ? ['before'] : [])];
  const check = (metric: string, key: string, name: string, names: readonly string[]): void => {
    if (!names.includes(name))
      throw new GymError('config', `metric ${metric}: ${key}: no ${key} called '${name}'. ${suggestion(name, names)}`);
  };
  return metrics.map((raw) => {
    const metric = plainMetric(raw);
    check(metric.name, 'column', metric.column, columns);
    if (metric.denominator !== undefined) check(metric.name, 'denominator', metric.denominator, columns);
    if (metric.kind === 'ratio' && metric.denominator === undefined)
      throw wrong(`metric ${metric.name}`, 'a denominator of the ratio', 'none');
    if (metric.kind === 'quantile' && metric.quantile === undefined)
      throw wrong(`metric ${metric.name}`, 'a quantile between 0 and 1', 'none');
    if (raw.covariate !== undefined) check(metric.name, 'covariate', raw.covariate, covariates);
    return metric;
  });
}

/** What a play of the world writes down. */
function recordedBy(
  { world }: AbExperiment,
  spec: EnvSpec | undefined,
): { readonly columns: string[]; readonly features: string[] } {
  if (world.from === 'ad-market') return { columns: [...AD_MARKET_COLUMNS], features: [...AD_MARKET_FEATURES] };
  if (world.from === 'shared-market' || spec === undefined)
    return { columns: [...MARKET_COLUMNS], features: ['segment'] };
  return { columns: [...SESSION_COLUMNS, ...spec.objectives], features: world.features.map(({ name }) => name) };
}
