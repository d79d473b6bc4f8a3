import { coverage } from './coverage/coverage.js';
import { interference } from './interference/interference.js';
import { kuairand } from './kuairand/kuairand.js';
import { pairing } from './pairing/pairing.js';
import { peeking } from './peeking/peeking.js';
import { realism } from './realism/realism.js';
import { recomind } from './recomind/headline.js';
import { relogging } from './relogging/relogging.js';
import type { Study } from './study.js';
import { upworthy } from './upworthy/upworthy.js';

/** The table of studies: `recsys-gym study NAME`. */
export const studies: Readonly<Record<string, Study>> = {
  relogging,
  coverage,
  upworthy,
  pairing,
  interference,
  peeking,
  kuairand,
  realism,
  recomind,
};
