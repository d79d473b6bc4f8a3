import test, { type ExecutionContext } from 'ava';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURE_LIMIT } from '../feed-session/catalogue.js';
import { catalogueOf, layoutOf, replayStates, sessionRows } from '../feed-session/replay.js';
import { placesOf } from '../feed-session/layout.js';
import { exportLog, piecesOf } from '../export.js';
import { importLog, loadLog, type LogFile } from '../load.js';
import { outcome, type Log } from '../record.js';
import { scratch } from '../sample.test.helper.js';
import { openStore } from '../store/log-store.js';
import { summarise } from '../summary.js';

const REAL = ['../shared/data', '../../shared/data'].find((folder) => existsSync(join(folder, 'kuairand_slice')));

const HEADER =
  'user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,' +
  'play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab';
/** Saturday 2022-04-09, 12:00 in China. */
const NOON = Date.UTC(2022, 3, 9, 4);
const MINUTE = 60_000;

interface Row {
  readonly user?: number;
  readonly video?: number;
  /** Minutes after noon. */
  readonly at: number;
  readonly play?: number | string;
  readonly duration?: number | string;
  readonly like?: number | string;
  readonly hate?: number;
  readonly random?: number;
}

const line = ({
  user = 1,
  video = 7,
  at,
  play = 5000,
  duration = 20000,
  like = 0,
  hate = 0,
  random = 0,
}: Row): string =>
  `${user},${video},20220409,1200,${NOON + at * MINUTE},0,${like},0,0,0,${hate},0,${play},${duration},0,0,0,${random},1`;

/** A folder as KuaiRand-1K has it. */
function folderWith(t: ExecutionContext, standard: readonly Row[], random: readonly Row[] = []): string {
  const data = join(scratch(t), 'data');
  mkdirSync(data);
  const file = (name: string, rows: readonly Row[]): void =>
    writeFileSync(join(data, name), `${[HEADER, ...rows.map(line)].join('\n')}\n`);
  file('log_standard_4_08_to_4_21_1k.csv', standard);
  if (random.length > 0) file('log_random_4_22_to_5_08_1k.csv', random);
  return join(data, '..');
}

interface Loaded {
  readonly log: Log;
  readonly remarks: readonly string[];
}

async function load(t: ExecutionContext, path: string, options: Partial<LogFile> = {}): Promise<Loaded> {
  const { log, remarks = [] } = await loadLog({
    path,
    format: 'kuairand',
    store: join(scratch(t), 'x.sqlite'),
    ...options,
  });
  return { log, remarks };
}

const column = (log: Log, name: string): number[] => [...(outcome(log, name) ?? [])];
const context = (log: Log, name: string): number[] => {
  const at = log.schema.numericNames.indexOf(`context.${name}`);
  return Array.from({ length: log.rows }, (_, n) => log.numeric[n * log.schema.numericNames.length + at]);
};
const item = (log: Log, name: string): number[] => {
  const { numericNames, numeric, values } = log.actions;
  return values.map((_, i) => numeric[i * numericNames.length + numericNames.indexOf(name)]);
};

test('sessions are cut where more than 30 minutes pass, and end reasons are told but of the last', async (t) => {
  const folder = folderWith(t, [{ at: 31 }, { at: 0 }, { at: 30 }, { at: 62 }, { at: 5, user: 2 }, { at: 200 }]);
  const { log } = await load(t, folder);
  const minutes = [...log.timeMs].map((time) => (time - NOON) / MINUTE);
  t.deepEqual(minutes, [0, 5, 30, 31, 62, 200], 'in the order of time');
  t.deepEqual(
    [...log.session].map((code) => log.sessions.values[code]),
    ['1/1', '2/1', '1/1', '1/1', '1/2', '1/3'],
  );
  t.deepEqual([...log.position], [0, 0, 1, 2, 0, 0]);
  t.deepEqual(
    [...log.endReason].map((code) => log.schema.endReasons[code]),
    ['none', 'none', 'none', 'left', 'left', 'none'],
  );
  const { log: wider } = await load(t, folder, { sessionGap: 31 });
  t.deepEqual(
    [...wider.session].map((code) => wider.sessions.values[code]),
    ['1/1', '2/1', '1/1', '1/1', '1/1', '1/2'],
    'a gap of exactly 31 minutes is within 31',
  );
  t.not(wider.hash, log.hash);
  const rows = sessionRows(log);
  t.deepEqual([...rows.starts], [0, 3, 4, 5, 6]);
  t.deepEqual([...rows.left], [0, 0, 1, 0, 1, 0]);
  t.deepEqual([...rows.unknown], [0, 0, 0, 1, 0, 1]);
});

