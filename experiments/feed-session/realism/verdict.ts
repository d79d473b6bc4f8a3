import { complaint } from '../../../core/check.js';
import type { HeadCalibration, PolicyPair, RankingAgreement, RealismReport, Slice } from './contract.js';
import { short, span } from './words.js';

/** Reasons of one kind that are written out; the report has them all. */
const SHOWN = 4;

/** What the numbers of a report come to. */
export function verdictOf({
  gate,
  heads,
  slices,
  distances,
  ranking,
}: Pick<RealismReport, 'gate' | 'heads' | 'slices' | 'distances' | 'ranking'>): Pick<
  RealismReport,
  'verdict' | 'reasons'
> {
  const { passed, why } = gate.exit;
  const reversed = ranking.filter(({ agreement }) => agreement !== null && agreement < 0);
  const flagged = slices.flatMap(({ head, by, rows }) =>
    rows.filter((slice) => slice.flagged).map((slice) => flagText(head, by, slice)),
  );
  const far = distances
    .filter(({ ok }) => !ok)
    .map(
      ({ policy, quantity, logged, simulated, ks, wasserstein }) =>
        `${quantity} under '${policy}': mean ${short(simulated.mean)} simulated, ${short(logged.mean)} logged ` +
        `(Kolmogorov–Smirnov ${short(ks)}, Wasserstein ${short(wasserstein)})`,
    );
  const reasons = [
    ...(passed ? [] : [`the exit gate is not passed: ${why}`]),
    ...heads.filter(({ ok, head }) => !ok && (head !== 'exit' || passed)).map(headText),
    ...shortened(flagged, 'slices'),
    ...shortened(far, 'distances'),
    ...ranking.flatMap(orderTexts),
  ];
  const refused = !passed || reversed.length > 0;
  return { verdict: refused ? 'refused' : reasons.length > 0 ? 'usable with care' : 'fit for training', reasons };
}

function headText({ head, meanPredicted, meanObserved, quality }: HeadCalibration): string {
  return (
    `${head} is not calibrated: mean ${short(meanPredicted)} predicted, ${short(meanObserved)} observed, ` +
    `calibration error ${short(quality.expectedCalibrationError)}`
  );
}

function flagText(head: string, by: string, { slice, predicted, observed, interval }: Slice): string {
  return `${head}, ${by} '${slice}': ${short(predicted)} predicted, ${short(observed)} observed (${span(interval)})`;
}

function shortened(texts: readonly string[], kind: string): string[] {
  if (texts.length <= SHOWN) return [...texts];
  return [...texts.slice(0, SHOWN), `and ${texts.length - SHOWN} more ${kind}`];
}

function orderTexts({ metric, pairs }: RankingAgreement): string[] {
  const of = ({ difference, interval }: PolicyPair['logged']): string => `${short(difference)} (${span(interval)})`;
  return pairs
    .filter((pair) => pair.order === 'differently' || (pair.order === 'not told by the simulator' && areApart(pair)))
    .map(
      ({ policy, against, logged, simulated, order }) =>
        `${metric}, '${policy}' minus '${against}': ${of(logged)} in the log, ${of(simulated)} in the simulator` +
        (order === 'differently' ? ': the other way round' : ', which does not tell them apart'),
    );
}

/** Whether the differences in the log and in the simulator are further apart than their 95 % intervals explain. */
function areApart({ logged, simulated }: PolicyPair): boolean {
  const half = ({ interval: [low, high] }: PolicyPair['logged']): number => (high - low) / 2;
  return Math.abs(logged.difference - simulated.difference) > Math.hypot(half(logged), half(simulated));
}

/**
 * Does nothing where a simulator may be trained in, or where one insists.
 *
 * @throws a data error with the numbers when the simulator is refused and not forced
 */
export function refuseUnlessForced(report: RealismReport, force: boolean): void {
  const { verdict, simulator, log, reasons } = report;
  if (verdict !== 'refused' || force) return;
  throw complaint('data', {
    where: `${simulator}, judged on held-out sessions of log '${log}'`,
    expected: 'people who answer and leave as the logged ones did',
    received: `a simulator that is refused: ${reasons.join('; ')}`,
    try: 'Fit the response model on more sessions or other features; train in it all the same only to study its mistakes (force).',
  });
}
