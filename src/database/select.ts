import type { Sequelize } from 'sequelize';
import { loadSequelize } from './sequelize.ts';

/** Rows of a query; `:name` is replaced by a value. Column names are returned as they are written. */
export function select<Row extends object>(
  sequelize: Sequelize,
  sql: string,
  replacements: Record<string, unknown> = {},
): Promise<Row[]> {
  return sequelize.query<Row>(sql, { type: loadSequelize().QueryTypes.SELECT, replacements, raw: true });
}
