import { resolve } from 'node:path';
import { complaint, messageOf } from '../../core/check.js';
import { startBackend } from '../../core/tensor/backend.js';
import { runUtilityExperiment } from '../ad-utility/experiment.js';
import { runAbExperiment } from '../ab/simulate/experiment.js';
import { readExperiment } from '../config/read.js';
import type { Experiment } from '../config/schema.js';
import type { ReportDocument } from '../contract.js';
import { parseReport, serialiseReport } from '../report/document.js';
import { renderReport } from '../report/render.js';
import { runEnvExperiment } from './env-experiment.js';
import { runFeedExperiment } from '../feed-session/experiment.js';
import { runPreferenceExperiment } from '../preference/experiment.js';
import { RunFolder } from './folder.js';
import { runLogExperiment } from './log-experiment.js';
import { codeVersion, configHash } from './provenance.js';
import { RunStore } from './store.js';
import type { Watcher } from './watch.js';

export interface RunOptions {
  /** Experiment file. */
  readonly config: string;
  /** "a.b=value" each. */
  readonly overrides?: readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly overwrite?: boolean | undefined;
  readonly backend?: string | undefined;
  /** Seeds trained, or parts played, side by side. */
  readonly workers?: number | undefined;
  /** The only kind of experiment that is wanted. */
  readonly kind?: Experiment['kind'] | undefined;
  readonly watcher: Watcher;
  /** Told the run folder as soon as it is known. */
  readonly onFolder?: (dir: string) => void;
  /** Wall clock for the run store; results never depend on it. */
  readonly clock: () => number;
  /** SQLite file of logs and runs, and the folder of numbered runs. */
  readonly home?: string;
}

export interface RunResult {
  readonly document: ReportDocument;
  readonly dir: string;
  /** The run had finished before; nothing was computed. */
  readonly alreadyFinished: boolean;
}

/** Runs one experiment from its file to report.json and report.html in its run folder. */
export async function runExperiment(options: RunOptions): Promise<RunResult> {
  const { experiment } = await readExperiment(options.config, options.overrides);
  if (options.kind !== undefined && experiment.kind !== options.kind) {
    throw complaint('usage', {
      where: options.config,
      expected: `an experiment of kind ${options.kind}`,
      received: `one of kind ${experiment.kind}`,
      try: "'recsys-gym run' takes every kind.",
    });
  }
  const backend = await startBackend(options.backend);
  const home = options.home ?? 'logs/runs';
  const identity = {
    id: experiment.id,
    configHash: configHash(experiment),
    codeVersion: await codeVersion(),
    config: experiment,
  };
  const folder = await RunFolder.open(identity, {
    ...(options.out === undefined ? {} : { out: options.out }),
    resume: options.resume ?? false,
    overwrite: options.overwrite ?? false,
    root: home,
  });
  try {
    options.onFolder?.(folder.dir);
    if (folder.finished !== undefined) {
      return {
        document: parseReport(folder.finished, folder.path('report.json')),
        dir: folder.dir,
        alreadyFinished: true,
      };
    }
    const store = `${home}/gym.sqlite`;
    const runs = await RunStore.open(store);
    const dir = resolve(folder.dir);
    try {
      await runs.started({
        dir,
        experiment: experiment.id,
        configHash: identity.configHash,
        startedMs: options.clock(),
      });
      const document = await carryOut(experiment, folder, {
        store,
        backend,
        watcher: options.watcher,
        ...(options.workers === undefined ? {} : { workers: options.workers }),
      });
      await folder.write('metrics.jsonl', metricsLines(document));
      await folder.write('report.html', await renderReport(document));
      // The JSON comes last: a folder that holds it is finished.
      await folder.write('report.json', serialiseReport(document));
      await runs.finished(dir, options.clock(), document);
      return { document, dir: folder.dir, alreadyFinished: false };
    } catch (error) {
      await runs.failed(dir, options.clock(), messageOf(error));
      throw error;
    } finally {
      await runs.close();
    }
  } finally {
    await folder.release();
  }
}

interface Means {
  readonly store: string;
  readonly backend: string;
  readonly watcher: Watcher;
  readonly workers?: number;
}

function carryOut(experiment: Experiment, folder: RunFolder, means: Means): Promise<ReportDocument> {
  switch (experiment.kind) {
    case 'log':
      return runLogExperiment(experiment, folder, means.store, means.watcher);
    case 'env':
      return runEnvExperiment(experiment, folder, means);
    case 'feed-session':
      return runFeedExperiment(experiment, { ...means, folder });
    case 'ad-utility':
      return runUtilityExperiment(experiment, { ...means, folder });
    case 'preference':
      return runPreferenceExperiment(experiment, { ...means, folder });
    case 'ab':
      return runAbExperiment(experiment, { ...means, folder });
  }
}

/** One line per point of every curve: what was learned, step by step, for other tools. */
function metricsLines({ curves }: ReportDocument): string {
  return curves
    .flatMap(({ chart, name, points }) => points.map(([x, y]) => `${JSON.stringify({ chart, name, x, y })}\n`))
    .join('');
}
