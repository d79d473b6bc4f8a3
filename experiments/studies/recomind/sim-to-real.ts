import { messageOf } from '../../../core/check.js';
import type { ReportDocument } from '../../contract.js';
import { refuseUnlessForced } from '../../feed-session/realism/verdict.js';
import type { Study } from '../study.js';
import {
  HALF_CROWD,
  baseExperiment,
  studySettings,
  DEPTH,
  inPercent,
  liftOf,
  liftsIn,
  MAIN,
  runStudy,
  WATCHES,
} from './base.js';

/** Simulators of the same logged sessions, the first as it was fitted, the others with a fault put in. */
const SIMULATORS = [
  { name: 'as fitted', faults: undefined },
  { name: 'exit of the wrong sign', faults: { exitSign: -1 } },
  { name: 'exit three times too steep', faults: { exitScale: 3 } },
  { name: 'exit a third as steep', faults: { exitScale: 1 / 3 } },
  { name: 'fatigue ignored', faults: { ignoreFatigue: true } },
] as const;
const HONEST = 0;
const WRONG_SIGN = 1;

interface Row {
  readonly name: string;
  readonly document: ReportDocument;
  /** What the gate says without force; nothing where it lets training go on. */
  readonly refusal: string | null;
}

/** R5: what each simulator promised, and what was true. */
export const simToReal: Study = {
  summary: 'RecoMind from simulator to world: lift promised beside lift kept, with faulty simulators (R5)',
  settings: studySettings({ ...HALF_CROWD, seeds: 2 }),
  async run({ seed, settings, onProgress }) {
    const { seeds } = settings;
    const rows: Row[] = [];
    for (const [i, { name, faults }] of SIMULATORS.entries()) {
      const experiment = baseExperiment('recomind-sim-to-real', settings, {
        baselines: [{ id: 'supervised', settings: {} }],
        realism: { force: true },
        ...(faults === undefined ? {} : { misspecify: faults }),
      });
      const { together } = await runStudy(experiment, { seed, seeds }, (done, total, note) =>
        onProgress?.(i + done / total, SIMULATORS.length, `${name}: ${note}`),
      );
      rows.push({ name, document: together, refusal: refusalOf(together) });
    }
    const honest = rows[HONEST].document;
    const lift = ({ document }: Row, place: 0 | 1, metric: string): string =>
      inPercent(liftOf(liftsIn(document, place), MAIN, metric).relative);
    return {
      tables: [
        {
          caption: `What was promised and what was kept, relative to the supervised ranker, %: ${liftsIn(honest, 0).users} users`,
          columns: [
            'simulator',
            'watches promised',
            'watches in truth',
            'depth promised',
            'depth in truth',
            'verdict',
            'gate',
          ],
          rows: rows.map((row) => [
            row.name,
            ...[lift(row, 1, WATCHES), lift(row, 0, WATCHES), lift(row, 1, DEPTH), lift(row, 0, DEPTH)],
            (row.document.realism ?? []).map(({ verdict }) => verdict).join(', '),
            row.refusal === null ? 'lets it train' : 'refuses',
          ]),
        },
      ],
      notes: rows.flatMap(({ name, refusal }) => (refusal === null ? [] : [`${name}: ${refusal}`])),
      failures: [
        ...(rows[HONEST].refusal === null
          ? []
          : [`as fitted: expected to be let train, received: ${rows[HONEST].refusal}`]),
        ...((rows[WRONG_SIGN].document.realism ?? []).every(({ gate }) => !gate.exit.passed) &&
        rows[WRONG_SIGN].refusal !== null
          ? []
          : ['exit of the wrong sign: expected to be refused by the exit gate on every seed, received a pass.']),
      ],
      numbers: {
        rows: rows.map(({ name, document, refusal }) => ({
          name,
          refusal,
          lifts: document.lifts,
          realism: document.realism,
        })),
      },
      report: { ...honest, realism: rows.flatMap(({ document }) => document.realism ?? []) },
    };
  },
};

/** What training would be refused with, were it not forced. */
function refusalOf({ realism = [] }: ReportDocument): string | null {
  for (const report of realism) {
    try {
      refuseUnlessForced(report, false);
    } catch (error) {
      return messageOf(error);
    }
  }
  return null;
}
