import { type ParsedColumn, parseTable } from '../ddl/parse-table.ts';
import { quoteIdentifier } from '../driver.ts';
import type { ColumnOptions } from './interface.ts';
import { refuse, type Workbench } from './workbench.ts';

/** A column's definition as Sequelize writes it for SQLite, in its parts. */
export function columnFrom(
  { sequelize, queryInterface }: Workbench,
  table: string,
  name: string,
  options: ColumnOptions,
): ParsedColumn {
  const { normalizeAttribute } = sequelize as unknown as { normalizeAttribute(attribute: unknown): object };
  const generator = queryInterface.queryGenerator as {
    attributesToSQL(attributes: object, context: object): Record<string, string>;
  };
  const attribute = normalizeAttribute.call(sequelize, typeof options === 'string' ? { type: options } : options);
  const [sql = ''] = Object.values(
    generator.attributesToSQL({ [name]: { ...attribute, field: name } }, { context: 'addColumn', table }),
  );
  const [column] = parseTable(`CREATE TABLE x (${quoteIdentifier(name)} ${sql})`).columns;
  if (column === undefined) throw refuse(`The definition of ${table}.${name} cannot be read: ${sql}`);
  return column;
}

export function textOf({ written, type, clauses }: ParsedColumn): string {
  return [written, type, ...clauses.map(({ text }) => text)].filter((part) => part !== '').join(' ');
}
