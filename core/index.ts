/** What every folder needs and none owns. Nothing here knows a user, an item, a bid, a reward or an episode. */
export * from './check.js';
export * from './distributions.js';
export * from './draws.js';
export * from './random.js';
export * from './safetensors.js';
export * from './space.js';
export * from './stats/beta.js';
export * from './stats/bootstrap.js';
export * from './stats/chi-square.js';
export * from './stats/gamma.js';
export * from './stats/intervals.js';
export * from './stats/moments.js';
export * from './stats/normal.js';
export * from './stats/student.js';
export * from './tensor/backend.js';
export * from './settings.js';
export * from './files.js';
