/** A failure is retried per key with growing patience; all failures together at most at this rate. */
const RETRY_MS = { first: 200, most: 60_000 } as const;
const FAILURES_PER_SECOND = 20;
const BURST = 200;

/** Time and chance of the queue; an argument, so that tests need not wait. */
export interface QueueClock {
  /** Milliseconds that only grow. */
  now(): number;
  /** Calls after `ms`; the answer cancels the call. */
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
  /** How many keys are worked on at once. */
  workers: number;
  work(key: string): Promise<void>;
  /** Told of a failure; the key comes back by itself. */
  onError(key: string, error: unknown): void;
  /** Milliseconds that a key has waited from when it was due. */
  onStart?(key: string, waitedMs: number): void;
  /** By default the system's. */
  clock?: QueueClock;
}

/**
 * A queue of keys: each stands in it at most once, is worked on by one worker at a time, and comes back when it was
 * added again meanwhile. First in, first out, so that no key starves another. Bounded by the number of keys.
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

  /** Keys that are ready and wait for a worker. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Milliseconds for which the oldest work has been going on; 0 where nothing is worked on. */
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

  /** Adds the key after a while; an earlier time that is already set stands. */
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
    // setTimeout takes at most 2^31 - 1 ms; a window may open later than that.
    const cancel = this.#clock.after(Math.min(ms, 2 ** 31 - 1), () => this.add(key));
    this.#timers.set(key, { cancel, due });
  }

  /** Forgets a key that is gone. */
  forget(key: string): void {
    this.#clearTimer(key);
    this.#failures.delete(key);
  }

  /** Takes nothing new and resolves when what is worked on is done. */
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

  /** Milliseconds until the shared rate allows one more failure to come back. */
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
