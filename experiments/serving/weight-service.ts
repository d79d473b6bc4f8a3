import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { complaint, expectNumber } from '../../core/check.js';
import { FAILED, newMailbox, POSTED, READY, STOP, type Mailbox, type MailboxShape } from './mailbox.js';

/** Who decided a request: the policy, or what is served without one, and why. */
export const DECIDED_BY = ['policy', 'time-out', 'missing features', 'overload', 'failure'] as const;
export type DecidedBy = (typeof DECIDED_BY)[number];

export interface Decided {
  /** Joint action: the policy's, or the one in production. */
  readonly joint: number;
  readonly by: DecidedBy;
}

export interface WeightServiceSettings extends MailboxShape {
  /** Joint action that is served without a policy. */
  readonly production: number;
  /** A: answers outside of it count as failures. */
  readonly actions: number;
  /** Milliseconds after `ask` at which production is served instead. */
  readonly budgetMs: number;
  /** URL of a `PolicyModule`, and what it makes the policy from. */
  readonly module: URL;
  readonly bytes: Uint8Array;
}

/** Neither an unreferenced thread nor a wait for shared memory keeps a process alive; this does, until the work is done. */
async function awake<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** A request that was asked: its number and when it must be answered; or why it was not asked at all. */
export type Ticket =
  { readonly number: number; readonly deadline: number } | { readonly refused: Exclude<DecidedBy, 'policy'> };

/**
 * Weights for one request, decided beside the ranker: `ask` hands the features to the policy's own thread and returns at
 * once, the caller ranks its candidates meanwhile, and `answer` gives the policy's action or, where there is none by the
 * deadline, the one in production. A policy can therefore make a request no later than its budget, and no fault of a
 * policy reaches a request: features that are missing, a policy that throws, hangs, answers nonsense or dies.
 *
 * This is the serving path of PRL-PUTS as the notes describe it: in parallel with the ranker, a fixed time budget, static
 * weights on time-out, missing features or failure.
 */
export class WeightService {
  readonly settings: WeightServiceSettings;
  /** What the policy's thread said went wrong, last first; at most 20. */
  readonly faults: string[] = [];
  readonly #box: Mailbox;
  readonly #worker: Worker;
  readonly #clock: () => number;
  #posted = 0;
  #dead = false;

