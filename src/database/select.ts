import { QueryTypes, type Sequelize } from 'sequelize';

/** Rows of a query; `:name` stands for a value. Column names come back as they are written. */
export function select<Row extends object>(
  sequelize: Sequelize,
  sql: string,
  replacements: Record<string, unknown> = {},
): Promise<Row[]> {
  return sequelize.query<Row>(sql, { type: QueryTypes.SELECT, replacements, raw: true });
}
