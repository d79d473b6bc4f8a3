import type { OnProgress } from '../../reward-models/contract.js';

/** Who looks on while an experiment runs. The parts stay quiet; the loop tells the watcher, the command line prints. */
export interface Watcher {
  /** A stage begins; returns where its progress is told and what to call when it is done. */
  stage(name: string): { readonly progress: OnProgress; done(note?: string): void };
}

/** For library use and tests. */
export const silent: Watcher = {
  stage: () => ({ progress: () => undefined, done: () => undefined }),
};
