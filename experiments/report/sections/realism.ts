import type { ReportDocument, Verdict } from '../../contract.js';
import type {
  Direction,
  Distance,
  GateCheck,
  HeadCalibration,
  RealismReport,
  RealismVerdict,
  Slice,
  SliceTable,
} from '../../feed-session/realism/contract.js';
import { draw } from '../charts/draw.js';
import { reliabilitySpec } from '../charts/reliability.js';
import { html, table, type Html } from '../html.js';
import { lineKey } from '../keys.js';
import { count, decimalsOf, fixed, percent, range, signed, significant } from '../numbers.js';
import { NOTHING, badge, capitalised, facts, figure, type Section } from '../parts.js';
import { rankingPart } from './realism-ranking.js';

const SQUARE = 264;
const LOOKS: Readonly<Record<RealismVerdict, Verdict>> = {
  'fit for training': 'supported',
  'usable with care': 'weak',
  refused: 'unsupported',
};

/** Whether what was learned of people may be trained in: the verdict first, then what it rests on. */
export async function realismSection({ realism = [] }: ReportDocument): Promise<Section | undefined> {
  if (realism.length === 0) return undefined;
  const compared = realism.some(({ distances }) => distances.length > 0);
  const ranked = realism.some(({ ranking }) => ranking.length > 0);
  return {
    id: 'realism',
    title: 'Is the simulator like the log?',
    terms: [
      ...['realismVerdict', 'exitGate', 'calibrationSlope', 'expectedCalibrationError', 'errorByChance', 'auc'],
      ...['gain', 'slice', 'clusteredInterval'],
      ...(compared ? ['ksDistance', 'wassersteinDistance'] : []),
      ...(ranked ? ['rankingAgreement'] : []),
    ],
    body: [
      html`<p class="lead">
        A policy that was trained in a simulator is as good as the simulator. This one was asked about logged sessions
        that it had not been fitted on.
      </p>`,
      await Promise.all(
        realism.map((report, i) => oneSimulator(report, realism.length > 1 ? ` (${report.simulator}, ${i + 1})` : '')),
      ),
    ],
  };
}

/** @param suffix what tells the captions of several simulators apart */
async function oneSimulator(report: RealismReport, suffix: string): Promise<Html> {
  const { simulator, log, sessions, rows, verdict, reasons, gate, heads, slices, directions, distances } = report;
  const { intercept, slope, exits, rows: known } = gate.exit;
  return html`<h3>${capitalised(simulator)} <span class="grey">${log}</span></h3>
    <p>${badge(LOOKS[verdict], verdict)} ${summaryOf(report)}</p>
    ${
      reasons.length > 0 &&
      html`<ul>
        ${reasons.map((reason) => html`<li>${reason}</li>`)}
      </ul>`
    }
    ${facts([
      ['Held out', html`${count(sessions)} sessions <small>${count(rows)} items shown</small>`],
      ['Exits', html`${count(exits)} <small>of ${count(known)} items after which it is known</small>`],
      ['Calibration slope', slope === null ? NOTHING : coefficientText(slope)],
      ['Intercept', intercept === null ? NOTHING : coefficientText(intercept)],
    ])}
    ${gateTable(gate.exit.checks, suffix)} ${headsTable(heads, suffix)} ${await reliability(heads)}
    ${slicesPart(slices, suffix)} ${directionsTable(directions, suffix)} ${distancesTable(distances, suffix)}
    ${await rankingPart(report, suffix)}`;
}

function summaryOf({ verdict, gate }: RealismReport): string {
  if (verdict === 'refused') {
    return gate.exit.passed
      ? 'It ends sessions as the log does, but orders the logged policies against it.'
      : 'It is wrong about what ends sessions: a policy trained in it would learn from another world.';
  }
  return verdict === 'fit for training'
    ? 'Nothing that was asked speaks against it.'
    : 'It ends sessions as the log does, and is off elsewhere:';
}

