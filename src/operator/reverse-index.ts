/** Maps a name to the keys that mention it, so that a change finds its dependents without a scan of all resources. */
export class ReverseIndex {
  readonly #named = new Map<string, readonly string[]>();
  readonly #by = new Map<string, Set<string>>();

  /** Replaces what `who` mentions; an empty list removes it. */
  set(who: string, names: readonly string[]): void {
    for (const name of this.#named.get(who) ?? []) {
      const others = this.#by.get(name);
      others?.delete(who);
      if (others?.size === 0) this.#by.delete(name);
    }
    if (names.length === 0) {
      this.#named.delete(who);
      return;
    }
    this.#named.set(who, names);
    for (const name of names) {
      const others = this.#by.get(name);
      if (others === undefined) this.#by.set(name, new Set([who]));
      else others.add(who);
    }
  }

  /** A copy, because a caller may change the index while it iterates. */
  of(name: string): string[] {
    return [...(this.#by.get(name) ?? [])];
  }
}
