import { relogging } from './relogging/relogging.js';
import type { Study } from './study.js';

/** The table of studies: `recsys-gym study NAME`. */
export const studies: Readonly<Record<string, Study>> = { relogging };
