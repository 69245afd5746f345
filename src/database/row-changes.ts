import type { MigrationEffects } from '../core/model/effects.ts';

type Counts = ReadonlyMap<string, number>;

/** The tables whose number of rows differs, by name; null where a table does not exist. */
export function rowChanges(
  before: Counts,
  after: Counts,
): Pick<MigrationEffects['rows'][number], 'table' | 'before' | 'after'>[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((table) => ({ table, before: before.get(table) ?? null, after: after.get(table) ?? null }))
    .filter((rows) => rows.before !== rows.after);
}
