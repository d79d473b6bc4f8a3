import type { ActionBatch, EnvState, MakeEnv, StepBatch } from '../contract.js';
import { Toy } from './toy.js';

/** Envs that cannot be saved and resumed, or that waste memory. */

export const forgottenVisit: MakeEnv = (batch) =>
  new (class extends Toy {
    override snapshot(): EnvState {
      const state = super.snapshot();
      return { ...state, columns: { ...state.columns, visit: new Int32Array(batch) } };
    }
  })(batch);

export const liveSnapshot: MakeEnv = (batch) =>
  new (class extends Toy {
    override snapshot(): EnvState {
      const state = super.snapshot();
      return { ...state, columns: { ...state.columns, mood: this.mood } };
    }
  })(batch);

export const liveRestore: MakeEnv = (batch) =>
  new (class extends Toy {
    override restore(state: EnvState): void {
      super.restore(state);
      const { mood } = state.columns;
      if (mood instanceof Float64Array) this.mood = mood;
    }
  })(batch);

export const anyState: MakeEnv = (batch) =>
  new (class extends Toy {
    override restore(state: EnvState): void {
      super.restore({ ...state, id: this.spec.id });
    }
  })(batch);

/** The object is kept, so that the engine cannot leave it out. */
export const wasteful: MakeEnv = (batch) =>
  new (class extends Toy {
    last: object = {};
    override step(action: ActionBatch, out: StepBatch): void {
      super.step(action, out);
      this.last = { mood: this.mood[0], visit: this.visit[0] };
    }
  })(batch);
