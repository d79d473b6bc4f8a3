import { complaint, GymError } from '../../core/check.js';
import type { Log } from '../../logs/record.js';
import type { LogColumns, LogHead } from '../../logs/store/fields.js';

/** What is known of a log before it is read: enough to learn from its rows piece by piece. */
export interface LearningHead extends Pick<LogHead, 'schema' | 'actions' | 'policies' | 'categoricalValues'> {
  /** Of the log, for messages. */
  readonly name: string;
  readonly rows: number;
  readonly candidates?: Log['candidates'];
}

/** Some rows to learn from: columns, which of their rows (all without `pick`), and a reward for every row of them. */
export interface Piece {
  readonly columns: Pick<
    LogColumns,
    'rows' | 'numeric' | 'categorical' | 'position' | 'action' | 'propensity' | 'outcomes'
  >;
  readonly pick?: Int32Array;
  readonly reward: Float64Array;
}

/** Rewards as a network meets them: (r − centre) ÷ deviation. */
export interface RewardUnit {
  readonly centre: number;
  readonly deviation: number;
}

/** What is known of the rows before the first gradient: how rewards lie, and that every row can be learned from. */
export interface RewardMoments {
  readonly rows: number;
  readonly mean: number;
  /** Standard deviation; 1 for a constant reward. */
  readonly deviation: number;
  readonly least: number;
}

/** Names of policies that say themselves that they are uniform over all actions. */
const UNIFORM_NAMES = ['uniform', 'exploration'];

/**
 * Refuses rows that nothing can be learned from, and keeps the moments of their rewards (Welford's, in the order of the
 * rows). Where the log names a single policy and that name says uniform, every propensity must be 1/A.
 */
export class RowCheck {
  readonly #where: string;
  readonly #actions: number;
  readonly #uniform: string | undefined;
  #rows = 0;
  #mean = 0;
  #squares = 0;
  #least = Infinity;

  /** @throws a data error for a log without propensities, or with candidate sets */
  constructor(learner: string, { name, schema, actions, policies, candidates }: LearningHead) {
    const where = `${learner}: log '${name}'`;
    this.#where = where;
    this.#actions = actions.values.length;
    const [only, ...others] = policies.values;
    this.#uniform = others.length === 0 && UNIFORM_NAMES.includes(only) ? only : undefined;
    if (!schema.hasPropensity) {
      throw new GymError(
        'data',
        `${where}: expected propensities, received a log without any. Without the probability of what was shown nothing can be learned off-policy; log it, or learn by playing an env.`,
      );
    }
    if (candidates !== undefined && candidates !== 'all') {
      throw complaint('data', {
        where,
        expected: 'rows that could take every action',
        received: 'rows with candidate sets',
        try: 'Use log-policy-gradient, which keeps to them.',
      });
    }
  }

  /** @throws a data error that names the row */
  add({ columns, pick, reward }: Piece, first: number): void {
    const rows = pick === undefined ? columns.rows : pick.length;
    for (let n = 0; n < rows; n++) {
      const row = pick === undefined ? n : pick[n];
      this.#check(pick === undefined ? first + n : row, columns.propensity[row], columns.action[row], reward[row]);
      this.#rows++;
      const away = reward[row] - this.#mean;
      this.#mean += away / this.#rows;
      this.#squares += away * (reward[row] - this.#mean);
      if (reward[row] < this.#least) this.#least = reward[row];
    }
  }

  #check(row: number, propensity: number, action: number, reward: number): void {
    const refuse = (expected: string, received: number, hint?: string): never => {
      const help = hint === undefined ? {} : { try: hint };
      throw complaint('data', { where: `${this.#where}: row ${row}`, expected, received: String(received), ...help });
    };
    if (!(propensity > 0 && propensity <= 1)) {
      refuse('a propensity in (0, 1]', propensity, 'Drop the row or log the probability that was used.');
    }
    if (this.#uniform !== undefined && Math.abs(propensity * this.#actions - 1) > 1e-6) {
      refuse(
        `a propensity of 1/${this.#actions}, as policy '${this.#uniform}' chooses among ${this.#actions} actions alike`,
        propensity,
        'Was the log made with another grid?',
      );
    }
    if (!(action >= 0 && action < this.#actions)) refuse(`an action from 0 to ${this.#actions - 1}`, action);
    if (!Number.isFinite(reward)) refuse('a finite reward', reward);
  }

  /** @throws a data error for fewer than 20 rows */
  moments(): RewardMoments {
    const rows = this.#rows;
    if (rows < 20)
      throw complaint('data', { where: this.#where, expected: 'at least 20 rows', received: String(rows) });
    const deviation = Math.sqrt(this.#squares / rows);
    return { rows, mean: this.#mean, deviation: deviation > 0 ? deviation : 1, least: this.#least };
  }
}
