import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Argv } from 'yargs';
import { complaint, messageOf } from '../../core/check.js';
import { writeAtomic } from '../../core/files.js';
import { parseReport, serialiseReport } from '../report/document.js';
import { renderReport } from '../report/render.js';
import { print } from './terminal.js';

/** `report`: draws the saved document of a run again, without running anything. */
export function registerReport(cli: Argv): Argv {
  return cli.command(
    'report <run>',
    'Draw report.html from the report.json of a run',
    (command) =>
      command
        .positional('run', { type: 'string', demandOption: true, describe: 'Folder of a run, or a report.json' })
        .option('out', { type: 'string', describe: 'Where to write; without it, beside the report.json' })
        .option('json', { type: 'boolean', describe: 'Print the document instead; write nothing' })
        .conflicts('out', 'json')
        .example('$0 report logs/runs/quickstart/001', 'writes report.html into that folder')
        .example('$0 report report.json --out friday.html', 'writes another file')
        .example('$0 report logs/runs/quickstart/001 --json', 'prints the checked document'),
    async ({ run, out, json }) => {
      const path = (await isFolder(run)) ? join(run, 'report.json') : run;
      const document = parseReport(await readReport(path), path);
      if (json === true) {
        print(serialiseReport(document).trimEnd());
        return;
      }
      const target = await targetOf(path, out);
      await writeAtomic(target, await renderReport(document));
      print(target);
    },
  );
}

/** report.json → report.html; other names keep theirs. A folder given as target gets the same name inside. */
async function targetOf(path: string, out: string | undefined): Promise<string> {
  const name = `${basename(path).replace(/\.json$/i, '')}.html`;
  if (out === undefined) return join(dirname(path), name);
  return (await isFolder(out)) ? join(out, name) : out;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

async function readReport(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw complaint(
      'io',
      {
        where: path,
        expected: 'the report of a finished run',
        received: missing ? 'no such file' : messageOf(error),
        try: 'A run writes it when it ends; an interrupted one goes on with: recsys-gym run CONFIG --resume.',
      },
      error,
    );
  }
}