test('the context is what is known when a session begins', async (t) => {
  const { log } = await load(t, folderWith(t, [{ at: 0 }, { at: 1 }, { at: 61 }, { at: 36 * 60 + 61 }]));
  const near = (got: readonly number[], wanted: readonly number[], name: string): void =>
    got.forEach((value, n) => t.true(Math.abs(value - wanted[n]) < 1e-6, `${name} ${n}: ${value}`));
  const hours = [0, 0, 1 / 60 + 1, 37 + 1 / 60].map((hour) => (2 * Math.PI * (12 + hour)) / 24);
  near(context(log, 'hourSin'), hours.map(Math.sin), 'hourSin');
  near(context(log, 'hourCos'), hours.map(Math.cos), 'hourCos');
  t.deepEqual(context(log, 'weekend'), [1, 1, 1, 0], 'Monday 01:01 after Saturday noon');
  t.deepEqual(context(log, 'first'), [1, 1, 0, 0]);
  near(context(log, 'gap'), [0, 0, Math.log(2) / Math.log(169), Math.log(37) / Math.log(169)], 'gap');
  near(context(log, 'sessionsBefore'), [0, 0, Math.log(2) / Math.log(101), Math.log(3) / Math.log(101)], 'before');
});

test('a watch is ten seconds, or a shorter video to its end', async (t) => {
  const { log } = await load(
    t,
    folderWith(t, [
      { at: 0, play: 10_000 },
      { at: 1, play: 9_999 },
      { at: 2, video: 8, play: 4_000, duration: 4_000 },
      { at: 3, video: 8, play: 3_999, duration: 4_000 },
      { at: 4, video: 9, play: 9_999, duration: 0 },
      { at: 5, video: 9, play: 10_000, duration: 0 },
      { at: 6, video: 8, play: 4_000, duration: 0 },
    ]),
  );
  t.deepEqual(column(log, 'watch10s'), [1, 0, 1, 0, 0, 1, 1], 'the last: the length is known from another row');
  t.deepEqual(column(log, 'dwellSeconds').slice(0, 3), [10, Math.fround(9.999), 4]);
});

test('outcomes as the files have them, random videos by their policy, lengths that are not known', async (t) => {
  const folder = folderWith(
    t,
    [
      { at: 0, like: 1 },
      { at: 3, video: 8, hate: 1, duration: 0 },
    ],
    [{ at: 1, video: 9, random: 1, duration: 40_000 }],
  );
  const { log, remarks } = await load(t, folder);
  t.deepEqual(log.schema.outcomes, [
    'watch10s',
    'like',
    'share',
    'follow',
    'comment',
    'hide',
    'longView',
    'dwellSeconds',
  ]);
  t.deepEqual(column(log, 'like'), [1, 0, 0]);
  t.deepEqual(column(log, 'hide'), [0, 0, 1]);
  t.deepEqual(
    [...log.policy].map((code) => log.policies.values[code]),
    ['standard', 'random', 'standard'],
  );
  t.false(log.schema.hasPropensity);
  t.true([...log.propensity].every(Number.isNaN));
  t.is(log.schema.warnings, undefined);
  t.deepEqual(log.categoricalValues, [{ values: ['1'] }]);
  const seconds = new Map(log.actions.values.map((id, i) => [id, item(log, 'seconds')[i]]));
  t.deepEqual([seconds.get('7'), seconds.get('9'), seconds.get('8')], [20, 40, 40], 'unknown: the (upper) median');
  t.is(item(log, 'secondsUnknown')[log.actions.values.indexOf('8')], 1);
  t.regex(remarks.join('\n'), /1 of 3 rows do not know the length/);
  t.regex(remarks.join('\n'), /1 rows show videos put in at random.*propensity is absent/);
});

test('only the first fifth of the time is counted for features', async (t) => {
  const early = [{ at: 0 }, { at: 1 }, { at: 2, video: 8 }];
  const late = (video: number): Row[] => [
    { at: 50, video: 9 },
    { at: 60, video },
    { at: 61, video },
    { at: 100, video },
  ];
  const { log } = await load(t, folderWith(t, [...early, ...late(9)]));
  t.deepEqual(item(log, 'unseenBefore'), [0, 0, 1]);
  const rowsBefore = item(log, 'rowsBefore');
  t.true(rowsBefore[0] > rowsBefore[1] && rowsBefore[1] > rowsBefore[2]);
  const { log: other } = await load(t, folderWith(t, [...early, ...late(8)]));
  t.deepEqual(item(other, 'rowsBefore'), rowsBefore, 'whatever is shown later');
});

