import type { MigrationFile } from '../model/migration.ts';
import { isRepeatable, type Revision } from '../model/revision.ts';

/** The input of the order: the name of a migration, and those of its files. */
type Ordered = Pick<MigrationFile, 'revision' | 'files'>;

/**
 * The migrations of a folder are ordered as by the tool that created their names. If all are code, that is the
 * order of the file names as text (sequelize-cli, Umzug); else the order of their numbers, `compareRevisions`.
 */
export function orderOf(files: readonly Ordered[]): (a: Revision, b: Revision) => number {
  if (!files.every(({ files: [main = ''] }) => /\.[cm]?[jt]s$/i.test(main))) return compareRevisions;
  const names = new Map<string, string>(files.map(({ revision, files: [main = ''] }) => [revision, nameOf(main)]));
  return (a, b) => compareText(names.get(a) ?? a, names.get(b) ?? b);
}

/** Sorts the migrations of a folder; each name is read once, so that ten thousand of them cost milliseconds. */
export function sortFiles<T extends Ordered>(files: readonly T[]): T[] {
  const compare = orderOf(files);
  if (compare !== compareRevisions) return files.toSorted((a, b) => compare(a.revision, b.revision));
  return files
    .map((file) => ({ file, key: keyOf(file.revision) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ file }) => file);
}

/**
 * By the leading number if both have one (`2_b` before `10_a`, `V1.2__x` before `V1.10__y`, `1.2.0-x` before `1.10.0-y`), else by name in code
 * units, which is what timestamps want; numbered ones come first, repeatable ones last. Total and the same on every machine.
 */
export function compareRevisions(a: Revision, b: Revision): number {
  return compareKeys(keyOf(a), keyOf(b));
}

interface Key {
  name: string;
  /** Compared as text: a timestamp with microseconds does not fit into a double. */
  version: bigint[] | undefined;
}

function keyOf(name: Revision): Key {
  const [, v, digits] = /^(v?)(\d+(?:[._]\d+)*)(?=__|[_\-.]|$)/i.exec(timestampInDigits(name)) ?? [];
  if (digits === undefined) return { name, version: undefined };
  // The parts of Flyway's versions may be separated by underscores. Others have dots: `1.10.0-x`, `2024.06.01-x`.
  const parts = v === '' ? (/^[\d.]*\d/.exec(digits)?.[0] ?? '0').split('.') : digits.split(/[._]/);
  return { name, version: parts.map(BigInt) };
}

/** `20240601T120000_x` and `20240601-120000-x` are the time 20240601120000. */
function timestampInDigits(name: string): string {
  return name.replace(/^(\d{8})[T-](\d{6})(?=\D)/, '$1$2');
}

function compareKeys(a: Key, b: Key): number {
  const last = Number(isRepeatable(a.name)) - Number(isRepeatable(b.name));
  if (last !== 0) return last;
  if (a.version !== undefined && b.version !== undefined) {
    for (let i = 0; i < Math.max(a.version.length, b.version.length); i += 1) {
      const x = a.version[i] ?? 0n;
      const y = b.version[i] ?? 0n;
      if (x !== y) return x < y ? -1 : 1;
    }
  } else if (a.version !== undefined || b.version !== undefined) {
    return a.version === undefined ? 1 : -1;
  }
  return compareText(a.name, b.name);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
