import type tf from '@tensorflow/tfjs';
import { complaint } from '../check.js';
import { Recordings, slotsFor, tensorsOf, type Inputs, type InputTensors } from './compiled-programs.js';
import { floats, nativeInUse } from './native/memory.js';
import { plan } from './native/plan.js';
import { Program, copyFlat } from './native/program.js';
import { Tape, difference } from './native/record.js';
import { run, whileRecording } from './native/run.js';
import type { ParameterSet } from './parameters.js';
import { scoped } from './scope.js';
import type { StepReport, Trainer } from './train.js';

/** Float32 tensors by name, and their numbers. */
type Tensors = Readonly<Record<string, tf.Tensor>>;
export type Outputs = Readonly<Record<string, Float32Array>>;

/** A loss, and further float32 tensors worth knowing. */
export interface StepTensors {
  readonly loss: tf.Scalar;
  readonly outputs?: Tensors;
}

export interface CompiledReport extends StepReport {
  /** Numbers of the further tensors; overwritten by the next step of the same shapes. */
  readonly outputs: Outputs;
}

/**
 * A training step recorded once per combination of input shapes and then played from C++: no JavaScript per operation,
 * nothing allocated, the same bits as `Trainer.step`.
 *
 * The step may depend on its inputs and the parameters only; numbers that change from call to call, random ones too,
 * must come in as inputs. That is checked when it is recorded, by running it twice. Where the native backend is not in
 * use the step runs eagerly every time.
 *
 *     const step = compileStep(trainer, ({ x, y }) => ({ loss: meanSquaredError(net(x), y) }));
 *     const { loss } = step({ x: { values, shape: [256, 64] }, y: { values: labels, shape: [256] } });
 *
 * @throws a usage error when the step reads its own numbers, uses an operation without a native kernel, or changes
 *   between two runs; a numeric error as `Trainer.step`
 */
export function compileStep(
  trainer: Trainer,
  build: (inputs: InputTensors) => StepTensors,
): (inputs: Inputs, learningRate?: number) => CompiledReport {
  const recordings = new Recordings(trainer.parameters);
  return (inputs, learningRate) => {
    const known = nativeInUse() ? recordings.ready(inputs) : undefined;
    if (known !== undefined) {
      return { ...trainer.around(learningRate, () => known.program.replay()), outputs: known.outputs };
    }
    let outputs: Outputs = {};
    const report = trainer.around(learningRate, () => {
      if (nativeInUse()) outputs = recordStep(trainer, build, inputs, recordings);
      else {
        outputs = forwardAndBackward(trainer, () => build(tensorsOf(inputs)), outputs);
        trainer.apply();
      }
    });
    return { ...report, outputs };
  };
}

/** The middle of a step, taken while it is recorded. */
function recordStep(
  trainer: Trainer,
  build: (inputs: InputTensors) => StepTensors,
  inputs: Inputs,
  recordings: Recordings,
): Outputs {
  const slots = slotsFor(inputs);
  let outputs: Outputs = {};
  const tape = recordTwice(
    () => (outputs = forwardAndBackward(trainer, () => build(tensorsOf(slots)), outputs)),
    () => trainer.forget(),
  );
  whileRecording(tape, () => trainer.apply());
  recordings.keep({ slots, outputs, program: new Program(plan(tape, copyFlat())) });
  return outputs;
}

/** The first half of a step, and copies of its outputs: in new arrays, or in those of the time before. */
function forwardAndBackward(trainer: Trainer, build: () => StepTensors, before: Outputs): Outputs {
  return scoped(() => {
    let kept: Outputs = {};
    trainer.differentiate(() => {
      const { loss, outputs = {} } = build();
      kept = stored(outputs, before);
      return loss;
    });
    return kept;
  });
}

/**
 * A computation without gradients, recorded and played like a training step.
 *
 * @returns a function whose results are overwritten by its next call with the same shapes
 */
export function compileInference(
  parameters: ParameterSet,
  build: (inputs: InputTensors) => Tensors,
): (inputs: Inputs) => Outputs {
  const recordings = new Recordings(parameters);
  const trace = (inputs: Inputs, before: Outputs): Outputs =>
    scoped(() =>
      stored(
        parameters.run(parameters.tensors(), () => build(tensorsOf(inputs))),
        before,
      ),
    );
  return (inputs) => {
    if (!nativeInUse()) return trace(inputs, {});
    const known = recordings.ready(inputs);
    if (known !== undefined) {
      known.program.replay();
      return known.outputs;
    }
    const slots = slotsFor(inputs);
    let outputs: Outputs = {};
    const tape = recordTwice(() => (outputs = trace(slots, outputs)));
    recordings.keep({ slots, outputs, program: new Program(plan(tape, copyFlat())) });
    return outputs;
  };
}

/** Records a step, records it again, and refuses it when the two differ. */
function recordTwice(trace: () => unknown, between?: () => void): Tape {
  const [first, second] = [new Tape(), new Tape()];
  whileRecording(first, trace);
  between?.();
  whileRecording(second, trace);
  const differs = difference(first, second);
  if (differs !== undefined) {
    throw complaint('usage', {
      where: 'compiled step',
      expected: 'the same kernel calls each time it runs',
      received: `a difference in ${differs}`,
      try: 'Pass numbers that change (random ones too) as inputs instead of making tensors of them inside the step.',
    });
  }
  return second;
}

function stored(tensors: Tensors, before: Outputs): Outputs {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const kept = Object.hasOwn(before, name) ? before[name] : new Float32Array(tensor.size);
      if (nativeInUse()) run(copyFlat(), [floats(tensor)], [kept], [tensor.size]);
      else kept.set(tensor.dataSync<'float32'>());
      return [name, kept];
    }),
  );
}
