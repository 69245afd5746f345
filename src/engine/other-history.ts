/**
 * A history that was written with another setting `history`. Without this check, a run would apply its migrations
 * again.
 */
import type { HistoryRow } from '../core/model/history.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { invalidConfiguration } from '../core/model/problem.ts';
import type { Database } from '../database/port.ts';
import { count } from './run-text.ts';

/**
 * Throws InvalidConfiguration if the history does not exist, the schema has tables, and another table of the database is a
 * history with these same files. Writes nothing.
 */
export async function refuseOtherHistory(
  { history: store }: Pick<Database, 'history'>,
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): Promise<void> {
  if (history.length > 0 || files.length === 0) return;
  const known = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
  for (const { expected, table, setting, rows } of await store.others()) {
    const same = rows.filter(({ revision, checksum }) => known.get(revision) === checksum).length;
    if (same === 0) continue;
    throw invalidConfiguration(
      `The history is expected in ${expected}, which does not exist. ${table} is a history with ${count(same, 'migration')} of the same files. Without it, all of them would be applied again. Set ${setting}. If that history belongs to other tables: db-manager migrate stamp base`,
    );
  }
}
