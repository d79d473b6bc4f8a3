import { normal } from '../../core/distributions.js';
import { stream } from '../../core/random.js';
import type { AdMarketSettings } from './settings.js';

/** Rates of an average ad, in the order of `HEADS`: action, click, long click, hide. *Invented*. */
const RATES = [0.02, 0.04, 0.03, 0.02] as const;
/** What an ad's bait and quality add to its log rates; bait is clicked and hidden, quality is read. *Invented*. */
const BAIT = [0, 0.3, 0, 0.5] as const;
const QUALITY = [0.1, 0.3, 0.4, -0.3] as const;
/** Deviation of what else there is about an ad's log rates. *Invented*. */
const OWN_DEVIATION = [0.4, 0.2, 0.2, 0.2] as const;
/** Median bid, in money per action, and the deviations of its logarithm between advertisers and between ads. *Invented*. */
const BID = { median: 1.6, advertisers: 0.4, ads: 0.2 } as const;

/** The catalogue; I ads. */
export interface Ads {
  readonly count: number;
  readonly advertisers: number;
  /** [I] */
  readonly advertiser: Int32Array;
  /** [I] money per action */
  readonly bid: Float32Array;
  /** [I, 4] rates for an average user and request, in the order of `HEADS`. */
  readonly rate: Float32Array;
}

/** Ads are dealt to advertisers in turn. Rates are log-normal with the mean of `RATES`' medians given bait and quality. */
export function generateAds({ seed, ads, advertisers }: AdMarketSettings): Ads {
  const random = stream(seed).fork('ad-market').fork('ads');
  const level = Float64Array.from({ length: advertisers }, () => BID.advertisers * normal(random));
  const advertiser = Int32Array.from({ length: ads }, (_, ad) => ad % advertisers);
  const bid = new Float32Array(ads);
  const rate = new Float32Array(ads * 4);
  for (let ad = 0; ad < ads; ad++) {
    bid[ad] = BID.median * Math.exp(level[advertiser[ad]] + BID.ads * normal(random));
    const bait = normal(random);
    const quality = normal(random);
    for (let h = 0; h < 4; h++) {
      const about = BAIT[h] * bait + QUALITY[h] * quality + OWN_DEVIATION[h] * normal(random);
      rate[ad * 4 + h] = RATES[h] * Math.exp(about);
    }
  }
  return { count: ads, advertisers, advertiser, bid, rate };
}