const coefficientText = ({ value, interval }: { value: number; interval: readonly [number, number] }): Html =>
  html`${fixed(value, 2)} <small>${range(interval, 2)}</small>`;

const passBadge = (passed: boolean): Html => badge(passed ? 'supported' : 'unsupported', passed ? 'passed' : 'failed');
const okBadge = (ok: boolean): Html => badge(ok ? 'supported' : 'weak', ok ? 'near' : 'off');

function gateTable(checks: readonly GateCheck[], suffix: string): Html {
  return table<GateCheck>({
    caption: `The exit gate${suffix}`,
    columns: [
      { head: 'Check', cell: ({ name }) => name },
      { head: 'Reads', cell: ({ passed }) => passBadge(passed) },
      { head: 'Found', cell: ({ found }) => html`<span class="method">${found}</span>` },
    ],
    groups: [{ rows: checks }],
  });
}

function headsTable(heads: readonly HeadCalibration[], suffix: string): Html {
  return table<HeadCalibration>({
    caption: `What was predicted of held-out items, and what happened${suffix}`,
    columns: [
      { head: 'Head', cell: ({ head }) => head },
      { head: 'Rows', numeric: true, cell: ({ quality }) => count(quality.rows) },
      { head: 'Predicted', numeric: true, cell: ({ meanPredicted }) => significant(meanPredicted, 3) },
      {
        head: 'Observed',
        numeric: true,
        cell: ({ meanObserved, interval }) => html`${significant(meanObserved, 3)}<small>${spanOf(interval)}</small>`,
      },
      {
        head: 'Calibration error',
        numeric: true,
        cell: ({ quality }) => significant(quality.expectedCalibrationError, 3),
      },
      { head: 'By chance', numeric: true, cell: ({ errorByChance }) => significant(errorByChance, 3) },
      {
        head: 'AUC',
        numeric: true,
        cell: ({ quality: { auc } }) => (Number.isNaN(auc) ? NOTHING : auc.toFixed(3)),
      },
      {
        head: 'Gain',
        numeric: true,
        cell: ({ quality: { loss, lossOfConstant } }) =>
          lossOfConstant < 1e-9 ? NOTHING : percent(1 - loss / lossOfConstant),
      },
      { head: 'Is', cell: ({ ok }) => okBadge(ok) },
    ],
    groups: [{ rows: heads }],
  });
}

const spanOf = (pair: readonly [number, number]): string => range(pair, decimalsOf(pair, 3));

async function reliability(heads: readonly HeadCalibration[]): Promise<Html> {
  const figures = heads.map(async ({ head, quality }) => {
    const bins = quality.reliability;
    const label =
      `Reliability of ${head} on held-out rows: ${bins.length} bins, calibration error ${significant(quality.expectedCalibrationError, 3)}. ` +
      `${bins.map((bin) => `predicted ${significant(bin.meanPredicted, 3)}, observed ${significant(bin.meanObserved, 3)}`).join('; ')}.`;
    return figure(
      await draw(reliabilitySpec(bins, 'probability', SQUARE), label),
      html`<strong>${head}</strong>, ${count(quality.rows)} held-out rows in ${bins.length}
        ${bins.length === 1 ? 'bin' : 'bins'}`,
    );
  });
  return html`<div class="grid">${await Promise.all(figures)}</div>
    <p>${lineKey('predicted = observed', 'var(--logged)', [5, 3])}</p>`;
}

/** Slices of the exit in the open, those of the outcomes behind a fold. */
function slicesPart(slices: readonly SliceTable[], suffix: string): Html | false {
  if (slices.length === 0) return false;
  const heads = [...new Set(slices.map(({ head }) => head))].reverse();
  return html`${heads.map((head) => {
    const own = slices.filter((one) => one.head === head);
    const flagged = own.flatMap(({ rows }) => rows).filter((slice) => slice.flagged).length;
    const drawn = slicesTable(head, own, suffix);
    if (head === 'exit') return drawn;
    return html`<details>
      <summary>${capitalised(head)} by slice: ${flagged === 0 ? 'none' : count(flagged)} flagged</summary>
      ${drawn}
    </details>`;
  })}`;
}

