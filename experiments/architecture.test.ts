import test from 'ava';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, relative, sep } from 'node:path';

/** Who may import whom. The order of the keys is the order in which to read the project. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  logs: ['core'],
  'reward-models': ['core', 'logs'],
  simulators: ['core', 'logs', 'reward-models'],
  envs: ['core', 'logs', 'reward-models/contract', 'simulators'],
  'envs/dependencies': ['core', 'logs'],
  agents: ['core', 'logs', 'reward-models', 'envs/contract'], // never simulators: an agent must not see a user's mind
  experiments: ['core', 'logs', 'reward-models', 'simulators', 'envs', 'agents'],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'runs' ? [] : sources(path);
    return /\.ts$/.test(entry.name) && !entry.name.endsWith('.test.ts') && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

/** The rule that speaks for a file: the longest folder of the table that holds it. */
function home(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((folder) => file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** Every import that runs against the river, in words. */
function wrongTurns(root: string): string[] {
  const wrong: string[] = [];
  const folders = readdirSync(root).filter((name) => Object.hasOwn(MAY_IMPORT, name));
  for (const path of folders.flatMap((folder) => sources(join(root, folder)))) {
    const file = relative(root, path).split(sep).join('/');
    const from = home(file);
    if (from === undefined) continue;
    for (const [, target] of readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)) {
      const imported = normalize(join(dirname(file), target))
        .split(sep)
        .join('/')
        .replace(/\.js$/, '');
      const inside =
        imported.startsWith(`${from}/`) && home(`${imported}/`) !== undefined && home(`${imported}.ts`) === from;
      if (inside || MAY_IMPORT[from].some((allowed) => imported === allowed || imported.startsWith(`${allowed}/`)))
        continue;
      wrong.push(
        `${file} imports ${imported}; ${from} may import only ${MAY_IMPORT[from].join(', ') || 'nothing of ours'}.`,
      );
    }
  }
  return wrong;
}

test('imports follow the river: logs → reward-models → simulators → envs → agents → experiments', (t) => {
  t.deepEqual(wrongTurns('.'), []);
});

test('the import test finds a planted wrong turn and names the rule', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'recsys-gym-imports-'));
  const plant = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  plant('simulators/feed.ts', "import { x } from '../core/random.js';");
  plant('agents/cheat.ts', "import { feed } from '../simulators/feed.js';");
  plant('agents/fine.ts', "import type { Env } from '../envs/contract.js';");
  plant('agents/also-cheat.ts', "const laws = await import('../envs/laws.js');");
  plant('core/drawer.ts', "export * from '../logs/record.js';");
  t.deepEqual(wrongTurns(root).sort(), [
    'agents/also-cheat.ts imports envs/laws; agents may import only core, logs, reward-models, envs/contract.',
    'agents/cheat.ts imports simulators/feed; agents may import only core, logs, reward-models, envs/contract.',
    'core/drawer.ts imports logs/record; core may import only nothing of ours.',
  ]);
});

test('contract files stay short enough to be read', (t) => {
  for (const file of [
    'logs/record.ts',
    'reward-models/contract.ts',
    'simulators/contract.ts',
    'envs/contract.ts',
    'agents/contract.ts',
  ]) {
    const lines = readFileSync(file, 'utf8').split('\n').length;
    t.true(lines <= 150, `${file} has ${lines} lines`);
  }
});

test('nobody outside core/tensor owns tensors: no tidy, no dispose', (t) => {
  // The peer of the tensor benchmark is written the way users of stock tfjs write.
  const peer = 'experiments/benchmarks/tensor-stock-child.ts';
  const folders = Object.keys(MAY_IMPORT).filter((folder) => existsSync(folder));
  for (const path of folders.flatMap((folder) => sources(folder))) {
    if (path.startsWith(join('core', 'tensor')) || path.split(sep).join('/') === peer) continue;
    const found = /\btf\s*\.(tidy|dispose|keep)\b|\.dispose\(/.exec(readFileSync(path, 'utf8'));
    t.is(found, null, `${path} calls ${found?.[0] ?? ''}`);
  }
});

test('core knows no user, item, bid, reward or episode', (t) => {
  const forbidden = /\b(users?|items?|bids?|rewards?|episodes?|slates?)\b/i;
  for (const path of sources('core')) {
    const code = readFileSync(path, 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      .replaceAll(/(['"`])(?:\\.|(?!\1)[\s\S])*?\1/g, '');
    const found = forbidden.exec(code);
    t.true(found === null || path.endsWith('space.ts'), `${path} mentions '${found?.[0] ?? ''}'`);
  }
});
