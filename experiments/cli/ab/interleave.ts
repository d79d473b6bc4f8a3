import type { Argv } from 'yargs';
import { complaint } from '../../../core/check.js';
import { CREDIT_RULES } from '../../ab/interleaving/credits.js';
import { preferenceTest, type PreferenceTest } from '../../ab/interleaving/preference-test.js';
import { readInterleaved, type InterleavedColumns } from '../../ab/interleaving/table.js';
import { tellBadRows } from '../../evaluate/bad-rounds.js';
import { brief, print, printJson, table } from '../terminal.js';
import { pathOf } from '../evaluate/common.js';
import { refusingInJson } from './refusal.js';

/** `ab interleave DATA`: which of two rankers people prefer, from lists in which both were mixed. */
export function registerInterleave(cli: Argv): Argv {
  return cli.command(
    'interleave <data>',
    'Which of two rankers people prefer, from lists that mixed both',
    options,
    (argv) =>
      refusingInJson(argv.json, async () => {
        const { data, level, json, method } = argv;
        if (!(level > 0.5 && level < 1))
          throw complaint('usage', {
            where: '--level',
            expected: 'a number above 0.5 and below 1',
            received: `${level}`,
          });
        await pathOf(data);
        const columns = columnsOf(argv);
        const { credits, rows, bad } = await readInterleaved(data, columns);
        if (bad.count > 0)
          throw complaint('data', {
            where: data,
            expected: 'rows of interleaved lists',
            received: `${bad.count} that cannot be used`,
            try: `\n${tellBadRows(bad).join('\n')}`,
          });
        const found = preferenceTest(credits, level);
        const preferred = preferredBy(found, level);
        const by = 'method' in columns ? method : 'given';
        if (json) printJson({ credit: by, rows, level, ...found, preferred });
        else show(found, { by, level, preferred, unit: argv.query ?? 'list' });
      }),
  );
}

const one = { type: 'string', requiresArg: true } as const;

function options(command: Argv) {
  return command
    .positional('data', {
      type: 'string',
      demandOption: true,
      describe: 'CSV, TSV or NDJSON file: a row per shown list',
    })
    .options({
      a: { ...one, describe: "Column of ranker A's credit, such as its clicks" },
      b: { ...one, describe: "Column of ranker B's" },
      query: {
        ...one,
        describe: 'Column of the query, or the user, whose rows are added up; without it each row counts',
      },
      method: {
        choices: Object.keys(CREDIT_RULES),
        default: 'team-draft',
        requiresArg: true,
        describe: 'Or lists and clicks: how the lists were put together',
      },
      'ranking-a': { ...one, describe: "Column of A's ranking: documents separated by spaces or |" },
      'ranking-b': { ...one, describe: "Column of B's" },
      shown: { ...one, describe: 'Column of the list that was shown' },
      clicked: { ...one, describe: 'Column of the documents that were clicked' },
      teams: { ...one, describe: 'Column of the team of each place, A or B; team drafts need it' },
      level: { type: 'number', default: 0.95, requiresArg: true, describe: 'Two-sided level of the intervals' },
      json: { type: 'boolean', default: false, describe: 'Print one JSON object' },
    })
    .example('$0 ab interleave clicks.csv --a clicks_a --b clicks_b --query user', 'Credits as they are')
    .example(
      '$0 ab interleave lists.csv --ranking-a a --ranking-b b --shown list --clicked clicks --teams teams',
      'Lists and clicks of a team draft',
    );
}

interface Flags {
  readonly a?: string | undefined;
  readonly b?: string | undefined;
  readonly query?: string | undefined;
  readonly method: string;
  readonly rankingA?: string | undefined;
  readonly rankingB?: string | undefined;
  readonly shown?: string | undefined;
  readonly clicked?: string | undefined;
  readonly teams?: string | undefined;
}

function columnsOf({ a, b, query, method, rankingA, rankingB, shown, clicked, teams }: Flags): InterleavedColumns {
  const grouped = query === undefined ? {} : { query };
  if (a !== undefined && b !== undefined) return { creditA: a, creditB: b, ...grouped };
  if (rankingA !== undefined && rankingB !== undefined && shown !== undefined && clicked !== undefined)
    return { method, rankingA, rankingB, shown, clicked, ...(teams === undefined ? {} : { teams }), ...grouped };
  throw complaint('usage', {
    where: 'ab interleave',
    expected: '--a and --b, or --ranking-a, --ranking-b, --shown and --clicked',
    received:
      Object.entries({ a, b, rankingA, rankingB, shown, clicked })
        .flatMap(([name, value]) => (value === undefined ? [] : [name]))
        .join(', ') || 'none of them',
  });
}

/** The ranker that wins more queries than chance would give it. */
function preferredBy({ winsA, winsB, pValue }: PreferenceTest, level: number): 'A' | 'B' | null {
  return pValue >= 1 - level ? null : winsB > winsA ? 'B' : 'A';
}

interface Told {
  readonly by: string;
  readonly level: number;
  readonly preferred: 'A' | 'B' | null;
  /** What the credits were added up by. */
  readonly unit: string;
}

function show({ queries, winsA, winsB, ties, share, pValue, magnitude }: PreferenceTest, told: Told): void {
  const range = ([low, high]: readonly [number, number]): string => `[${brief(low)}, ${brief(high)}]`;
  print(`Credit: ${told.by === 'given' ? 'as it is' : `${told.by}, ${CREDIT_RULES[told.by].summary}`}.\n`);
  print(table([`by ${told.unit}`, 'A wins', 'B wins', 'ties'], [[queries, winsA, winsB, ties].map(String)]));
  print();
  const rows = [
    ['B’s share of the decided', brief(share?.value), share === null ? '—' : range(share.interval), brief(pValue)],
    [
      'mean credit, B − A',
      brief(magnitude?.value),
      magnitude === null ? '—' : range(magnitude.interval),
      brief(magnitude?.pValue),
    ],
  ];
  print(table(['', 'value', `${brief(100 * told.level)} % interval`, 'p'], rows));
  print(
    told.preferred === null
      ? '\nNeither ranker is clearly preferred.'
      : `\nRanker ${told.preferred} is preferred (sign test, p = ${brief(pValue)}).`,
  );
}
