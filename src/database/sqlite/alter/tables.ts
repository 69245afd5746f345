import { quoteIdentifier } from '../driver.ts';
import { type AlterContext, execute, referencesTo, same } from './workbench.ts';

/** SQLite's own rename also updates the references of other tables, indexes, triggers and views. */
export async function renameTable(ctx: AlterContext, from: string, to: string): Promise<void> {
  await execute(ctx, `ALTER TABLE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`);
}

/**
 * With foreign keys on, DROP TABLE first deletes the rows, which cascades into the tables that reference it. So it
 * runs with foreign keys off, and references to the missing table fail the migration.
 */
export async function dropTable(ctx: AlterContext, table: string): Promise<void> {
  const others = (await referencesTo(ctx, table)).some(({ name }) => !same(name, table));
  await ctx.atomically(others, () => execute(ctx, `DROP TABLE IF EXISTS ${quoteIdentifier(table)}`));
}
