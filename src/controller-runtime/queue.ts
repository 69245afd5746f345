/** A failed key is retried with exponential backoff; all failures together are limited to this rate. */
const RETRY_MS = { first: 200, most: 60_000 } as const;
const FAILURES_PER_SECOND = 20;
const BURST = 200;

/** Clock and random numbers of the queue; an argument, so that tests do not have to wait. */
interface QueueClock {
  /** Monotonic time in milliseconds. */
  now(): number;
  /** Calls `call` after `ms`; the returned function cancels it. */
  after(ms: number, call: () => void): () => void;
  /** From 0 to 1. */
  random(): number;
}

const SYSTEM_CLOCK: QueueClock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

export interface QueueOptions {
  /** Maximum number of keys that are processed at the same time. */
  workers: number;
  work(key: string): Promise<void>;
  /** Called for a failure; the key is retried automatically. */
  onError(key: string, error: unknown): void;
  /** Called with the milliseconds that a key has waited since it was due. */
  onStart?(key: string, waitedMs: number): void;
  /** Default: the system clock. */
  clock?: QueueClock;
}

/**
 * A queue of keys. Each key is queued at most once, is processed by one worker at a time, and is queued again if it was
 * added while it was processed. First in, first out, so that no key starves another. Bounded by the number of keys.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #clock: QueueClock;
  readonly #waiting = new Map<string, number>();
  readonly #working = new Map<string, number>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { cancel: () => void; due: number }>();
  readonly #failures = new Map<string, number>();
  #tokens = BURST;
  #tokensAt: number;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#tokensAt = this.#clock.now();
  }

  /** Number of keys that are ready and wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
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
    else if (!this.#waiting.has(key)) this.#waiting.set(key, this.#clock.now());
    this.#pump();
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

  #pump(): void {
    while (!this.#stopped && this.#working.size < this.#options.workers) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [key, since] = next;
      this.#waiting.delete(key);
      this.#working.set(key, this.#clock.now());
      this.#options.onStart?.(key, this.#clock.now() - since);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#options.onError(key, error);
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const wait = Math.min(RETRY_MS.first * 2 ** Math.min(failures - 1, 20), RETRY_MS.most);
      this.addAfter(key, wait * (0.75 + this.#clock.random() / 2) + this.#takeToken());
    } finally {
      this.#working.delete(key);
      if (this.#again.delete(key)) this.add(key);
      if (this.#working.size === 0) for (const done of this.#idle.splice(0)) done();
      this.#pump();
    }
  }

  /** Milliseconds until the shared rate allows one more retry. */
  #takeToken(): number {
    const now = this.#clock.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#tokensAt) / 1000) * FAILURES_PER_SECOND);
    this.#tokensAt = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / FAILURES_PER_SECOND) * 1000;
  }

  #clearTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }
}
