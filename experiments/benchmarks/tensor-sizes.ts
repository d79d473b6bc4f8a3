/** A network of dense layers that ends in one number. */
export interface MlpSize {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: readonly number[];
}

/** A table of `rows` that is read `bag` times for each of `bags`; so many batches take turns. */
export interface TableSize {
  readonly rows: number;
  readonly width: number;
  readonly bags: number;
  readonly bag: number;
  readonly batches: number;
  /** What moves the table, on every side. */
  readonly table: 'adagrad' | 'sgd';
}

/** What every side of the tensor benchmark computes; it travels to the other processes as JSON. */
export interface Sizes {
  /** Training step, relu. */
  readonly 'mlp-64': MlpSize;
  /** Training step, relu. */
  readonly 'mlp-512': MlpSize;
  /** Forward pass, tanh. */
  readonly 'policy-1': MlpSize;
  /** Training step of one block of causal attention and a feed-forward part of four times the width. */
  readonly transformer: {
    readonly batch: number;
    readonly places: number;
    readonly width: number;
    readonly heads: number;
  };
  /** Training step of a table that is moved by row-wise Adagrad. */
  readonly embedding: TableSize;
  /** The same by plain descent: fewer numbers to move, and the lightest that PyTorch has. */
  readonly 'embedding-sgd': TableSize;
  /** Product of [rows, inner] and [inner, columns]. */
  readonly matmul: { readonly rows: number; readonly inner: number; readonly columns: number };
}

export type WorkloadName = keyof Sizes;

/** The workloads, in the order of the table. */
export const WORKLOADS: readonly WorkloadName[] = [
  'mlp-64',
  'mlp-512',
  'policy-1',
  'transformer',
  'embedding',
  'embedding-sgd',
  'matmul',
];

const TABLE = { rows: 1_000_000, width: 32, bags: 1024, bag: 20, batches: 16 };

/** What the bars are about. */
export const FULL: Sizes = {
  'mlp-64': { batch: 256, inputs: 64, hidden: [64, 64] },
  'mlp-512': { batch: 1024, inputs: 256, hidden: [512, 256] },
  'policy-1': { batch: 1, inputs: 64, hidden: [64, 64] },
  transformer: { batch: 64, places: 50, width: 64, heads: 2 },
  embedding: { ...TABLE, table: 'adagrad' },
  'embedding-sgd': { ...TABLE, table: 'sgd' },
  matmul: { rows: 1024, inner: 512, columns: 512 },
};
