import type { MigrationFile } from '../model/migration.ts';
import type { Revision } from '../model/revision.ts';

/**
 * The order of migrations: by their leading number where both have one (`2_b` before `10_a`, `V1.2__x` before
 * `V1.10__y`), else by name in code units, which is what timestamps want. Total and the same on every machine.
 */
export function compareRevisions(a: Revision, b: Revision): number {
  const left = version(a);
  const right = version(b);
  if (left !== undefined && right !== undefined) {
    for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
      const x = left[i] ?? 0n;
      const y = right[i] ?? 0n;
      if (x !== y) return x < y ? -1 : 1;
    }
  } else if (left !== undefined || right !== undefined) {
    return left === undefined ? 1 : -1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sortFiles(files: readonly MigrationFile[]): MigrationFile[] {
  return [...files].sort((a, b) => compareRevisions(a.revision, b.revision));
}

/** Numbers are compared without limit: a timestamp with microseconds is larger than a double can hold. */
function version(revision: Revision): bigint[] | undefined {
  const name = revision.slice(revision.lastIndexOf('/') + 1);
  const match = /^V?(\d+(?:[._]\d+)*)(?=__|[_\-.]|$)/.exec(name);
  if (match?.[1] === undefined) return undefined;
  const flyway = name.startsWith('V');
  const parts = flyway ? match[1].split(/[._]/) : [/^\d+/.exec(match[1])?.[0] ?? '0'];
  return parts.map(BigInt);
}
