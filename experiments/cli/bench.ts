import type { Argv } from 'yargs';
import { choose, complaint } from '../../core/check.js';
import { benchmarks } from '../benchmarks/index.js';
import { brief, print, printJson, remark, table } from './terminal.js';

/** Whole numbers with grouped thousands where they are large, four significant digits else. */
function readable(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : brief(value);
}

/** `bench`: speeds of this machine, printed with what they were measured on. */
export function registerBench(cli: Argv): Argv {
  return cli.command(
    'bench [name]',
    'Measure speeds: of envs, of the log store, of retrieval, and of tensors beside PyTorch',
    (command) =>
      command
        .positional('name', {
          type: 'string',
          describe: `One of: ${Object.keys(benchmarks).join(', ')}; all without a name`,
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print one JSON object' })
        .option('threads', {
          type: 'number',
          requiresArg: true,
          default: 1,
          describe: 'Threads of the tensor kernels and of what they are compared with',
        })
        .example('$0 bench tensor', 'Our tensors beside PyTorch and tfjs, with the ratios')
        .example('$0 bench env', 'CartPole, interest evolution and feed sessions at batch 1, 64 and 1024'),
    async ({ name, json, threads }) => {
      if (!Number.isInteger(threads) || threads < 1) {
        throw complaint('usage', { where: '--threads', expected: 'a whole number from 1', received: String(threads) });
      }
      const chosen = name === undefined ? Object.keys(benchmarks) : [name];
      const results: Record<string, unknown> = {};
      for (const key of chosen) {
        const { summary, run } = choose('benchmark', benchmarks, key);
        remark(`bench ${key}: ${summary}`);
        const result = await run({ threads });
        results[key] = result;
        if (json) continue;
        print(
          table(
            result.columns,
            result.rows.map((row) => row.map((cell) => (typeof cell === 'number' ? readable(cell) : cell))),
          ),
        );
        for (const note of result.notes) print(note);
        print();
      }
      if (json) printJson(results);
    },
  );
}
