/** Models as layers over parameters, trained and read without owning a tensor: `recsys-gym/tensor`. */
export * from './backend.js';
export * from './checkpoint.js';
export * from './compile.js';
export type { Inputs, InputTensors, Numbers } from './compiled-programs.js';
export * from './embedding.js';
export { EmbeddingTable, type Lookups, type TableSettings } from './embedding-table.js';
export * from './layers.js';
export { nativeDetails, setNativeThreads, type NativeDetails } from './native/details.js';
export * from './optimisers/adam.js';
export * from './optimisers/optimiser.js';
export * from './optimisers/schedules.js';
export * from './optimisers/sgd.js';
export * from './parameters.js';
export * from './train.js';
