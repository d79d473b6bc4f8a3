import type { Curve, ReportDocument } from '../../contract.js';
import type { Study } from '../study.js';
import {
  HALF_CROWD,
  baseExperiment,
  studySettings,
  CONTROL,
  inPercent,
  liftOf,
  liftsIn,
  MAIN,
  runStudy,
  variant,
  WATCHES,
} from './base.js';

const UPDATES = [0, 5, 10, 20, 50, 100];
/** Candidates drawn uniformly from the whole catalogue, also where it is tried. */
const UNIFORM = { env: { source: 'catalogue' }, tried: 'own' } as const;
const SCRATCH = { top: 'scratch', uniform: 'scratch, uniform candidates' } as const;
const VARIANTS = [MAIN, 'clone', SCRATCH.top, 'residual, uniform candidates', SCRATCH.uniform] as const;

/** By how much the bootstrapped policy's drawn items beat those of a policy from scratch among uniform ones at update 0. */
const SCORE = 1.5;

/** R2: what starting from the ranker is worth, by updates. */
export const bootstrapping: Study = {
  summary: 'RecoMind bootstrapped, cloned and from scratch: watches along the way (R2)',
  settings: studySettings({ ...HALF_CROWD, seeds: 2 }),
  async run({ seed, settings, onProgress }) {
    const { seeds, sessions } = settings;
    const experiment = baseExperiment('recomind-bootstrap', settings, {
      rivals: [
        variant(VARIANTS[1], { bootstrap: 'clone' }),
        variant(SCRATCH.top, { bootstrap: 'scratch' }),
        variant(VARIANTS[3], { exploration: 'uniform-catalogue' }, UNIFORM),
        variant(SCRATCH.uniform, { bootstrap: 'scratch', exploration: 'uniform-catalogue' }, UNIFORM),
      ],
      baselines: [{ id: 'supervised', settings: {} }],
      evaluation: { sessions, along: UPDATES, alongSessions: 2000 },
    });
    const { together } = await runStudy(experiment, { seed, seeds }, onProgress);
    const world = liftsIn(together, 0);
    const control = liftOf(world, MAIN, WATCHES).control ?? NaN;
    const reached = UPDATES.filter((update) => meanAt(together, 'drawn', MAIN, update) !== null);
    const table = (
      how: 'greedy' | 'drawn',
      title: string,
    ): { caption: string; columns: string[]; rows: (string | number | null)[][] } => ({
      caption: `${WATCHES} after some updates, ${title}; ${CONTROL}: ${control.toFixed(2)}`,
      columns: ['policy', ...reached.map(String), 'in the end, %'],
      rows: VARIANTS.map((name) => [
        name,
        ...reached.map((update) => meanAt(together, how, name, update)),
        inPercent(liftOf(world, name, WATCHES).relative),
      ]),
    });
    const first = meanAt(together, 'drawn', MAIN, 0) ?? NaN;
    const other = meanAt(together, 'drawn', SCRATCH.uniform, 0) ?? NaN;
    return {
      tables: [table('drawn', 'drawn items (what users meet while it learns)'), table('greedy', 'best known items')],
      notes: [
        'Where retrieval is good, a policy from scratch among the retrieved starts close to the ranker: retrieval does most of the bootstrapping.',
      ],
      failures:
        first >= SCORE * other
          ? []
          : [`update 0, drawn: expected ${SCORE} times ${SCRATCH.uniform}'s ${other}, received ${first}.`],
      numbers: { world, curves: together.curves.filter(({ chart }) => chart.startsWith('tried')) },
      report: together,
    };
  },
};

/** Mean over the seeds of a policy's watches per session after so many updates; null where none got so far. */
function meanAt({ curves }: ReportDocument, how: 'greedy' | 'drawn', policy: string, update: number): number | null {
  const word = how === 'greedy' ? 'best known' : 'drawn';
  const own = curves.filter(
    ({ chart, name }: Curve) =>
      chart.startsWith('tried') && chart.includes(word) && name.startsWith(`${policy}, seed `),
  );
  const values = own.flatMap(({ points }) => points.flatMap(([x, y]) => (x === update ? [y] : [])));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
