import type { Study, StudyResult } from '../study.js';
import {
  FULL_SIZE,
  baseExperiment,
  studySettings,
  DEEP,
  inPercent,
  liftOf,
  liftRows,
  liftsIn,
  MAIN,
  percent,
  runStudy,
  variant,
  WATCHES,
  type LiftRow,
} from './base.js';
import type { LiftTable } from '../../lifts/contract.js';
import type { ReportDocument } from '../../contract.js';

const MYOPIC = 'γ = 0';

/** The score fixed before running; shares of the control. */
const SCORE = { watches: 0.08, deep: 0.03, myopic: 0.05, gap: 0.08 } as const;

/** R1 and R7: the headline A/B in the true world, with the myopic control and all metrics. */
export const recomind: Study = {
  summary: 'RecoMind: a policy trained in a learned simulator, tried in the true world (R1, R7)',
  settings: studySettings({ ...FULL_SIZE, seeds: 5 }),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const experiment = baseExperiment('recomind', settings, { rivals: [variant(MYOPIC, { discount: 0 })] });
    const { together } = await runStudy(experiment, { seed, seeds }, onProgress);
    return resultOf(together);
  },
};

function resultOf(together: ReportDocument): StudyResult {
  const world = liftsIn(together, 0);
  const simulator = liftsIn(together, 1);
  return {
    tables: [
      { caption: `In the generated world, against the supervised ranker: ${world.users} users`, ...liftRows(world) },
      { caption: `In the simulator that each policy learned in: ${simulator.users} users`, ...liftRows(simulator) },
      {
        caption: 'Is each simulator like its log?',
        columns: ['simulator', 'verdict', 'exit slope', 'exit gate'],
        rows: (together.realism ?? []).map(({ simulator: name, verdict, gate }) => [
          ...[name, verdict, gate.exit.slope?.value ?? null],
          gate.exit.passed ? 'passed' : 'failed',
        ]),
      },
    ],
    notes: [
      'relative: policy ÷ control − 1 in percent, paired by users; over the seeds with Student’s interval, per seed over its users.',
      'Depth given 10 items conditions on what the policy changed: read it with depth and the share of sessions with 10 items.',
      'A simulator’s lift is not an online one. The paper reports, online, +15.81 % videos watched more than 10 s and +4.71 % depth of sessions with at least 10 interactions.',
    ],
    failures: [...failuresOf(world)],
    numbers: { world, simulator, realism: together.realism },
    report: together,
  };
}

function failuresOf(world: LiftTable): string[] {
  const watches = liftOf(world, MAIN, WATCHES);
  const deep = liftOf(world, MAIN, DEEP);
  const myopic = liftOf(world, MYOPIC, WATCHES);
  const gap = (watches.relative.value ?? NaN) - (myopic.relative.value ?? NaN);
  return [
    ...atLeast(watches, SCORE.watches),
    ...atLeast(deep, SCORE.deep),
    ...aboveZero(watches, world.seeds),
    ...aboveZero(deep, world.seeds),
    ...(Math.abs(myopic.relative.value ?? NaN) <= SCORE.myopic
      ? []
      : [
          `${MYOPIC}, ${WATCHES}: expected within ±${percent(SCORE.myopic)} %, received ${inPercent(myopic.relative)} %.`,
        ]),
    ...(gap >= SCORE.gap
      ? []
      : [`${MYOPIC}: expected at least ${percent(SCORE.gap)} points below ${MAIN}, received ${percent(gap)}.`]),
  ];
}

function atLeast({ policy, metric, relative }: LiftRow, wanted: number): string[] {
  if ((relative.value ?? NaN) >= wanted) return [];
  return [`${policy}, ${metric}: expected at least +${percent(wanted)} %, received ${inPercent(relative)} %.`];
}

function aboveZero({ policy, metric, perSeed }: LiftRow, seeds: readonly number[]): string[] {
  return perSeed.flatMap((own, i) =>
    (own.interval?.[0] ?? NaN) > 0
      ? []
      : [`${policy}, ${metric}, seed ${seeds[i]}: expected an interval above 0, received ${inPercent(own)} %.`],
  );
}
