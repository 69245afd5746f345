import type { Column, Table } from '../../core/model/snapshot.ts';
import { constraintsOf } from '../../core/schema/table-changes.ts';
import { constraintSql, named } from './parts.ts';
import { quote, words } from './statement.ts';

const nameOf = ({ name }: { name: string }) => quote(name);

/** INTEGER PRIMARY KEY AUTOINCREMENT can only be written in the column; every other constraint comes after the columns. */
export function createTableSql(table: Table, name: string): string {
  const { options, primaryKey } = table;
  const rowid = options.autoincrement ? primaryKey?.columns[0] : undefined;
  const columns = table.columns.map((column) =>
    column.name === rowid
      ? words(columnSql(column), named(primaryKey?.name), 'PRIMARY KEY AUTOINCREMENT')
      : columnSql(column),
  );
  const constraints = constraintsOf(table)
    .filter(({ kind }) => rowid === undefined || kind !== 'primary key')
    .map((constraint) => constraintSql(constraint, nameOf));
  const last = [options.strict && 'STRICT', options.withoutRowid && 'WITHOUT ROWID'].filter((word) => word !== false);
  const body = [...columns, ...constraints].map((line) => `  ${line}`).join(',\n');
  return words(`CREATE TABLE ${name} (\n${body}\n)`, last.join(', '));
}

export function columnSql({ name, type, nullable, default: text, generated, collation }: Column): string {
  return words(
    quote(name),
    type,
    collation !== undefined && `COLLATE ${collation}`,
    !nullable && 'NOT NULL',
    text !== undefined && `DEFAULT ${defaultSql(text)}`,
    generated && `GENERATED ALWAYS AS (${generated.expression}) ${generated.stored ? 'STORED' : 'VIRTUAL'}`,
  );
}

/** Anything but a literal or one of four words needs its parentheses (SQLite, lang_createtable). */
export function defaultSql(text: string): string {
  const plain =
    /^(?:[-+]?[\d.]+(?:e[-+]?\d+)?|'(?:[^']|'')*'|x'[0-9a-f]*'|null|true|false|current_(?:time|date|timestamp)|\(.*\))$/is;
  return plain.test(text) ? text : `(${text})`;
}
