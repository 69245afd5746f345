import type { ColumnsDescription } from 'sequelize';
import { loadSequelize } from '../../sequelize.ts';
import { all, quoteIdentifier } from '../driver.ts';
import { type AlterContext, refuse } from './workbench.ts';

/**
 * `queryInterface.describeTable` in Sequelize's format. Sequelize's own throws if an index has an expression, and marks
 * each column of a composite UNIQUE as unique.
 */
export async function describeTable(ctx: AlterContext, table: string): Promise<ColumnsDescription> {
  const columns = (await ctx.sequelize.query(`PRAGMA TABLE_INFO(${quoteIdentifier(table)});`, {
    type: loadSequelize().QueryTypes.DESCRIBE,
  })) as unknown as Record<string, Partial<ColumnsDescription[string]> & { unique?: boolean; references?: object }>;
  if (Object.keys(columns).length === 0) throw refuse(`The table ${table} does not exist.`);
  const uniques = await all<{ name: string }>(
    ctx.connection,
    `SELECT min(i.name) AS name FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i
     WHERE l."unique" = 1 AND l.partial = 0 GROUP BY l.name HAVING count(*) = 1 AND count(i.name) = 1`,
    [table],
  );
  const keys = await all<{ from: string; table: string; to: string | null }>(
    ctx.connection,
    'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)',
    [table],
  );
  for (const column of Object.values(columns)) column.unique = false;
  for (const { name } of uniques) Object.assign(columns[name] ?? {}, { unique: true });
  for (const key of keys) Object.assign(columns[key.from] ?? {}, { references: { model: key.table, key: key.to } });
  return columns as unknown as ColumnsDescription;
}
