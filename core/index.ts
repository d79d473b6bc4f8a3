/** What every folder needs and none owns. Nothing here knows a user, an item, a bid, a reward or an episode. */
export * from './check.js';
export * from './distributions.js';
export * from './draws.js';
export * from './random.js';
export * from './safetensors.js';
export * from './space.js';
export * from './stats/normal.js';
export * from './tensor/backend.js';
export * from './settings.js';
export * from './files.js';