function slicesTable(head: string, slices: readonly SliceTable[], suffix: string): Html {
  return table<Slice>({
    caption: `${capitalised(head)} by slice${suffix}`,
    columns: [
      { head: 'Slice', cell: ({ slice }) => slice },
      { head: 'Rows', numeric: true, cell: ({ rows }) => count(rows) },
      { head: 'Sessions', numeric: true, cell: ({ sessions }) => count(sessions) },
      { head: 'Predicted', numeric: true, cell: ({ predicted }) => significant(predicted, 3) },
      { head: 'Observed', numeric: true, cell: ({ observed }) => significant(observed, 3) },
      { head: 'Interval', numeric: true, cell: ({ interval }) => spanOf(interval) },
      { head: 'Is', cell: ({ flagged }) => (flagged ? badge('weak', 'flagged') : badge('supported', 'near')) },
    ],
    groups: slices.map(({ by, rows }) => ({ heading: capitalised(by), rows })),
  });
}

function directionsTable(directions: readonly Direction[], suffix: string): Html | false {
  if (directions.length === 0) return false;
  const decimals = ({ interval }: Direction): number => Math.max(3, decimalsOf(interval, 2));
  return table<Direction>({
    caption: `Changes from the first slice to the last, in the log and in the model${suffix}`,
    columns: [
      { head: 'Head', cell: ({ head, by }) => html`${head}<small>by ${by}</small>` },
      { head: 'From, to', cell: ({ from, to }) => `${from}, ${to}` },
      {
        head: 'In the log',
        numeric: true,
        cell: (one) => html`${signed(one.observed, decimals(one))}<small>${range(one.interval, decimals(one))}</small>`,
      },
      { head: 'In the model', numeric: true, cell: (one) => signed(one.predicted, decimals(one)) },
      {
        head: 'Rank correlation',
        numeric: true,
        cell: ({ rankCorrelation }) => (rankCorrelation === null ? NOTHING : fixed(rankCorrelation, 2)),
      },
      {
        head: 'Reads',
        cell: ({ agrees }) =>
          agrees === null
            ? badge('weak', 'not told')
            : badge(agrees ? 'supported' : 'unsupported', agrees ? 'alike' : 'the other way'),
      },
    ],
    groups: [{ rows: directions }],
  });
}

function distancesTable(distances: readonly Distance[], suffix: string): Html | false {
  if (distances.length === 0) return false;
  const policies = [...new Set(distances.map(({ policy }) => policy))];
  const withChance = (value: number, chance: number): Html =>
    html`${significant(value, 3)}<small>by chance ${significant(chance, 3)}</small>`;
  return table<Distance>({
    caption: `Simulated against logged sessions of the same policy${suffix}`,
    columns: [
      { head: 'Per session', cell: ({ quantity }) => quantity },
      { head: 'Mean logged', numeric: true, cell: ({ logged }) => significant(logged.mean, 3) },
      { head: 'Mean simulated', numeric: true, cell: ({ simulated }) => significant(simulated.mean, 3) },
      { head: 'Kolmogorov–Smirnov', numeric: true, cell: ({ ks, ksByChance }) => withChance(ks, ksByChance) },
      {
        head: 'Wasserstein',
        numeric: true,
        cell: ({ wasserstein, wassersteinByChance }) => withChance(wasserstein, wassersteinByChance),
      },
      { head: 'Is', cell: ({ ok }) => okBadge(ok) },
    ],
    groups: policies.map((policy) => {
      const rows = distances.filter((one) => one.policy === policy);
      const [{ logged, simulated }] = rows;
      return {
        heading: `${policy}: ${count(logged.sessions)} sessions logged, ${count(simulated.sessions)} simulated`,
        rows,
      };
    }),
  });
}
