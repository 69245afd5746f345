import { backoff } from '../core/model/backoff.ts';
import { WaitingKeys } from './waiting-keys.ts';

/** A failed key is retried with exponential backoff; all failures of a group together are limited to this rate. */
const RETRY_MS = { first: 200, most: 60_000 } as const;
const FAILURES_PER_SECOND = 20;
const BURST = 200;

/** Clock and random numbers of the queue; an argument, so that tests do not have to wait. */
interface QueueClock {
  /** Monotonic time in milliseconds. */
  now(): number;
  /** Calls `call` after `ms`; the returned function cancels it. */
  after(ms: number, call: () => void): () => void;
  /** Calls `call` after the responses and timers that are due. */
  inNextTurn(call: () => void): void;
  /** From 0 to 1. */
  random(): number;
}

const SYSTEM_CLOCK: QueueClock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  // Not a timer of 0 ms: timers that are due again do not let responses through.
  inNextTurn: (call) => void setImmediate(call),
  random: () => Math.random(),
};

export interface QueueOptions {
  /** Maximum number of keys that are processed at the same time. */
  workers: number;
  work(key: string): Promise<void>;
  /** The group of a key, for example its namespace. Default: all keys are in one group. */
  groupOf?(key: string): string;
  /** Whether a key that is added goes before others of its group. Default: none does. */
  isUrgent?(key: string): boolean;
  /** Called for a failure; the key is retried automatically. */
  onError(key: string, error: unknown): void;
  /** Called with the milliseconds that a key has waited since it was due. */
  onStart?(key: string, waitedMs: number): void;
  /** Default: the system clock. */
  clock?: QueueClock;
}

/**
 * A queue of keys. Each key is queued at most once, is processed by one worker at a time, and is queued again if it was
 * added while it was processed. First in, first out within a group, so that no key starves another; urgent keys get every
 * second turn of their group. Groups take turns, and no group takes more than half of the workers that the others leave, so that no group starves another. Bounded by
 * the number of keys.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #clock: QueueClock;
  /** The first group is next. */
  readonly #waiting = new Map<string, WaitingKeys>();
  /** Workers by group. */
  readonly #busy = new Map<string, number>();
  readonly #working = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { cancel: () => void; due: number }>();
  readonly #failures = new Map<string, number>();
  readonly #tokens = new Map<string, { left: number; at: number }>();
  #willPump = false;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Number of keys that are ready and wait for a worker. */
  get depth(): number {
    return [...this.#waiting.values()].reduce((sum, keys) => sum + keys.size, 0);
  }

  /** Age of the oldest work in progress, in milliseconds; 0 if there is none. */
  get longestWorkMs(): number {
    const [oldest] = this.#working.values();
    return oldest === undefined ? 0 : this.#clock.now() - oldest;
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#clearTimer(key);
    if (this.#working.has(key)) this.#again.add(key);
    else this.#enqueue(key);
    if (!this.#willPump) this.#pump();
  }

  /** Adds the key after a delay; an earlier time that is already set is kept. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.now() + ms;
    const set = this.#timers.get(key);
    if (set !== undefined && set.due <= due) return;
    this.#clearTimer(key);
    // setTimeout accepts at most 2^31 - 1 ms; a maintenance window may open later.
    const cancel = this.#clock.after(Math.min(ms, 2 ** 31 - 1), () => this.add(key));
    this.#timers.set(key, { cancel, due });
  }

  /** Removes the state of a deleted key. */
  forget(key: string): void {
    this.#clearTimer(key);
    this.#failures.delete(key);
  }

  /** Accepts no new keys and resolves when the work in progress is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    for (const key of [...this.#timers.keys()]) this.#clearTimer(key);
    if (this.#working.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #groupOf(key: string): string {
    return this.#options.groupOf?.(key) ?? '';
  }

  #enqueue(key: string): void {
    const group = this.#groupOf(key);
    const keys = this.#waiting.get(group) ?? new WaitingKeys();
    keys.add(key, this.#clock.now(), this.#options.isUrgent?.(key) === true);
    this.#waiting.set(group, keys);
  }

  /**
   * A worker takes its next key in a later turn of the event loop. Work that waits for no response would otherwise block
   * timers and responses until the queue is empty; after a start with thousands of keys, the lease was lost.
   */
  #pumpInNextTurn(): void {
    if (this.#willPump || this.#stopped) return;
    this.#willPump = true;
    this.#clock.inNextTurn(() => {
      this.#willPump = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { key, since } = next;
      this.#working.set(key, this.#clock.now());
      const group = this.#groupOf(key);
      this.#busy.set(group, (this.#busy.get(group) ?? 0) + 1);
      this.#options.onStart?.(key, this.#clock.now() - since);
      void this.#run(key, group);
    }
  }

  /** Takes the oldest key of the next group that may have one more worker. */
  #next(): { key: string; since: number } | undefined {
    const free = this.#options.workers - this.#working.size;
    if (this.#stopped || free <= 0) return undefined;
    for (const [group, keys] of this.#waiting) {
      if (this.#options.groupOf !== undefined && (this.#busy.get(group) ?? 0) >= free) continue;
      this.#waiting.delete(group);
      const next = keys.take();
      // The last in turn now.
      if (keys.size > 0) this.#waiting.set(group, keys);
      return next;
    }
    return undefined;
  }

  async #run(key: string, group: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#options.onError(key, error);
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const wait = backoff(failures, RETRY_MS);
      this.addAfter(key, wait * (0.75 + this.#clock.random() / 2) + this.#takeToken(group));
    } finally {
      this.#working.delete(key);
      const others = (this.#busy.get(group) ?? 1) - 1;
      if (others > 0) this.#busy.set(group, others);
      else this.#busy.delete(group);
      this.#pumpInNextTurn();
      if (this.#again.delete(key)) this.add(key);
      if (this.#working.size === 0) for (const done of this.#idle.splice(0)) done();
    }
  }

  /** Milliseconds until the rate of the group allows one more retry. */
  #takeToken(group: string): number {
    const now = this.#clock.now();
    const { left, at } = this.#tokens.get(group) ?? { left: BURST, at: now };
    const tokens = Math.min(BURST, left + ((now - at) / 1000) * FAILURES_PER_SECOND) - 1;
    this.#tokens.set(group, { left: tokens, at: now });
    for (const [other, { left, at }] of this.#tokens)
      if (left + ((now - at) / 1000) * FAILURES_PER_SECOND >= BURST) this.#tokens.delete(other);
    return tokens >= 0 ? 0 : (-tokens / FAILURES_PER_SECOND) * 1000;
  }

  #clearTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }
}
