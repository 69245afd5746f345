import { type ParsedColumn, parseTable } from '../ddl/parse-table.ts';
import { quoteIdentifier } from '../driver.ts';
import type { ColumnOptions } from './column-options.ts';
import { type AlterContext, findTable, refuse } from './workbench.ts';

/** All that a STRICT table knows (https://sqlite.org/stricttables.html). Sequelize's types are others, but for TEXT and INTEGER. */
const STRICT_TYPES = ['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY'];

/** A column's definition as Sequelize writes it for SQLite, in its parts. */
export async function columnFrom(
  ctx: AlterContext,
  table: string,
  name: string,
  options: ColumnOptions,
): Promise<ParsedColumn> {
  const { sequelize, queryInterface } = ctx;
  const { normalizeAttribute } = sequelize as unknown as { normalizeAttribute(attribute: unknown): object };
  const generator = queryInterface.queryGenerator as {
    attributesToSQL(attributes: object, context: object): Record<string, string>;
    replaceBooleanDefaults(sql: string): string;
  };
  const attribute = normalizeAttribute.call(sequelize, typeof options === 'string' ? { type: options } : options);
  const [sql = ''] = Object.values(
    generator.attributesToSQL({ [name]: { ...attribute, field: name } }, { context: 'addColumn', table }),
  );
  const [column] = parseTable(
    `CREATE TABLE x (${quoteIdentifier(name)} ${generator.replaceBooleanDefaults(sql)})`,
  ).columns;
  if (column === undefined) throw refuse(`The definition of ${table}.${name} cannot be read: ${sql}`);
  const { strict } = parseTable((await findTable(ctx, table)).sql);
  if (strict && !STRICT_TYPES.includes(column.type.toUpperCase())) {
    throw refuse(
      `${table} is STRICT, and such a table has no type ${column.type}. Give ${name} one of ${STRICT_TYPES.join(', ')} as text, for example type: 'TEXT'.`,
    );
  }
  return column;
}

export function textOf({ written, type, clauses }: ParsedColumn): string {
  return [written, type, ...clauses.map(({ text }) => text)].filter((part) => part !== '').join(' ');
}
