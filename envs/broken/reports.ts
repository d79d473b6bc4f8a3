import type { ActionBatch, MakeEnv, StepBatch } from '../contract.js';
import { Toy } from './toy.js';

/** Envs whose single reports are wrong. */

export const unplainSpec: MakeEnv = (batch) => {
  const toy = new Toy(batch);
  const spec = { ...toy.spec, describe: () => 'a toy' };
  return {
    spec,
    reset: (seed, out) => toy.reset(seed, out),
    step: (action, out) => toy.step(action, out),
    snapshot: () => toy.snapshot(),
    restore: (state) => toy.restore(state),
  };
};

export const asyncStep: MakeEnv = (batch) => {
  const toy = new Toy(batch);
  // A Promise where nothing is expected is correct to TypeScript, which is why a law looks at it.
  const step = (action: ActionBatch, out: StepBatch): unknown => {
    toy.step(action, out);
    return resolved;
  };
  return {
    spec: toy.spec,
    reset: (seed, out) => toy.reset(seed, out),
    step,
    snapshot: () => toy.snapshot(),
    restore: (state) => toy.restore(state),
  };
};

const resolved = Promise.resolve();

export const infiniteReward: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, reason: number, out: StepBatch): void {
      super.finish(b, reason, out);
      if (reason === 1) out.reward[b] = -Infinity;
    }
  })(batch);

export const bothEndings: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, reason: number, out: StepBatch): void {
      super.finish(b, reason, out);
      out.terminated[b] = 1;
    }
  })(batch);

export const muteEnding: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, reason: number, out: StepBatch): void {
      super.finish(b, reason, out);
      out.endReason[b] = 0;
    }
  })(batch);

export const wrongScale: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override observe(b: number, rows: Float32Array): void {
      super.observe(b, rows);
      rows[2 * b] *= 10;
    }
  })(batch);

/** Seen in VirtualTaobao, and in SCOPE-RL's RECEnv. */
export const nextUser: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, reason: number, out: StepBatch): void {
      super.finish(b, reason, out);
      this.observe(b, out.final);
    }
  })(batch);

export const unwrittenFinal: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, reason: number, out: StepBatch): void {
      const mood = out.final[2 * b];
      const step = out.final[2 * b + 1];
      super.finish(b, reason, out);
      out.final[2 * b] = mood;
      out.final[2 * b + 1] = step;
    }
  })(batch);

export const lateFinal: MakeEnv = (batch) =>
  new (class extends Toy {
    readonly #before = new Float64Array(batch);
    protected override stepWorld(b: number, action: number, out: StepBatch): void {
      this.#before[b] = this.mood[b];
      super.stepWorld(b, action, out);
    }
    protected override finish(b: number, reason: number, out: StepBatch): void {
      const age = this.age[b];
      super.finish(b, reason, out);
      if (reason !== 2) return;
      out.final[2 * b] = this.#before[b];
      out.final[2 * b + 1] = age - 1;
    }
  })(batch);

export const overLimit: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, reason: number, out: StepBatch): void {
      if (reason === 2) this.age[b] = 15;
      else super.finish(b, reason, out);
    }
  })(batch);

export const earlyCut: MakeEnv = (batch) =>
  new (class extends Toy {
    protected override finish(b: number, _reason: number, out: StepBatch): void {
      super.finish(b, 2, out);
    }
  })(batch);
