import { isRepeatable, type Revision, revisionOfName } from '../../model/revision.ts';
import { type ForeignRow, type ReadForeign, refuse, textOf, timeOf, truthOf } from './foreign.ts';

/**
 * flyway_schema_history: a row for each file in the order of `installed_rank`. A baseline covers every version up to
 * its own; an undo reverts its version; a repeatable script has no version; schema creation is ignored.
 * https://documentation.red-gate.com/flyway/flyway-concepts/migrations/flyway-schema-history-table
 */
export const readFlyway: ReadForeign = (rows, order) => {
  const sorted = rows.toSorted((a, b) => Number(a.installed_rank) - Number(b.installed_rank));
  const failed = sorted.find((row) => !truthOf(row.success));
  if (failed !== undefined) {
    return refuse(
      'InterruptedMigration',
      `Flyway marked ${textOf(failed.script)} as failed. Repair the database, run "flyway repair" and adopt again.`,
    );
  }
  const known = order.flatMap((revision) => {
    const version = versionOf(/^V?([\d._]+?)(?:__|[_-]|$)/.exec(revision)?.[1] ?? '');
    return version === undefined ? [] : [{ revision, version }];
  });
  const applied = new Map<Revision, { revision: Revision; at?: string }>();
  const unmatched: string[] = [];
  const repeatable = (row: ForeignRow) => {
    const script = textOf(row.script);
    const name = revisionOfName(script.slice(script.lastIndexOf('/') + 1).replace(/\.sql$/i, ''));
    const revision = order.find((one) => one === name);
    if (revision !== undefined) applied.set(revision, { revision, at: timeOf(row.installed_on) });
    else if (name !== undefined && isRepeatable(name)) unmatched.push(script);
  };
  for (const row of sorted) {
    const type = textOf(row.type).toUpperCase();
    const version = versionOf(textOf(row.version));
    if (version === undefined && type === 'SQL') repeatable(row);
    if (version === undefined || type === 'SCHEMA') continue;
    const at = timeOf(row.installed_on);
    const matches = known.filter((file) =>
      type.includes('BASELINE') ? compare(file.version, version) <= 0 : isOf(file, version, row),
    );
    if (type.startsWith('UNDO') || type === 'DELETE') for (const { revision } of matches) applied.delete(revision);
    else for (const { revision } of matches) applied.set(revision, { revision, at });
    if (matches.length === 0 && !type.includes('BASELINE')) unmatched.push(textOf(row.script) || textOf(row.version));
  }
  return { ok: true, applied: [...applied.values()], unmatched };
};

/** By the script's own name, else by version: the folder may hold the same version in another format. */
function isOf(file: { revision: Revision; version: bigint[] }, version: bigint[], row: ForeignRow): boolean {
  const script = textOf(row.script);
  const name = script.slice(script.lastIndexOf('/') + 1).replace(/\.sql$/i, '');
  return file.revision === revisionOfName(name) || compare(file.version, version) === 0;
}

function versionOf(text: string): bigint[] | undefined {
  return /^\d+(?:[._]\d+)*$/.test(text) ? text.split(/[._]/).map(BigInt) : undefined;
}

function compare(a: bigint[], b: bigint[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const x = a[i] ?? 0n;
    const y = b[i] ?? 0n;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
