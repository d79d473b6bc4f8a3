import tf from '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import { GymError, messageOf, suggestion } from '../check.js';

/** Names for `--backend`, best first. */
export const BACKENDS = ['tensorflow-gpu', 'native', 'tensorflow', 'wasm', 'cpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** One rung of the ladder: how to load it, or why it cannot be. Loaders return tfjs's own name for the backend. */
interface Rung {
  readonly summary: string;
  load(): Promise<string>;
}

const RUNGS: Readonly<Record<BackendName, Rung>> = {
  'tensorflow-gpu': {
    summary: 'libtensorflow on a CUDA device (@tensorflow/tfjs-node-gpu)',
    load: async () => {
      if (!existsSync('/dev/nvidiactl') && process.platform === 'linux') {
        throw new Error('no CUDA device on this machine');
      }
      await importOptional('@tensorflow/tfjs-node-gpu');
      return 'tensorflow';
    },
  },
  native: {
    summary: 'C++ kernels of this project (core/tensor/native), compiled at install',
    load: async () => {
      const { registerNative } = await import('./native/register.js');
      registerNative();
      return 'native';
    },
  },
  tensorflow: {
    summary: 'libtensorflow on the CPU (@tensorflow/tfjs-node)',
    load: async () => {
      await importOptional('@tensorflow/tfjs-node');
      return 'tensorflow';
    },
  },
  wasm: {
    summary: 'WebAssembly SIMD kernels (@tensorflow/tfjs-backend-wasm), one thread',
    load: async () => {
      await import('@tensorflow/tfjs-backend-wasm');
      tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      return 'wasm';
    },
  },
  cpu: {
    summary: 'plain JavaScript: slow, obvious, the reference',
    load: () => Promise.resolve('cpu'),
  },
};

async function importOptional(name: string): Promise<void> {
  try {
    await import(name);
  } catch (error) {
    const text = messageOf(error).split('\n')[0];
    const absent = text.includes('Cannot find package') || text.includes('Cannot find module');
    throw new Error(absent ? `${name} is not installed (its install step downloads libtensorflow)` : text, {
      cause: error,
    });
  }
}

let current: BackendName | undefined;
/** Starts are taken one after the other: tfjs answers an overtaken start with failure. */
let lastStart: Promise<unknown> = Promise.resolve();

async function tryRung(name: BackendName): Promise<void> {
  // Silences tfjs's advertisement for tfjs-node; nothing else depends on this flag outside its debug mode.
  tf.env().set('PROD', true);
  const id = await RUNGS[name].load();
  if (!(await tf.setBackend(id))) throw new Error(`tfjs could not start its '${id}' backend`);
  await tf.ready();
}

/**
 * Starts the tensor backend: the named one, else the one that RECSYS_GYM_BACKEND names, else the first of the ladder that
 * loads. Call it once before fitting or learning; models and agents themselves are synchronous.
 *
 * @returns the name of the backend now in use
 */
export function startBackend(wanted?: string): Promise<BackendName> {
  const start = lastStart.then(() => climb(wanted));
  lastStart = start.catch(() => undefined);
  return start;
}

async function climb(asked: string | undefined): Promise<BackendName> {
  if (asked === undefined && current !== undefined) return current;
  const wanted = asked ?? (process.env['RECSYS_GYM_BACKEND'] || undefined);
  const named = BACKENDS.find((name) => name === wanted);
  if (wanted !== undefined && named === undefined) {
    throw new GymError('usage', `No backend called '${wanted}'. ${suggestion(wanted, BACKENDS)}`);
  }
  for (const name of named === undefined ? BACKENDS : [named]) {
    try {
      await tryRung(name);
      current = name;
      return name;
    } catch (error) {
      if (named !== undefined) {
        throw new GymError(
          'usage',
          `backend '${named}': expected it to load, received: ${messageOf(error)}. Leave --backend out and RECSYS_GYM_BACKEND unset to use the best that loads; 'doctor' lists them.`,
          { cause: error },
        );
      }
    }
  }
  throw new GymError('usage', 'No tensor backend loads; not even plain JavaScript. Reinstall @tensorflow/tfjs.');
}

/** The backend in use; throws when none was started. */
export function backendInUse(): BackendName {
  if (current === undefined) {
    throw new GymError(
      'usage',
      'tensor backend: expected one to be started, received none. Await startBackend() first.',
    );
  }
  return current;
}

export interface BackendSurvey {
  readonly name: BackendName;
  readonly summary: string;
  /** Why it does not load; absent when it does. */
  readonly problem?: string;
  readonly chosen: boolean;
}

/** Tries every rung, for `doctor`; leaves the best one in use. */
export async function surveyBackends(): Promise<BackendSurvey[]> {
  const problems = new Map<BackendName, string>();
  for (const name of BACKENDS) {
    try {
      await tryRung(name);
    } catch (error) {
      problems.set(name, messageOf(error));
    }
  }
  current = undefined;
  const chosen = await startBackend();
  return BACKENDS.map((name) => {
    const problem = problems.get(name);
    return {
      name,
      summary: RUNGS[name].summary,
      chosen: name === chosen,
      ...(problem === undefined ? {} : { problem }),
    };
  });
}