test('bad rows are told with their lines and left out up to a share; repeated rows are counted', async (t) => {
  const folder = folderWith(t, [
    { at: 0 },
    { at: 1, play: 'x' },
    { at: 2, duration: -1 },
    { at: 3, like: 2 },
    { at: 4, play: '1,2' },
    { at: 0 },
  ]);
  const error = await t.throwsAsync(load(t, folder), { code: 'data' });
  t.regex(
    error.message,
    /line 3: play_time_ms is not a number from 0 up\n  line 4: duration_ms.*\n  line 5: is_like is neither 0 nor 1\n  line 6: 20 fields where the header has 19/,
  );
  const { log, remarks } = await load(t, folder, { maxBadShare: 0.7 });
  t.is(log.rows, 2);
  t.regex(remarks.join('\n'), /1 rows repeat an earlier one/);
});

test('input that is not KuaiRand is refused', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'log.csv');
  writeFileSync(file, 'user_id,video_id\n1,2\n');
  await t.throwsAsync(load(t, file), { code: 'data', message: /without time_ms, play_time_ms, duration_ms, is_like/ });
  writeFileSync(file, '');
  await t.throwsAsync(load(t, file), { code: 'data', message: /an empty file/ });
  writeFileSync(file, `${HEADER}\n`);
  await t.throwsAsync(load(t, file), { code: 'data', message: /rows below the header, received none/ });
  await t.throwsAsync(load(t, scratch(t)), { code: 'io', message: /expected log_\*\.csv/ });
  await t.throwsAsync(load(t, join(folder, 'nothing')), { code: 'io' });
  writeFileSync(file, `${HEADER}\n${line({ at: 0 })}\n`);
  await t.throwsAsync(load(t, file, { sessionGap: 0 }), { code: 'usage', message: /--session-gap/ });
  await t.throwsAsync(load(t, file, { users: join(folder, 'no.csv') }), { code: 'io', message: /no\.csv/ });
  await t.throwsAsync(load(t, file, { users: file }), { code: 'data', message: /user_features_\*\.csv/ });
  await t.throwsAsync(load(t, file, { format: 'table', videos: 'x' }), {
    code: 'usage',
    message: /--videos: expected --format kuairand/,
  });
});

const USERS =
  'user_id,user_active_degree,is_live_streamer,is_video_author,follow_user_num,fans_user_num,friend_user_num,register_days\n';
const VIDEOS =
  'video_id,author_id,video_type,upload_dt,upload_type,video_duration,server_width,server_height,music_id,music_type,tag\n';

test('users and videos beside the logs are joined where lengths agree', async (t) => {
  const folder = folderWith(t, [{ at: 0 }, { at: 1, video: 8, user: 2 }, { at: 2, video: 9 }]);
  writeFileSync(
    join(folder, 'data', 'user_features_1k.csv'),
    `${USERS}2,full_active,-124,1,9,99,0,1000\n1,low_active,1,0,0,0,0,10\n`,
  );
  const videos = (duration: number): string =>
    `${VIDEOS}7,1,NORMAL,2022-04-09,Web,${duration},720,1280,1,9.0,"39,68"\n8,1,AD,2022-03-30,Web,,1280,720,1,4.0,5\n`;
  const file = join(folder, 'data', 'video_features_basic_1k.csv');
  writeFileSync(file, videos(20_001));
  const { log, remarks } = await load(t, folder);
  t.regex(remarks[0], /video_features_basic_1k.csv is joined: it describes 2 of 3 videos; lengths agree in 1 of the 1/);
  t.regex(remarks[1], /user_features_1k.csv is joined: it describes 2 of 2 users/);
  t.deepEqual(item(log, 'ad'), [0, 1, 0]);
  t.deepEqual(item(log, 'tag.39'), [1, 0, 0]);
  t.deepEqual(item(log, 'music.4.0'), [0, 1, 0]);
  t.deepEqual(item(log, 'aspect'), [-1, 1, 0], 'the third is not described: the mean');
  t.deepEqual(item(log, 'ageDays').slice(0, 2), [-1, 1]);
  t.deepEqual(log.actions.categoricalValues[0].values, ['tag 39', 'tag 5', 'other or no tag']);
  t.deepEqual([...log.actions.categorical], [0, 1, 2]);
  const user = (name: string): number[] => {
    const at = log.schema.numericNames.indexOf(`user.${name}`);
    return [0, 1].map((n) => log.numeric[n * log.schema.numericNames.length + at]);
  };
  t.deepEqual(user('fans'), [-1, 1]);
  t.deepEqual(user('friends'), [0, 0], 'the same in all: nothing to tell them by');
  t.deepEqual(
    [user('streamer'), user('author'), user('active.full_active')],
    [
      [1, 0],
      [0, 1],
      [0, 1],
    ],
  );

  writeFileSync(file, videos(99_000));
  const { log: without, remarks: why } = await load(t, folder);
  t.regex(why[0], /left out: lengths agree in 0 of the 1 videos/);
  t.is(without.actions.numericNames.indexOf('ad'), -1);
});

