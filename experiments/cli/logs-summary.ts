import type { LogSummary, OutcomeRate } from '../../logs/index.js';
import { brief, pc, print, table } from './terminal.js';

const percent = (share: number): string => `${brief(100 * share)} %`;

/** The mean of an outcome with its interval: percent for 0/1 outcomes. */
function rateOf({ mean, interval: [low, high], method }: OutcomeRate): [string, string] {
  const show = method.startsWith('Wilson') ? percent : brief;
  return [show(mean), `[${show(low)}, ${show(high)}]`];
}

/** Prints a summary for reading. */
export function showSummary(summary: LogSummary): void {
  print(pc.bold(`${summary.name}: ${summary.rows} rows from ${summary.source}, hash ${summary.hash}`));
  print();
  for (const [label, text] of facts(summary)) print(`${label.padEnd(16)}${text}`);
  print();
  print(
    table(
      ['outcome', 'mean', 'interval', 'method', 'min', 'max'],
      summary.outcomes.map((rate) => [rate.outcome, ...rateOf(rate), rate.method, brief(rate.min), brief(rate.max)]),
    ),
  );
  if (summary.positions.length > 0) {
    print();
    const names = summary.outcomes.flatMap(({ outcome }) => [outcome, 'interval']);
    const rows = summary.positions.map(({ position, rows: n, share, outcomes }) => [
      String(position + 1),
      String(n),
      percent(share),
      ...outcomes.flatMap(rateOf),
    ]);
    print(table(['position', 'rows', 'share', ...names], rows));
  }
  print();
  if (summary.suspicious.length === 0) print(pc.green('Nothing suspicious.'));
  for (const { sentence, rows, count } of summary.suspicious) {
    const which = rows.length === 0 ? '' : ` ${count > rows.length ? 'First rows' : 'Rows'}: ${rows.join(', ')}.`;
    print(`${pc.yellow('suspicious:')} ${sentence}${which}`);
  }
}

function facts(summary: LogSummary): string[][] {
  const { actions, propensity, time, users, sessions, requests, policies, endReasons } = summary;
  const logged = (n: number): string => (n === 0 ? 'not logged' : String(n));
  return [
    ['actions', `${actions.logged} logged of ${actions.known} known`],
    ['policies', policies.map(({ policy, rows }) => `${policy} (${rows} rows)`).join(', ')],
    [
      'propensity',
      propensity === undefined
        ? 'not logged'
        : `min ${brief(propensity.min)}, mean ${brief(propensity.mean)}, max ${brief(propensity.max)}, ` +
          `${percent(propensity.shareBelow001)} below 0.01`,
    ],
    ...(propensity === undefined
      ? []
      : [
          [
            'uniform weight',
            `mean ${brief(propensity.meanUniformWeight)} ± ${brief(propensity.meanUniformWeightError)}. ${propensity.hint}`,
          ],
        ]),
    ['time', time === undefined ? 'not logged' : `${time.from} to ${time.to}`],
    ['users', logged(users)],
    ['sessions', logged(sessions)],
    ['requests', logged(requests)],
    ...(endReasons.length > 1
      ? [['end reasons', endReasons.map(({ reason, rows }) => `${reason} (${rows})`).join(', ')]]
      : []),
    [
      'features',
      `${summary.numericFeatures.length} numeric, categorical: ` +
        (summary.categoricalFeatures.map(({ name, values }) => `${name} (${values} values)`).join(', ') || 'none'),
    ],
  ];
}
