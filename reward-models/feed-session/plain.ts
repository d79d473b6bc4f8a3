import type { ParameterSet } from '../../core/tensor/parameters.js';
import { placesOf } from '../../logs/feed-session/layout.js';
import { exitReader, type ExitNetwork } from './exit-network.js';
import type { ResponseNetwork } from './response-network.js';

/** One dense layer and the place for its values. */
export interface PlainLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly values: Float64Array;
}

export function plainLayer(parameters: ParameterSet, name: string): PlainLayer {
  const bias = parameters.numbers(`${name}.bias`);
  return { weights: parameters.numbers(`${name}.weights`), bias, values: new Float64Array(bias.length) };
}

/** values += W·x[at … at + n), the first row of W being `row`. */
export function addProduct(
  { weights, values }: PlainLayer,
  x: Float32Array | Float64Array,
  at: number,
  n: number,
  row = 0,
): void {
  const outputs = values.length;
  for (let i = 0, w = row * outputs; i < n; i++) {
    const value = x[at + i];
    if (value === 0) {
      w += outputs;
      continue;
    }
    for (let o = 0; o < outputs; o++, w++) values[o] += value * weights[w];
  }
}

function relu(values: Float64Array): void {
  for (let o = 0; o < values.length; o++) if (values[o] < 0) values[o] = 0;
}

/** Layer after layer from the first one's input; relu between. */
export function through(layers: readonly PlainLayer[], x: Float64Array): Float64Array {
  let from = x;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i];
    layer.values.set(layer.bias);
    addProduct(layer, from, 0, from.length);
    if (i + 1 < layers.length) relu(layer.values);
    from = layer.values;
  }
  return from;
}

/**
 * The response network in plain loops with sums in double precision: no backend, nothing allocated per call, the same
 * bytes everywhere. Reads the parameters as they are when it is called.
 *
 * @returns a function that gives the logits [columns] of the state at states[at…] and the item at items[from…];
 *   overwritten by the next call
 */
export function plainResponse({
  shape,
  parameters,
}: ResponseNetwork): (states: Float32Array, at: number, items: Float32Array, from: number) => Float64Array {
  const { known, recent, recentWidth, attention: D, features: F, shared, hidden } = shape;
  const { exposure } = placesOf(shape.layout);
  const [state, item] = [plainLayer(parameters, 'state'), plainLayer(parameters, 'item')];
  const top = hidden.map((_, i) => plainLayer(parameters, `top.${i}`));
  const attend = D === 0 ? [] : ['query', 'key', 'value'].map((name) => plainLayer(parameters, name));
  const products = new Float64Array(Math.max(shared, F));
  const pooled = new Float64Array(D);
  const pool = (states: Float32Array, at: number, items: Float32Array, from: number): void => {
    const [query, key, value] = attend;
    query.values.set(query.bias);
    addProduct(query, items, from, F);
    pooled.fill(0);
    for (let l = 0, row = at + known; l < recent; l++, row += recentWidth) {
      if (states[row] === 0) continue;
      key.values.set(key.bias);
      value.values.set(value.bias);
      addProduct(key, states, row, recentWidth);
      addProduct(value, states, row, recentWidth);
      let dot = 0;
      for (let d = 0; d < D; d++) dot += query.values[d] * key.values[d];
      const weight = states[row] / (1 + Math.exp(-dot / Math.sqrt(D)));
      for (let d = 0; d < D; d++) pooled[d] += weight * value.values[d];
    }
  };
  return (states, at, items, from) => {
    state.values.set(state.bias);
    addProduct(state, states, at, known);
    item.values.set(item.bias);
    addProduct(item, items, from, F);
    for (let f = 0; f < shared; f++) products[f] = items[from + f] * states[at + f];
    addProduct(item, products, 0, shared, F);
    for (let f = 0; f < F; f++) products[f] = items[from + f] * states[at + exposure + f];
    addProduct(item, products, 0, F, F + shared);
    if (D > 0) {
      pool(states, at, items, from);
      addProduct(item, pooled, 0, D, 2 * F + shared);
    }
    const first = item.values;
    for (let o = 0; o < first.length; o++) first[o] += state.values[o];
    relu(first);
    return through(top, first);
  };
}

/**
 * The exit network in plain loops.
 *
 * @returns a function that gives the logit of the state at states[at…], as the one number of an array that the next call
 *   overwrites: a number that is returned may be allocated, an array of the network's own is not
 */
export function plainExit({
  layout,
  hidden,
  parameters,
}: ExitNetwork): (states: Float32Array, at: number) => Float64Array {
  const reader = exitReader(layout);
  const layers = [...hidden, 1].map((_, i) => plainLayer(parameters, `exit.${i}`));
  const x = new Float64Array(reader.inputs);
  return (states, at) => {
    reader.read(states, at, x, 0);
    return through(layers, x);
  };
}