  private constructor(settings: WeightServiceSettings, clock: () => number) {
    this.settings = settings;
    this.#clock = clock;
    const { slots, numericWidth, categoricalWidth, module, bytes } = settings;
    const shape = { slots, numericWidth, categoricalWidth };
    this.#box = newMailbox(shape);
    const workerData = { shape, memory: this.#box.memory, module: module.href, bytes };
    this.#worker = new Worker(new URL('./policy-thread.js', import.meta.url), { workerData });
    this.#worker.unref();
    const note = (fault: string): void => {
      this.faults.unshift(fault);
      this.faults.length = Math.min(this.faults.length, 20);
    };
    this.#worker.on('message', note);
    this.#worker.on('error', (error) => {
      this.#dead = true;
      note(error.message);
    });
    this.#worker.on('exit', () => (this.#dead = true));
  }

  /**
   * Starts the policy's thread and waits until it has its policy. A policy that cannot be loaded does not stop the
   * service: production is served, and `faults` says why.
   *
   * @param clock milliseconds, monotonic
   */
  static async start(settings: WeightServiceSettings, clock: () => number): Promise<WeightService> {
    const where = 'weight service';
    expectNumber(`${where}: budgetMs`, settings.budgetMs, 0, 60_000);
    expectNumber(`${where}: slots`, settings.slots, 1, 65_536);
    const { production, actions } = settings;
    if (!(Number.isInteger(production) && production >= 0 && production < actions)) {
      throw complaint('config', {
        where: `${where}: production`,
        expected: `a joint action from 0 to ${actions - 1}`,
        received: String(production),
      });
    }
    const service = new WeightService(settings, clock);
    const { control } = service.#box;
    await awake(async () => {
      while (Atomics.load(control, READY) === 0 && !service.#dead) {
        const waiting = Atomics.waitAsync(control, READY, 0, 50);
        if (waiting.async) await waiting.value;
      }
      // A thread without a policy ends; what it had to say arrives before that.
      if (Atomics.load(control, READY) !== 1 && !service.#dead) await once(service.#worker, 'exit');
    });
    return service;
  }

  /** Hands a request to the policy. Never waits, never throws for what a request holds. */
  ask(numeric: ArrayLike<number>, categorical: ArrayLike<number>): Ticket {
    const { slots, numericWidth: M, categoricalWidth: C, control, done, numeric: N, categorical: K } = this.#box;
    if (numeric.length !== M || categorical.length !== C) return { refused: 'missing features' };
    for (let m = 0; m < M; m++) if (!Number.isFinite(numeric[m])) return { refused: 'missing features' };
    for (let c = 0; c < C; c++) if (!(categorical[c] >= 0)) return { refused: 'missing features' };
    if (this.#dead) return { refused: 'failure' };
    const number = this.#posted;
    const slot = number % slots;
    // The slot is still with the policy's thread: writing into it would mix two requests.
    if (number >= slots && Atomics.load(done, slot) !== number - slots + 1) return { refused: 'overload' };
    for (let m = 0; m < M; m++) N[slot * M + m] = numeric[m];
    for (let c = 0; c < C; c++) K[slot * C + c] = categorical[c];
    this.#posted++;
    Atomics.store(control, POSTED, this.#posted);
    Atomics.notify(control, POSTED);
    return { number, deadline: this.#clock() + this.settings.budgetMs };
  }

  /** The action of a request, now or at its deadline; blocks this thread in between. For callers that rank on it. */
  answer(ticket: Ticket): Decided {
    if ('refused' in ticket) return this.#without(ticket.refused);
    const { slots, done } = this.#box;
    const slot = ticket.number % slots;
    for (let seen = Atomics.load(done, slot); seen <= ticket.number; seen = Atomics.load(done, slot)) {
      const left = ticket.deadline - this.#clock();
      if (left <= 0 || Atomics.wait(done, slot, seen, left) === 'timed-out') return this.#without('time-out');
    }
    return this.#read(ticket.number);
  }

  /** The same without blocking the thread, for servers with other requests in flight. */
  async answerLater(ticket: Ticket): Promise<Decided> {
    if ('refused' in ticket) return this.#without(ticket.refused);
    const { slots, done } = this.#box;
    const slot = ticket.number % slots;
    for (let seen = Atomics.load(done, slot); seen <= ticket.number; seen = Atomics.load(done, slot)) {
      const left = ticket.deadline - this.#clock();
      if (left <= 0) return this.#without('time-out');
      const waiting = Atomics.waitAsync(done, slot, seen, left);
      const how = waiting.async ? await awake(() => waiting.value) : waiting.value;
      if (how === 'timed-out') return this.#without('time-out');
    }
    return this.#read(ticket.number);
  }

  /** Ends the policy's thread. Tickets still open are answered with production. */
  async close(): Promise<void> {
    this.#dead = true;
    const { control } = this.#box;
    Atomics.store(control, STOP, 1);
    Atomics.notify(control, POSTED);
    await this.#worker.terminate();
  }

  #read(number: number): Decided {
    const { slots, done, answer } = this.#box;
    const slot = number % slots;
    const joint = answer[slot];
    // A later request has taken the slot since: the answer that was here is gone.
    if (Atomics.load(done, slot) !== number + 1) return this.#without('time-out');
    if (joint === FAILED || joint < 0 || joint >= this.settings.actions) return this.#without('failure');
    return { joint, by: 'policy' };
  }

  #without(by: Exclude<DecidedBy, 'policy'>): Decided {
    return { joint: this.settings.production, by };
  }
}
