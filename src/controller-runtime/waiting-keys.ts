/**
 * The keys of one group that wait for a worker. Every second key is the one that waits longest, so that urgent keys delay
 * the others, but never stop them.
 */
export class WaitingKeys {
  /** The time since when each key waits, oldest first. */
  readonly #since = new Map<string, number>();
  readonly #urgent = new Set<string>();
  #urgentIsNext = true;

  get size(): number {
    return this.#since.size;
  }

  /** A key that already waits keeps its place, and can become urgent. */
  add(key: string, now: number, urgent: boolean): void {
    if (!this.#since.has(key)) this.#since.set(key, now);
    if (urgent) this.#urgent.add(key);
  }

  take(): { key: string; since: number } | undefined {
    const [urgent] = this.#urgent;
    const [oldest] = this.#since.keys();
    const key = this.#urgentIsNext ? (urgent ?? oldest) : oldest;
    if (key === undefined) return undefined;
    this.#urgentIsNext = !this.#urgentIsNext;
    const since = this.#since.get(key) ?? 0;
    this.#since.delete(key);
    this.#urgent.delete(key);
    return { key, since };
  }
}