test('warnings are kept by the store and by exports, and shown with what is suspicious', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'slice.tsv');
  writeFileSync(
    file,
    'user_id\tvideo_id\ttime_ms\tplay_time_ms\tduration_ms\tlabel\n' +
      `1\t7\t${NOON}\t1\t2\t1\n1\t8\t${NOON + 1}\t3\t2\t0\n`,
  );
  const { log } = await load(t, file);
  t.deepEqual(
    [column(log, 'like'), column(log, 'hide'), column(log, 'watch10s')],
    [
      [1, 0],
      [0, 1],
      [0, 1],
    ],
  );
  t.false(log.actions.numericNames.includes('rowsBefore'), 'how often a video occurs tells whether it was liked');
  t.regex(log.schema.warnings?.[0] ?? '', /All rows were liked or hated/);
  const [first] = summarise(log).suspicious;
  t.deepEqual([first.kind, first.count, first.rows], ['warning', 2, []]);
  await exportLog(piecesOf(log), join(folder, 'out.csv'));
  const store = await openStore(join(folder, 'back.sqlite'));
  await importLog(store, { path: join(folder, 'out.csv') }, { name: 'back' });
  const back = await store.read('back');
  await store.close();
  t.deepEqual([back.hash, back.schema.warnings], [log.hash, log.schema.warnings]);
});

test('KuaiRand-Pure warns that its sessions have holes', async (t) => {
  const file = join(scratch(t), 'log_standard_4_08_to_4_21_pure.csv');
  writeFileSync(file, `${HEADER}\n${line({ at: 0 })}\n`);
  t.regex((await load(t, file)).log.schema.warnings?.join() ?? '', /sessions have holes/);
});

test('the real slice', async (t) => {
  if (REAL === undefined) {
    t.log('skipped: shared/data/kuairand_slice is not here');
    t.pass();
    return;
  }
  const meta = join(REAL, 'kuairand_pure_meta');
  const { log, remarks } = await load(t, join(REAL, 'kuairand_slice', 'kuairand27k_like_hate_kcore15.tsv'), {
    users: join(meta, 'user_features_pure.csv'),
    videos: join(meta, 'video_features_basic_pure.csv'),
  });
  t.deepEqual([log.rows, log.users.values.length, log.actions.values.length], [41_828, 664, 9_359]);
  t.deepEqual(log.schema.outcomes, [
    'watch10s',
    'like',
    'share',
    'follow',
    'comment',
    'hide',
    'longView',
    'dwellSeconds',
  ]);
  const [likes, hides] = [column(log, 'like'), column(log, 'hide')];
  t.is(
    likes.reduce((sum, x) => sum + x, 0),
    33_745,
  );
  t.true(hides.every((hide, n) => hide === 1 - likes[n]));
  t.regex(remarks[0], /video_features_basic_pure.csv is left out: it describes 113 of 9359.*agree in 110 of the 110/);
  t.regex(remarks[1], /user_features_pure.csv is joined: it describes 664 of 664 users/);
  t.is(log.schema.warnings?.length, 2);
  const catalogue = catalogueOf(log);
  t.deepEqual([catalogue.names.join(), catalogue.clusters], ['logSeconds,secondsUnknown', 8]);
  const layout = layoutOf(log);
  t.true([...log.numeric].every((x) => Math.abs(x) <= FEATURE_LIMIT));
  const rows = sessionRows(log);
  const before = new Float32Array(rows.row.length * placesOf(layout).width);
  replayStates(rows, before);
  t.true(before.every(Number.isFinite));
  t.is(rows.starts.length - 1, 20_756);
  const unknown = rows.unknown.reduce((sum, x) => sum + x, 0);
  t.is(unknown, 664, 'one unknown ending a user');
  t.true(
    correlationOfFriends(log) < -0.2,
    'ids mean the same users: people with more friends here watch less to the end',
  );
});

/** Correlation over users of their friends (joined) and their share of long views (logged): 0 if ids were mixed. */
function correlationOfFriends(log: Log): number {
  const U = log.users.values.length;
  const at = log.schema.numericNames.indexOf('user.friends');
  const [rows, sums, friends] = [new Float64Array(U), new Float64Array(U), new Float64Array(U)];
  column(log, 'longView').forEach((value, n) => {
    rows[log.user[n]]++;
    sums[log.user[n]] += value;
    friends[log.user[n]] = log.numeric[n * log.schema.numericNames.length + at];
  });
  const shares = sums.map((sum, u) => sum / rows[u]);
  const centred = (values: Float64Array): Float64Array => {
    const mean = values.reduce((sum, x) => sum + x, 0) / U;
    return values.map((x) => x - mean);
  };
  const [a, b] = [centred(shares), centred(friends)];
  const product = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, u) => sum + value * y[u], 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}
