import { clickWorldKind } from './click-world/click-world.js';

/** Worlds that write logs and know the truth about them: the table is the registry. */
export const worlds = { 'click-world': clickWorldKind } as const;

export * from './ad-market/contract.js';
export * from './ad-market/log.js';
export * from './ad-market/market.js';
export * from './ad-market/settings.js';
export * from './click-world/click-world.js';
export * from './contract.js';
export * from './interest-evolution/interest-evolution.js';
export * from './shared-market/market.js';
export * from './shared-market/settings.js';
export * from './feed-session/contract.js';
export * from './feed-session/learned.js';
export type * from './preference/contract.js';
export * from './preference/slates.js';
export * from './preference/tabular.js';
