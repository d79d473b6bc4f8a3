import { KeyedDraws } from '../../core/draws.js';
import type { Source } from '../../core/random.js';
import type { ActionBatch, EnvState, MakeEnv, StepBatch } from '../contract.js';
import { Toy } from './toy.js';

/** Envs whose histories depend on what they should not. */

let envsMade = 0;

/** Seen in EasyRL4Rec: seed() seeds torch, and users come from Python's own generator. */
export const unseededLuck: MakeEnv = (batch) =>
  new (class extends Toy {
    readonly #own = new KeyedDraws(envsMade++, 'unseeded');
    protected override source(b: number): Source {
      return this.#own.at(b, this.visit[b], this.age[b]);
    }
  })(batch);

export const ignoredSeed: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override reseed(): void {
      super.reseed(42);
    }
  })(batch);

/** Seen in EnvPool (issue 432): "random" tasks start identically in every world. */
export const equalWorlds: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override source(b: number): Source {
      return this.draws().at(0, this.visit[b], this.age[b]);
    }
  })(batch);

/** Seen in Gymnasium's vector envs: seeds 0 and 1 with 8 worlds share 7 of 8. */
export const seedPlusWorld: MakeEnv = (batch) =>
  new (class extends Toy {
    #perWorld: KeyedDraws[] = [];
    protected override reseed(seed: number): void {
      super.reseed(seed);
      this.#perWorld = Array.from({ length: batch }, (_, b) => new KeyedDraws(seed + b, 'mood'));
    }
    protected override source(b: number): Source {
      return this.#perWorld[b].at(0, this.visit[b], this.age[b]);
    }
  })(batch);

export const sharedStream: MakeEnv = (batch) =>
  new (class extends Toy {
    #drawn = 0;
    protected override reseed(seed: number): void {
      super.reseed(seed);
      this.#drawn = 0;
    }
    protected override source(): Source {
      return this.draws().at(0, 0, this.#drawn++);
    }
    override snapshot(): EnvState {
      const state = super.snapshot();
      return { ...state, columns: { ...state.columns, drawn: Int32Array.of(this.#drawn) } };
    }
    override restore(state: EnvState): void {
      super.restore(state);
      this.#drawn = state.columns['drawn'][0];
    }
  })(batch);

let processDraws = new KeyedDraws(0, 'mood');

/** Seen in RecSim: the choice draw uses NumPy's global generator. */
export const globalSeed: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override reseed(seed: number): void {
      super.reseed(seed);
      processDraws = new KeyedDraws(seed, 'mood');
    }
    protected override source(b: number): Source {
      return processDraws.at(b, this.visit[b], this.age[b]);
    }
  })(batch);

export const stickyReset: MakeEnv = (batch) =>
  new (class extends Toy {
    override reset(seed: number, out: StepBatch): void {
      const visits = this.visit.slice();
      super.reset(seed, out);
      this.visit.set(visits);
    }
  })(batch);

/** Seen in ReAgent (PR 295), the other way round: what RecSim returned was a live reference. */
export const keptArrays: MakeEnv = (batch) =>
  new (class extends Toy {
    #shown: Float32Array | undefined;
    override reset(seed: number, out: StepBatch): void {
      super.reset(seed, out);
      this.#keep(out.observation);
    }
    override step(action: ActionBatch, out: StepBatch): void {
      if (this.#shown !== undefined) for (let b = 0; b < batch; b++) this.mood[b] = this.#shown[2 * b];
      super.step(action, out);
      this.#keep(out.observation);
    }
    override restore(state: EnvState): void {
      super.restore(state);
      this.#shown = undefined;
    }
    #keep(observation: Float32Array): void {
      this.#shown = observation;
      for (let b = 0; b < batch; b++) this.mood[b] = observation[2 * b];
    }
  })(batch);

export const leftOverRows: MakeEnv = (batch) =>
  new (class extends Toy {
    override reset(seed: number, out: StepBatch): void {
      const rewards = out.reward.slice();
      super.reset(seed, out);
      out.reward.set(rewards);
    }
  })(batch);

/** Seen wherever an index past the candidates reads whatever lies there. */
export const anyAction: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override refuse(): void {
      // Whatever was asked for is done.
    }
  })(batch);
