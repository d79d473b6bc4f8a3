import type { ReportDocument, RolloutSection } from '../../contract.js';
import { html, table, type Html } from '../html.js';
import { intervalFigure } from '../interval-figures.js';
import { count, decimalsFor, fixed, range } from '../numbers.js';
import { spoken, valueOf, type Section } from '../parts.js';

const ENOUGH_SEEDS = 3;

/** Episodes played in an env, by policy and seed. */
export async function rolloutsSection({ rollouts }: ReportDocument): Promise<Section | undefined> {
  if (rollouts.length === 0) return undefined;
  const envs = [...new Set(rollouts.map(({ env }) => env))];
  return {
    id: 'rollouts',
    title: 'Rollouts',
    terms: ['episodes', 'meanReturn', 'standardError', 'meanLength', 'seed', 'interval'],
    body: [
      html`<p class="lead">
        What the policies earned when they were let play. The spread between seeds is the spread between trainings.
      </p>`,
      await Promise.all(
        envs.map((env) =>
          oneEnv(
            env,
            rollouts.filter((rollout) => rollout.env === env),
          ),
        ),
      ),
    ],
  };
}

type SeedRow = RolloutSection['perSeed'][number];

async function oneEnv(env: string, rollouts: readonly RolloutSection[]): Promise<Html> {
  const decimals = decimalsFor(rollouts.map(({ overall }) => overall));
  const few = rollouts.filter(({ perSeed }) => perSeed.length < ENOUGH_SEEDS);
  const label = [
    `Mean return in ${env}.`,
    ...rollouts.map(
      ({ policy, overall, perSeed }) => `${policy}: ${spoken(overall, decimals)}, ${seedCount(perSeed.length)}.`,
    ),
  ].join(' ');
  return html`<h3>${env}</h3>
    ${
      few.length > 0 &&
      html`<p class="remark">
        ${few.map(({ policy, perSeed }) => `${policy}: ${seedCount(perSeed.length)}`).join('; ')}. With fewer than
        ${ENOUGH_SEEDS} seeds the interval is over episodes and does not show how much another training would differ.
      </p>`
    }
    ${await intervalFigure({
      chart: {
        rows: rollouts.map(({ policy, overall, perSeed }) => ({
          label: policy,
          value: overall.value,
          interval: overall.interval,
          parts: perSeed.length > 1 ? perSeed.map(({ meanReturn }) => meanReturn) : [],
          emphasis: true,
        })),
        xTitle: 'mean return',
      },
      label,
      caption: 'Mean return over all episodes, with its interval.',
    })}
    ${table<SeedRow>({
      caption: `Episodes in ${env}, by policy and seed`,
      columns: [
        { head: 'Seed', cell: ({ seed }) => seed },
        { head: 'Episodes', numeric: true, cell: ({ episodes }) => count(episodes) },
        {
          head: html`Mean return <small>± standard error</small>`,
          numeric: true,
          cell: ({ meanReturn, standardError }) => `${fixed(meanReturn, decimals)} ± ${fixed(standardError, decimals)}`,
        },
        { head: 'Mean length', numeric: true, cell: ({ meanLength }) => fixed(meanLength, 1) },
      ],
      groups: rollouts.map(({ policy, overall, perSeed }) => ({
        heading: html`${policy}
          <span class="overall"
            >overall ${valueOf(overall, decimals)}
            ${overall.interval !== null && `(${range(overall.interval, decimals)}, ${overall.method})`}</span
          >`,
        rows: perSeed,
      })),
    })}`;
}

const seedCount = (seeds: number): string => `${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`;
