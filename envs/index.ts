import { choose, complaint } from '../core/check.js';
import { completeSettings } from '../core/settings.js';
import {
  InterestEvolution,
  interestEvolutionDefaults,
  type InterestEvolutionSettings,
} from '../simulators/interest-evolution/interest-evolution.js';
import { FeedWorld } from '../simulators/feed-session/world.js';
import { feedWorldDefaults, type FeedWorldSettings } from '../simulators/feed-session/settings.js';
import { AdMarket } from '../simulators/ad-market/market.js';
import { adMarketDefaults, type AdMarketSettings } from '../simulators/ad-market/settings.js';
import { AD_UTILITY, AdUtilityEnv } from './ad-utility/ad-utility.js';
import { adUtilityDefaults, type AdUtilitySettings } from './ad-utility/settings.js';
import type { Env, EnvEntry, MakeEnv } from './contract.js';
import { FEED_SESSION, FeedSessionEnv, poolDepth } from './feed-session/feed-session.js';
import { CandidatePools, contentVectors } from './feed-session/pools.js';
import { feedSessionDefaults, type FeedSessionSettings } from './feed-session/settings.js';
import {
  PREFERENCE,
  PreferenceEnv,
  preferenceEnvDefaults,
  preferencePeople,
  type PreferenceEnvSettings,
} from './preference/preference.js';
import { CartPole, cartPoleDefaults } from './reference/cartpole.js';
import {
  InterestEvolutionEnv,
  interestEvolutionEnvDefaults,
  type InterestEvolutionEnvSettings,
} from './reference/interest-evolution.js';

export * from './ad-utility/ad-utility.js';
export * from './ad-utility/contributions.js';
export * from './ad-utility/settings.js';
export * from './buffers.js';
export type * from './contract.js';
export * from './feed-session/feed-session.js';
export * from './feed-session/pools.js';
export * from './reward.js';
export * from './feed-session/settings.js';
export * from './laws.js';
export * from './preference/preference.js';
export * from './random-policy.js';
export * from './reference/cartpole.js';
export * from './reference/interest-evolution.js';
export * from './single.js';

/** A row of the table, which can also be made from settings that nobody has checked yet. */
interface Row<Settings> extends EnvEntry<Settings> {
  /** Refuses settings that the env does not have; then `make`, once per batch. */
  maker(id: string, given: object): MakeEnv;
}

const row = <Settings extends object>(entry: EnvEntry<Settings>): Row<Settings> =>
  prepared({ ...entry, prepare: (settings) => (batch) => entry.make(settings, batch) });

/** A row whose envs share something that is made once, e.g. a world: `prepare` makes it and hands out the envs. */
const prepared = <Settings extends object>(
  entry: Pick<EnvEntry<Settings>, 'summary' | 'defaults'> & { readonly prepare: (settings: Settings) => MakeEnv },
): Row<Settings> => ({
  summary: entry.summary,
  defaults: entry.defaults,
  make: (settings, batch) => entry.prepare(settings)(batch),
  maker(id, given) {
    const make = entry.prepare(completeSettings(id, entry.defaults, given));
    return (batch) => {
      if (!Number.isSafeInteger(batch) || batch < 1) {
        throw complaint('usage', { where: `${id}: batch`, expected: 'a whole number from 1', received: String(batch) });
      }
      return make(batch);
    };
  },
});

/** The envs by id. */
export const envs = {
  'reference/CartPole-v1': row({
    summary: "Keep a pole upright on a cart: Gymnasium's CartPole-v1, to the digit.",
    defaults: cartPoleDefaults,
    make: (settings, batch) => new CartPole(settings, batch),
  }),
  'recsim/InterestEvolution-v1': row<InterestEvolutionEnvSettings & { readonly people: InterestEvolutionSettings }>({
    summary: "Slates for users whose interests move with what they watch: RecSim's interest evolution.",
    defaults: { ...interestEvolutionEnvDefaults, people: interestEvolutionDefaults },
    make: (settings, batch) => new InterestEvolutionEnv(new InterestEvolution(settings.people), settings, batch),
  }),
  [FEED_SESSION]: prepared<FeedSessionSettings & { readonly world: FeedWorldSettings }>({
    summary: 'A feed, item after item, until the user leaves; played by the generated world unless others are named.',
    defaults: { ...feedSessionDefaults, world: feedWorldDefaults },
    prepare: (settings) => {
      const people = new FeedWorld(settings.world);
      const users = { features: people.userFeatures, width: people.layout.userNames.length };
      const vectors = contentVectors(people.catalogue, users, people.layout.shared);
      const pools = new CandidatePools(people.catalogue, people.users, vectors, poolDepth(settings));
      return (batch) => new FeedSessionEnv({ people, pools }, settings, batch);
    },
  }),
  [AD_UTILITY]: prepared<AdUtilitySettings & { readonly market: AdMarketSettings }>({
    summary:
      'Weights of the utility that ranks the ads of one request, or of a day with budgets; played by the ad market.',
    defaults: { ...adUtilityDefaults, market: adMarketDefaults },
    prepare: (settings) => {
      const market = new AdMarket(settings.market);
      return (batch) => new AdUtilityEnv(market, settings, batch);
    },
  }),
  [PREFERENCE]: prepared<PreferenceEnvSettings>({
    summary: 'One response to one context: what people prefer, which they never tell, plus what the designer wants.',
    defaults: preferenceEnvDefaults,
    prepare: (settings) => {
      const people = preferencePeople(settings);
      return (batch) => new PreferenceEnv(people, settings, batch);
    },
  }),
} as const;

/**
 * A maker of the env of that id.
 *
 * @param given settings that differ from the defaults, e.g. from a config file; unknown ones are refused
 */
export function envMaker(id: string, given: object = {}): MakeEnv {
  return choose<Pick<Row<never>, 'maker'>>('env', envs, id).maker(id, given);
}

/** The env of that id, for a batch of worlds. */
export function makeEnv(id: string, given: object = {}, batch = 1): Env {
  return envMaker(id, given)(batch);
}
