import { coverage } from './coverage/coverage.js';
import { budgets } from './drl-put/budgets.js';
import { buckets } from './drl-put/buckets.js';
import { snipsCoverage } from './drl-put/coverage.js';
import { headline } from './drl-put/headline.js';
import { nullMarket } from './drl-put/null-market.js';
import { openBandit } from './drl-put/open-bandit.js';
import { rewards } from './drl-put/rewards.js';
import { samples } from './drl-put/samples.js';
import { season } from './drl-put/season.js';
import { serving } from './drl-put/serving.js';
import { values } from './drl-put/values.js';
import { hpoAblation } from './hpo/ablation.js';
import { hpoContradiction } from './hpo/contradiction.js';
import { hpoFrontier } from './hpo/frontier.js';
import { hpoGrid } from './hpo/grid.js';
import { hpo } from './hpo/main-table.js';
import { hpoSizes } from './hpo/sizes.js';
import { hpoSlates } from './hpo/slates.js';
import { hpoLanguage } from './hpo/language.js';
import { hpoUpworthy } from './hpo/upworthy.js';
import { interference } from './interference/interference.js';
import { kuairand } from './kuairand/kuairand.js';
import { pairing } from './pairing/pairing.js';
import { peeking } from './peeking/peeking.js';
import { realism } from './realism/realism.js';
import { bootstrapping } from './recomind/bootstrapping.js';
import { discount } from './recomind/discount.js';
import { exploration } from './recomind/exploration.js';
import { recomind } from './recomind/headline.js';
import { nullWorld } from './recomind/null-world.js';
import { simToReal } from './recomind/sim-to-real.js';
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
  'recomind-bootstrap': bootstrapping,
  'recomind-exploration': exploration,
  'recomind-discount': discount,
  'recomind-sim-to-real': simToReal,
  'recomind-null': nullWorld,
  'drl-put': headline,
  'drl-put-rewards': rewards,
  'drl-put-buckets': buckets,
  'drl-put-samples': samples,
  'drl-put-values': values,
  'drl-put-null': nullMarket,
  'drl-put-season': season,
  'drl-put-coverage': snipsCoverage,
  'drl-put-budgets': budgets,
  'drl-put-serving': serving,
  'drl-put-open-bandit': openBandit,
  hpo,
  'hpo-frontier': hpoFrontier,
  'hpo-ablation': hpoAblation,
  'hpo-grid': hpoGrid,
  'hpo-contradiction': hpoContradiction,
  'hpo-slates': hpoSlates,
  'hpo-sizes': hpoSizes,
  'hpo-language': hpoLanguage,
  'hpo-upworthy': hpoUpworthy,
};
