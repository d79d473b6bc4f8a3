import { isWeekend } from './calendar.js';
import type { People } from './people.js';
import type { AdMarketSettings } from './settings.js';

/**
 * What a user's habits do to the rates of click, long click and hide on a day, and what of it the ranker knows.
 *
 *     ln m_h = σ_h z_h(day) − σ_h²/2 + weekend (long clicks only)
 *     known  = m^(1 − c), hidden = m^c,   c = miscalibration
 *
 * z(day) are the user's habits turned about the axis (1, 1, 1) by the angle drift · sin(2π · day ÷ seasonDays). Habits are
 * equally correlated, so the turn leaves their distribution as it is: nothing changes on average, but who clicks, reads
 * and hides does, and what a feature says of a user with it.
 */
export class Habits {
  /** [3] m of the user and day that were looked at last. */
  readonly all = new Float64Array(3);
  readonly known = new Float64Array(3);
  readonly hidden = new Float64Array(3);
  readonly #settings: AdMarketSettings;
  readonly #people: People;
  #day = -1;
  /** Entries of the rotation: same habit, next and last. */
  #same = 1;
  #next = 0;
  #last = 0;
  #weekend = 0;

  constructor(settings: AdMarketSettings, people: People) {
    this.#settings = settings;
    this.#people = people;
  }

  look(user: number, day: number): void {
    if (day !== this.#day) this.#turn(day);
    const { habits } = this.#people;
    const { multiplierDeviation, miscalibration } = this.#settings;
    for (let h = 0; h < 3; h++) {
      const z =
        this.#same * habits[user * 3 + h] +
        this.#next * habits[user * 3 + ((h + 1) % 3)] +
        this.#last * habits[user * 3 + ((h + 2) % 3)];
      const deviation = multiplierDeviation[h];
      const log = deviation * z - (deviation * deviation) / 2 + (h === 1 ? this.#weekend : 0);
      this.all[h] = Math.exp(log);
      this.known[h] = miscalibration === 1 ? 1 : Math.exp((1 - miscalibration) * log);
      this.hidden[h] = miscalibration === 1 ? this.all[h] : Math.exp(miscalibration * log);
    }
  }

  #turn(day: number): void {
    const { drift, seasonDays, weekend } = this.#settings;
    const angle = drift * Math.sin((2 * Math.PI * day) / seasonDays);
    const even = (1 - Math.cos(angle)) / 3;
    this.#day = day;
    this.#same = 1 - 2 * even;
    this.#next = even - Math.sin(angle) / Math.sqrt(3);
    this.#last = even + Math.sin(angle) / Math.sqrt(3);
    this.#weekend = isWeekend(day) ? weekend : 0;
  }
}
