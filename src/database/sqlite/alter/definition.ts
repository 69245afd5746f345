import { type ParsedColumn, parseTable } from '../../../sql/sqlite/create-table.ts';
import { quoteIdentifier } from '../driver.ts';
import { type AlterContext, type ColumnOptions, findTable, refuse } from './workbench.ts';

/** All types of a STRICT table (https://sqlite.org/stricttables.html). Of Sequelize's types, only TEXT and INTEGER are among them. */
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
      `${table} is STRICT, and STRICT tables do not support the type ${column.type}. Use one of ${STRICT_TYPES.join(', ')} for ${name}, as a string, for example type: 'TEXT'.`,
    );
  }
  return column;
}

export function textOf({ written, type, clauses }: ParsedColumn): string {
  return [written, type, ...clauses.map(({ text }) => text)].filter((part) => part !== '').join(' ');
}
