import { z } from 'zod';
import { complaint, messageOf } from '../../core/check.js';
import { bundle, decode, encode } from '../../core/safetensors.js';
import type { Catalogue } from '../../logs/feed-session/catalogue.js';
import type { Population } from '../../logs/feed-session/replay.js';

/** Who comes, in which contexts, and what there is to show: with a response model, all that learned people are made of. */
export interface Gathering {
  readonly population: Population;
  readonly catalogue: Catalogue;
}

const names = z.array(z.string());
const plain = z.object({
  format: z.literal('recsys-gym/feed-population'),
  version: z.literal(1),
  layout: z.object({
    userNames: names,
    contextNames: names,
    itemNames: names,
    outcomes: names,
    shared: z.int(),
    recent: z.int(),
  }),
  users: names,
  items: names,
  itemNames: names,
  clusters: z.int(),
});

/** A gathering as one safetensors file. Equal ones give equal bytes. */
export function gatheringToBytes({ population, catalogue }: Gathering): Uint8Array {
  const { layout, features, ids, contexts } = population;
  const { cluster, clusters, seconds, birth } = catalogue;
  const rest: z.infer<typeof plain> = {
    format: 'recsys-gym/feed-population',
    version: 1,
    layout: {
      userNames: [...layout.userNames],
      contextNames: [...layout.contextNames],
      itemNames: [...layout.itemNames],
      outcomes: [...layout.outcomes],
      shared: layout.shared,
      recent: layout.recent,
    },
    users: [...ids],
    items: [...catalogue.ids],
    itemNames: [...catalogue.names],
    clusters,
  };
  const arrays = { features, contexts, items: catalogue.features, cluster, seconds, birth };
  return encode(bundle(arrays, { population: JSON.stringify(rest) }));
}

/** Reads what `gatheringToBytes` wrote. @throws a data error when it is something else */
export function gatheringFromBytes(bytes: Uint8Array, where: string): Gathering {
  const { metadata, tensors } = decode(bytes, where);
  const rest = parse(Object.hasOwn(metadata, 'population') ? metadata['population'] : '{}', where);
  const floats = (name: string): Float32Array => {
    const values = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
    if (values instanceof Float32Array) return values;
    throw complaint('data', { where, expected: `numbers '${name}'`, received: Object.keys(tensors).join(', ') });
  };
  const whole = (name: string): Int32Array => {
    const values = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
    if (values instanceof Int32Array) return values;
    throw complaint('data', { where, expected: `whole numbers '${name}'`, received: Object.keys(tensors).join(', ') });
  };
  return {
    population: {
      layout: rest.layout,
      features: floats('features'),
      ids: rest.users,
      contexts: floats('contexts'),
    },
    catalogue: {
      items: rest.items.length,
      ids: rest.items,
      names: rest.itemNames,
      features: floats('items'),
      cluster: whole('cluster'),
      clusters: rest.clusters,
      seconds: floats('seconds'),
      birth: whole('birth'),
    },
  };
}

function parse(text: string, where: string): z.infer<typeof plain> {
  try {
    return plain.parse(JSON.parse(text));
  } catch (error) {
    const received = messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 200);
    throw complaint('data', { where, expected: 'the population of a feed, version 1', received }, error);
  }
}
