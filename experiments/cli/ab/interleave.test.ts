import test from 'ava';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '../../../core/random.js';
import { drawList } from '../../ab/interleaving/lottery.js';
import { teamDraft } from '../../ab/interleaving/team-draft.js';
import { ran } from '../_ran.test.js';

/** The command `ab interleave` from the outside. Serial, because it writes to stdout. */

const dir = mkdtempSync(join(tmpdir(), 'recsys-gym-interleave-'));

const run = (...args: string[]): ReturnType<typeof ran> => ran('ab', 'interleave', ...args);

function file(name: string, rows: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${rows.join('\n')}\n`);
  return path;
}

interface Told {
  readonly queries: number;
  readonly winsA: number;
  readonly winsB: number;
  readonly ties: number;
  readonly pValue: number;
  readonly magnitude: { readonly value: number };
  readonly preferred: 'A' | 'B' | null;
}

const LISTS = ['--ranking-a', 'a', '--ranking-b', 'b', '--shown', 'list', '--clicked', 'clicks'];

test.serial('credits as they are, by row and by user', async (t) => {
  const path = file('credits.csv', ['user,a,b', 'x,1,0', 'x,0,2', 'y,1,1', 'z,0,1', 'z,0,0']);
  const rows = JSON.parse((await run(path, '--a', 'a', '--b', 'b', '--json')).out) as Told;
  t.deepEqual([rows.queries, rows.winsA, rows.winsB, rows.ties], [5, 1, 2, 2]);
  const users = JSON.parse((await run(path, '--a', 'a', '--b', 'b', '--query', 'user', '--json')).out) as Told;
  // x: −1 + 2 = 1, y: 0, z: 1.
  t.deepEqual([users.queries, users.winsA, users.winsB, users.ties], [3, 0, 2, 1]);
  t.true(Math.abs(users.magnitude.value - 2 / 3) < 1e-15);
  t.is(users.preferred, null);
});

test.serial('lists and clicks by hand, in every way', async (t) => {
  const path = file('lists.csv', ['a,b,list,clicks,teams', 'p q r,q r p,q p r,q,B A B', 'p|q|r,q|r|p,p|q|r,,A|B|B']);
  const value = async (...more: string[]): Promise<number> => {
    const { out, err, code } = await run(path, ...LISTS, ...more, '--json');
    t.is(code, 0, err);
    return 2 * (JSON.parse(out) as Told).magnitude.value;
  };
  t.is(await value('--teams', 'teams'), 1);
  // Rank 1 in B, so k = 1: within B's first and not within A's.
  t.is(await value('--method', 'balanced'), 1);
  t.is(await value('--method', 'optimised'), 1 - 1 / 2);
  // Shares of q in the first place: 1/8 of A's 1 + 1/8 + 1/27, and 1 of B's.
  t.true(Math.abs((await value('--method', 'probabilistic')) - (1 - 1 / 8) / (1 + 1 / 8)) < 1e-12);
  t.is(await value('--method', 'pairwise-preference'), 1);
});

test.serial('people who like what B ranks high make B win', async (t) => {
  const luck = stream(9);
  const pair = { a: [1, 2, 3, 4, 5], b: [5, 4, 3, 2, 1] };
  const rows = Array.from({ length: 400 }, () => {
    const { documents, teams } = drawList(teamDraft(pair, 5), luck);
    const clicks = documents.filter((document, place) => luck.next() < (0.05 + 0.1 * document) / (1 + place / 2));
    const told = teams.map((team) => (team === 0 ? 'A' : 'B'));
    return [pair.a, pair.b, documents, clicks, told].map((list) => list.join(' ')).join(',');
  });
  const path = file('liked.csv', ['a,b,list,clicks,teams', ...rows]);
  for (const method of ['team-draft', 'balanced', 'probabilistic', 'optimised']) {
    const { out } = await run(path, ...LISTS, '--teams', 'teams', '--method', method);
    t.regex(out, /Ranker B is preferred \(sign test, p = /, method);
  }
});

test.serial('rows that cannot be used, and wrong use', async (t) => {
  const rows = [
    'p q,q p,p q,z,A B',
    'p q,q p,p x,p,A B',
    'p q,q p,p q,p,A',
    'p q,q p,p q,p,A C',
    'p p,q p,p q,p,A B',
    'p q,q p,,,',
  ];
  const bad = await run(file('bad.csv', ['a,b,list,clicks,teams', ...rows]), ...LISTS, '--teams', 'teams');
  t.is(bad.code, 1);
  const told = await run(file('bad.csv', ['a,b,list,clicks,teams', ...rows]), ...LISTS, '--teams', 'teams', '--json');
  t.is((JSON.parse(told.out) as { verdict: string }).verdict, 'unsupported');
  for (const said of [
    /Row 0 \(line 2\): a clicked document was not shown/,
    /Row 1 .*: a shown document is in neither ranking/,
    /Row 2 .*: there are 1 teams for 2 shown documents/,
    /Row 3 .*: a team is neither A nor B/,
    /Row 4 .*: a list holds a document twice/,
    /Row 5 .*: nothing was shown/,
  ])
    t.regex(bad.err, said);
  const path = file('ok.csv', ['a,b,list,clicks', 'p q,q p,p q,p']);
  for (const [args, said] of [
    [[path, ...LISTS], /a column with the team of each place \(--teams\), received none/],
    [[path, '--a', 'a'], /expected --a and --b, or --ranking-a.*received a/],
    [[path, '--a', 'clickz', '--b', 'b'], /Did you mean 'clicks'/],
    [['nowhere.csv', '--a', 'a', '--b', 'b'], /nowhere\.csv: expected a file/],
    [[path, ...LISTS, '--method', 'mixed'], /method/],
  ] as const) {
    const { code, err } = await run(...args);
    t.is(code, 2, args.join(' '));
    t.regex(err, said);
  }
});
