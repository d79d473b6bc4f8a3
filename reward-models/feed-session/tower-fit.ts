import tf from '@tensorflow/tfjs';
import { backendInUse } from '../../core/tensor/backend.js';
import { compileInference, compileStep } from '../../core/tensor/compile.js';
import type { Inputs } from '../../core/tensor/compiled-programs.js';
import { sigmoidCrossEntropy } from '../../core/tensor/ops/cross-entropy.js';
import { Trainer } from '../../core/tensor/train.js';
import { PREFIX_DECAY } from '../../logs/feed-session/layout.js';
import { knownOf, type SessionRows } from '../../logs/feed-session/replay.js';
import { qualityOf } from '../quality.js';
import type { ResponseFit, RetrievalTower } from './contract.js';
import { descendInPasses, lossOfLogit } from './epochs.js';
import { dealRows } from './response-rows.js';
import { checkTowerSettings, savableTower, type TowerSettings } from './tower-file.js';
import { buildTower } from './tower-network.js';

/** Rows scored in one go. */
const CHUNK = 2048;

/** Fits the tower on the main outcome. */
export function fitTower(request: ResponseFit<TowerSettings>): RetrievalTower {
  const { sessions, settings, random, split, onProgress } = request;
  backendInUse();
  checkTowerSettings(settings);
  const { log, layout, answers } = sessions;
  const A = layout.outcomes.length + 1;
  const { learn, check } = dealRows(sessions, settings.heldOut, random, split);
  const rate = (learn.reduce((sum, r) => sum + answers[r * A], 0) + 0.5) / (learn.length + 1);
  const shape = { layout, width: settings.width, hidden: settings.hidden };
  const network = buildTower(shape, Math.log(rate / (1 - rate)), random.fork('initial'));
  const trainer = new Trainer(network.parameters, { learningRate: settings.learningRate });
  const pull = settings.l2 / (2 * learn.length);
  const play = compileStep(trainer, (inputs) => {
    const loss = sigmoidCrossEntropy(network.forward(inputs), inputs['labels']);
    return { loss: tf.add(loss, tf.mul(pull, network.squares())).asScalar() };
  });
  const rows = new TowerRows(sessions, Math.max(CHUNK, settings.batch));
  const infer = compileInference(network.parameters, (inputs) => ({ z: network.forward(inputs) }));
  const z = new Float64Array(check.length);
  const scoreAll = (): void => {
    for (let from = 0; from < check.length; from += CHUNK) {
      const some = check.subarray(from, from + CHUNK);
      const { labels: _, ...inputs } = rows.gather(some, CHUNK);
      z.set(infer(inputs)['z'].subarray(0, some.length), from);
    }
  };
  const epochs = descendInPasses(
    {
      parameters: network.parameters,
      learn: learn.slice(),
      step: (some, learningRate) => play(rows.gather(some, some.length), learningRate),
      score: () => {
        scoreAll();
        return check.reduce((sum, r, i) => sum + lossOfLogit(z[i], answers[r * A]), 0) / check.length;
      },
      random: random.fork('shuffle'),
      name: 'tower',
      ...(onProgress === undefined ? {} : { onProgress }),
    },
    settings,
  );
  scoreAll();
  const predicted = z.map((logit) => 1 / (1 + Math.exp(-logit)));
  const observed = Float64Array.from(check, (r) => answers[r * A]);
  const card = {
    layout,
    fittedOn: { log: log.name, logHash: log.hash, split, rows: sessions.row.length },
    quality: qualityOf({ unit: 'probability', mean: rate }, predicted, observed),
    settings: { ...settings },
    epochs,
    parameters: network.parameters.values.length,
  };
  return savableTower({ card, settings, network });
}

/** Rows of sessions as inputs of the tower. */
class TowerRows {
  readonly #sessions: SessionRows;
  readonly #known: Float32Array;
  /** [R] session of a row. */
  readonly #session: Int32Array;
  readonly #exposure: Float32Array;
  readonly #buffers: Readonly<Record<'users' | 'items' | 'exposure' | 'labels', Float32Array>>;

  constructor(sessions: SessionRows, most: number) {
    const { layout, starts, row } = sessions;
    this.#sessions = sessions;
    this.#known = knownOf(sessions).users;
    this.#session = new Int32Array(row.length);
    for (let s = 0; s + 1 < starts.length; s++) this.#session.fill(s, starts[s], starts[s + 1]);
    this.#exposure = clusterExposure(sessions);
    this.#buffers = {
      users: new Float32Array(most * layout.userNames.length),
      items: new Float32Array(most * layout.itemNames.length),
      exposure: new Float32Array(most),
      labels: new Float32Array(most),
    };
  }

  /** Inputs of `size` rows, of which `some` are written. */
  gather(some: Int32Array, size: number): Inputs {
    const { layout, catalogue, item, answers } = this.#sessions;
    const [U, F, A] = [layout.userNames.length, layout.itemNames.length, layout.outcomes.length + 1];
    const { users, items, exposure, labels } = this.#buffers;
    for (let i = 0; i < some.length; i++) {
      const r = some[i];
      for (let f = 0, from = this.#session[r] * U; f < U; f++) users[i * U + f] = this.#known[from + f];
      for (let f = 0, from = item[r] * F; f < F; f++) items[i * F + f] = catalogue.features[from + f];
      exposure[i] = this.#exposure[r];
      labels[i] = answers[r * A];
    }
    return {
      users: { values: users.subarray(0, size * U), shape: [size, U] },
      items: { values: items.subarray(0, size * F), shape: [size, F] },
      exposure: { values: exposure.subarray(0, size), shape: [size, 1] },
      labels: { values: labels.subarray(0, size), shape: [size, 1] },
    };
  }
}

/**
 * How much of each session's recent exposure the cluster of the item shown had before it was: the moving average, with
 * the decay of the session's prefix, of "an item of this cluster was shown".
 *
 * @returns [R] 0 to 1
 */
export function clusterExposure({ catalogue, starts, item }: SessionRows): Float32Array {
  const { cluster, clusters } = catalogue;
  const exposure = new Float32Array(item.length);
  const shares = new Float64Array(clusters);
  for (let s = 0; s + 1 < starts.length; s++) {
    shares.fill(0);
    for (let r = starts[s]; r < starts[s + 1]; r++) {
      const own = cluster[item[r]];
      exposure[r] = shares[own];
      for (let c = 0; c < clusters; c++) shares[c] *= PREFIX_DECAY;
      shares[own] += 1 - PREFIX_DECAY;
    }
  }
  return exposure;
}
