import { quoteIdentifier } from '../driver.ts';
import { execute, referencesTo, same, type Workbench } from './workbench.ts';

/** SQLite's own rename takes the references of other tables, indexes, triggers and views with it. */
export async function renameTable(bench: Workbench, from: string, to: string): Promise<void> {
  await execute(bench, `ALTER TABLE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`);
}

/**
 * With foreign keys on, DROP TABLE first deletes the rows, which cascades into the tables that reference it. So it is
 * done with foreign keys off, and references to the missing table fail the migration.
 */
export async function dropTable(bench: Workbench, table: string): Promise<void> {
  const others = (await referencesTo(bench, table)).some(({ name }) => !same(name, table));
  await bench.atomically(others, () => execute(bench, `DROP TABLE IF EXISTS ${quoteIdentifier(table)}`));
}
