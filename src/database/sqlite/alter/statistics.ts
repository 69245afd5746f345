import { all, run } from '../driver.ts';
import type { AlterContext } from './workbench.ts';

/**
 * DROP TABLE deletes the statistics of ANALYZE, and queries would get slower plans until the next ANALYZE.
 * So the rows are kept under the scratch table's name.
 */
export async function keepStatistics(ctx: AlterContext, table: string, scratch: string): Promise<void> {
  for (const name of await statisticsTables(ctx))
    await run(ctx.connection, `UPDATE ${name} SET tbl = ? WHERE tbl = ? COLLATE NOCASE`, [scratch, table]);
}

/** Restores them, except for indexes that no longer exist. */
export async function returnStatistics(ctx: AlterContext, scratch: string, table: string): Promise<void> {
  for (const name of await statisticsTables(ctx)) {
    await run(ctx.connection, `UPDATE ${name} SET tbl = ? WHERE tbl = ?`, [table, scratch]);
    await run(
      ctx.connection,
      `DELETE FROM ${name} WHERE tbl = ? AND idx IS NOT NULL AND idx <> tbl
       AND idx NOT IN (SELECT name FROM main.sqlite_schema WHERE type = 'index')`,
      [table],
    );
  }
}

async function statisticsTables({ connection }: AlterContext): Promise<string[]> {
  const rows = await all<{ name: string }>(
    connection,
    "SELECT name FROM main.sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')",
  );
  return rows.map(({ name }) => name);
}
