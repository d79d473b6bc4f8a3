import { z } from 'zod';
import { complaint, messageOf } from '../../core/check.js';
import { stream } from '../../core/random.js';
import { bundle, decode, encode, type StoredArray } from '../../core/safetensors.js';
import { restoreContextEncoder, type ContextEncoder } from './context-encoder.js';
import { bestOf, chancesOf, type Heads } from './heads.js';
import { PolicyNetwork } from './policy-network.js';
import { ScoredPolicy, type ContextScores, type Serving } from './scored-policy.js';

/** A policy network with all it needs to serve and to be saved. */
export interface NetworkParts {
  readonly encoder: ContextEncoder;
  readonly network: PolicyNetwork;
  readonly heads: Heads;
  readonly actions: readonly string[];
  readonly serving: Serving;
}

/** The policy of a network as it is now: later steps of the network do not change it. */
export function networkPolicy(id: string, { encoder, network, heads, actions, serving }: NetworkParts): ScoredPolicy {
  const plain = network.plain();
  const scores: ContextScores = {
    actions,
    chances(x, count, out) {
      const outputs = plain.rows(x, count);
      for (let n = 0; n < count; n++) chancesOf(heads, outputs, n * plain.outputs, out, n * heads.actions);
    },
    best(x, count, out) {
      const outputs = plain.rows(x, count);
      for (let n = 0; n < count; n++) out[n] = bestOf(heads, outputs, n * plain.outputs);
    },
  };
  return new ScoredPolicy(id, encoder, scores, serving);
}

const count = z.int().min(0);
const detailsSchema = z.object({
  id: z.string(),
  shape: z.object({
    inputs: count,
    hidden: z.array(z.int().min(1)),
    outputs: z.int().min(1),
    dropout: z.number(),
    startAtZero: z.boolean(),
    onNumbers: z.boolean(),
  }),
  heads: z.object({ kind: z.enum(['joint', 'factorised']), widths: z.array(z.int().min(1)) }),
  actions: z.array(z.string()),
  serving: z.enum(['best', 'draw']),
});

export function saveNetwork(format: string, id: string, parts: NetworkParts): Uint8Array {
  const { encoder, network, heads, actions, serving } = parts;
  const details: z.infer<typeof detailsSchema> = {
    id,
    shape: { ...network.shape, hidden: [...network.shape.hidden] },
    heads: { kind: heads.kind, widths: [...heads.widths] },
    actions: [...actions],
    serving,
  };
  const arrays = {
    parameters: network.parameters.values.slice(0, network.size),
    running: network.running,
    level: heads.level,
    actionOf: heads.actionOf,
  };
  const metadata = { format, version: '1', encoder: JSON.stringify(encoder), details: JSON.stringify(details) };
  return encode(bundle(arrays, metadata));
}

/** @throws a data error for anything that `saveNetwork` did not write under this format */
export function loadNetwork(bytes: Uint8Array, format: string): ScoredPolicy {
  const { metadata, tensors } = decode(bytes, format);
  expectFormat(metadata, format);
  const parsed = detailsSchema.safeParse(JSON.parse(metadata['details']));
  if (!parsed.success) throw wrong(format, messageOf(parsed.error));
  const { id, shape, heads, actions, serving } = parsed.data;
  const network = new PolicyNetwork(shape, stream('loaded'));
  const array = <T extends StoredArray>(name: string, kind: new (length: number) => T): T => {
    const found: StoredArray | undefined = Object.hasOwn(tensors, name) ? tensors[name].values : undefined;
    if (found instanceof kind) return found;
    throw wrong(format, `no ${kind.name} '${name}'`);
  };
  network.parameters.load(array('parameters', Float32Array), format);
  network.loadRunning(array('running', Float32Array), format);
  return networkPolicy(id, {
    encoder: restoreContextEncoder(JSON.parse(metadata['encoder']), format),
    network,
    heads: {
      kind: heads.kind,
      actions: actions.length,
      widths: heads.widths,
      level: array('level', Int32Array),
      actionOf: array('actionOf', Int32Array),
    },
    actions,
    serving,
  });
}

/** @throws a data error unless a file says that it is of this format, version 1 */
export function expectFormat(metadata: Readonly<Record<string, string>>, format: string): void {
  if (metadata['format'] === format && metadata['version'] === '1') return;
  throw wrong(format, `${metadata['format'] ?? 'another file'} ${metadata['version'] ?? ''}`);
}

function wrong(format: string, received: string): Error {
  return complaint('data', {
    where: format,
    expected: 'a policy of version 1',
    received: received.replaceAll(/\s+/g, ' ').slice(0, 200),
  });
}
