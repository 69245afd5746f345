import type { MigrationFile } from '../model/migration.ts';
import type { Revision } from '../model/revision.ts';

/**
 * The order of migrations: by their leading number where both have one (`2_b` before `10_a`, `V1.2__x` before
 * `V1.10__y`), else by name in code units, which is what timestamps want; numbered ones come first. Total and the
 * same on every machine.
 */
export function compareRevisions(a: Revision, b: Revision): number {
  return compareKeys(keyOf(a), keyOf(b));
}

/** Sorts by a revision; each name is read once, so that ten thousand of them cost milliseconds. */
export function sortByRevision<T>(items: readonly T[], revisionOf: (item: T) => Revision): T[] {
  return items
    .map((item) => ({ item, key: keyOf(revisionOf(item)) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ item }) => item);
}

export function sortFiles(files: readonly MigrationFile[]): MigrationFile[] {
  return sortByRevision(files, ({ revision }) => revision);
}

interface Key {
  name: string;
  /** Compared without limit: a timestamp with microseconds is larger than a double can hold. */
  version: bigint[] | undefined;
}

function keyOf(name: Revision): Key {
  const [, flyway, digits] = /^(V?)(\d+(?:[._]\d+)*)(?=__|[_\-.]|$)/.exec(timestampInDigits(name)) ?? [];
  if (digits === undefined) return { name, version: undefined };
  // Only Flyway's versions have parts; `2024.06.01-x` is a date, and dates compare well as text.
  const parts = flyway === 'V' ? digits.split(/[._]/) : [/^\d+/.exec(digits)?.[0] ?? '0'];
  return { name, version: parts.map(BigInt) };
}

/** `20240601T120000_x` is the time 20240601120000. */
function timestampInDigits(name: string): string {
  return name.replace(/^(\d{8})T(\d{6})(?=\D)/, '$1$2');
}

function compareKeys(a: Key, b: Key): number {
  if (a.version !== undefined && b.version !== undefined) {
    for (let i = 0; i < Math.max(a.version.length, b.version.length); i += 1) {
      const x = a.version[i] ?? 0n;
      const y = b.version[i] ?? 0n;
      if (x !== y) return x < y ? -1 : 1;
    }
  } else if (a.version !== undefined || b.version !== undefined) {
    return a.version === undefined ? 1 : -1;
  }
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
