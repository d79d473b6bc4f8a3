import type { ParameterSet } from '../../core/tensor/parameters.js';
import { placesOf, type FeedLayout } from '../../logs/feed-session/layout.js';
import { partOfState } from './response-settings.js';

/*
 * A model that shall not know of some parts of the state is fitted on states in which they are 0. The weights that read
 * them then have no gradient and stay what they are at the start; zeroed, the fitted model reads whole states and
 * ignores the parts.
 */

/** Zeroes what the response network reads of the parts. */
export function leaveOutOfAnswers(parameters: ParameterSet, layout: FeedLayout, parts: readonly string[]): void {
  const { recent: known } = placesOf(layout);
  const F = layout.itemNames.length;
  const products = F + layout.shared;
  const { length } = parameters.numbers('item.weights');
  const inputs = length / parameters.numbers('item.bias').length;
  for (const part of parts) {
    const [from, to] = partOfState(layout, part);
    zeroRows(parameters, 'state', from, Math.min(to, known));
    if (part === 'user') zeroRows(parameters, 'item', F, products);
    if (part === 'exposure') zeroRows(parameters, 'item', products, products + F);
    if (part === 'recent') zeroRows(parameters, 'item', products + F, inputs);
  }
}

/** Zeroes what the exit network reads of the parts. */
export function leaveOutOfExit(parameters: ParameterSet, layout: FeedLayout, parts: readonly string[]): void {
  const { recent, recentWidth } = placesOf(layout);
  const plain = layout.recent === 0 ? recent : recent + recentWidth;
  const products = plain + layout.shared;
  for (const part of parts) {
    const [from, to] = partOfState(layout, part);
    zeroRows(parameters, 'exit.0', from, Math.min(to, plain));
    if (layout.recent === 0) continue;
    if (part === 'user' || part === 'recent') zeroRows(parameters, 'exit.0', plain, products);
    if (part === 'exposure' || part === 'recent') {
      zeroRows(parameters, 'exit.0', products, products + layout.itemNames.length);
    }
  }
}

function zeroRows(parameters: ParameterSet, layer: string, from: number, to: number): void {
  const outputs = parameters.numbers(`${layer}.bias`).length;
  if (from < to) parameters.numbers(`${layer}.weights`).fill(0, from * outputs, to * outputs);
}
