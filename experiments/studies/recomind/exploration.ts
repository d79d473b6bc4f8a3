import type { Study } from '../study.js';
import type { LiftTable } from '../../lifts/contract.js';
import { expectNumber } from '../../../core/check.js';
import {
  baseExperiment,
  DEPTH,
  inPercent,
  liftOf,
  liftsIn,
  MAIN,
  percent,
  runStudy,
  variant,
  WATCHES,
} from './base.js';

const SIZES = [1000, 10_000, 100_000, 1_000_000] as const;
const UNIFORM = ['uniform over the catalogue', 'uniform over the catalogue, from scratch'] as const;
/** Of the 64 candidates, those that are drawn from the catalogue: one in eight, and one in four. */
const STRATEGIES = [
  {
    name: 'ε over the catalogue',
    settings: { exploration: 'epsilon-catalogue', injected: 8, epsilon: 0.1 },
    more: { env: { injected: 8 } },
  },
  {
    name: 'top-K and random injections',
    settings: { exploration: 'top-k-inject', injected: 16 },
    more: { env: { injected: 16 } },
  },
  {
    name: 'cluster, then item',
    settings: { exploration: 'cluster-item' },
    more: { env: { source: 'clusters', groups: 8 } },
  },
  {
    name: UNIFORM[0],
    settings: { exploration: 'uniform-catalogue' },
    more: { env: { source: 'catalogue' }, tried: 'own' },
  },
  {
    name: UNIFORM[1],
    settings: { exploration: 'uniform-catalogue', bootstrap: 'scratch' },
    more: { env: { source: 'catalogue' }, tried: 'own' },
  },
] as const;

/** From this size on top-K must beat uniform candidates by so much, bootstrapped or not. */
const SCORE = { items: 10_000, ratio: 1.3 } as const;

interface Size {
  readonly items: number;
  readonly world: LiftTable;
  /** Return while learning, by policy: mean over the training. */
  readonly cost: Readonly<Record<string, number>>;
}

/** Share of junk where `worth` items are worth watching however large the catalogue; 0 for no junk at all. */
const junkOf = (items: number, worth: number): number => (worth === 0 ? 0 : Math.max(0, 1 - worth / items));

/**
 * R3: what each way of exploring costs and brings, by the size of the catalogue. Catalogues grow by junk: strategies that
 * explore a huge catalogue are about not showing it. Where nothing is junk (`--worth 0`), the best of 64 uniform draws is
 * as good as what is retrieved, and the score is missed at every size; junk came in after that had been seen.
 */
export const exploration: Study = {
  summary: 'RecoMind by exploration strategy and catalogue size, 1,000 to 1,000,000 items (R3)',
  settings: {
    seeds: { value: 1, meaning: 'Worlds, logs, simulators and policies, one of each per seed and size' },
    largest: { value: 1_000_000, meaning: 'Largest catalogue; smaller ones by factors of ten' },
    worth: { value: 1000, meaning: 'Items worth watching in a catalogue of any size, the rest is junk; 0: no junk' },
    users: { value: 3000, meaning: 'Users of the world' },
    logged: { value: 24_000, meaning: 'Sessions of the log' },
    steps: { value: 80_000, meaning: 'Steps of each training' },
    sessions: { value: 3000, meaning: 'Sessions per policy in the world' },
  },
  async run({ seed, settings, onProgress }) {
    const { largest, worth, users, logged, steps, sessions, seeds } = settings;
    expectNumber('--worth', worth, 0, 2_000_000);
    const wanted = SIZES.filter((items) => items <= largest);
    const sizes: Size[] = [];
    for (const [i, items] of wanted.entries()) {
      const experiment = baseExperiment(
        'recomind-exploration',
        { items, users, logged, steps, sessions },
        {
          junk: junkOf(items, worth),
          rivals: STRATEGIES.map(({ name, settings: own, more }) => variant(name, own, more)),
          baselines: [
            { id: 'supervised', settings: {} },
            { id: 'random', settings: {} },
          ],
        },
      );
      const { together } = await runStudy(experiment, { seed, seeds }, (done, total, note) =>
        onProgress?.(i + done / total, wanted.length, `${items} items: ${note}`),
      );
      const names = [MAIN, ...STRATEGIES.map(({ name }) => name)];
      const cost = Object.fromEntries(
        names.map((name) => {
          const curves = together.curves.filter(
            (curve) => curve.chart === 'meanReturn' && curve.name.startsWith(`${name}, seed `),
          );
          const returns = curves.flatMap(({ points }) => points.map(([, y]) => y));
          return [name, returns.reduce((sum, value) => sum + value, 0) / returns.length];
        }),
      );
      sizes.push({ items, world: liftsIn(together, 0), cost });
    }
    return {
      tables: sizes.map(({ items, world, cost }) => ({
        caption: `${items} items, ${percent(junkOf(items, worth))} % of them junk, in the world: ${world.users} users`,
        columns: ['strategy', WATCHES, 'against the ranker, %', 'depth, %', 'watches per session while it learns'],
        rows: [MAIN, ...STRATEGIES.map(({ name }) => name), 'random'].map((name) => {
          const { value, relative } = liftOf(world, name, WATCHES);
          const shown = name === MAIN ? 'softmax over top-K' : name === 'random' ? 'random among the retrieved' : name;
          return [
            shown,
            value,
            inPercent(relative),
            inPercent(liftOf(world, name, DEPTH).relative),
            cost[name] ?? null,
          ];
        }),
      })),
      notes: [
        'What is learned uniformly over the catalogue is tried so, too; all others serve what is retrieved.',
        'Users of the log are shown little junk, so a simulator fitted on it believes too well of it: what is learned there uniformly fails in the world for that reason too.',
        'While it learns: mean return in the simulator over the whole training, which is what users would have met.',
      ],
      failures: sizes.flatMap(({ items, world }) => {
        const watches = (policy: string): number => liftOf(world, policy, WATCHES).value ?? NaN;
        const top = watches(MAIN);
        return UNIFORM.filter((name) => items >= SCORE.items && !(top >= SCORE.ratio * watches(name))).map(
          (name) =>
            `${items} items: expected top-K at ${SCORE.ratio} times '${name}', ${watches(name)}, received ${top}.`,
        );
      }),
      numbers: { sizes },
    };
  },
};
