import type { Column, Table } from '../../core/model/snapshot.ts';
import type { Operation } from '../../core/schema/operations.ts';
import { createIndexSql } from './parts.ts';
import { createTableSql, defaultSql } from './sqlite-table.ts';
import { literal, quote } from './statement.ts';

/**
 * A table in its new form, in the documented way (https://sqlite.org/lang_altertable.html#otheralter). Foreign keys
 * are off where rows elsewhere point at it: dropping the old table would delete or change them. db-manager runs a
 * migration that turns them off again from its start with foreign keys off, and checks all of them before it commits.
 * With the legacy behaviour a rename does not change the references to the table: they name the final name already.
 */
export function rebuildSql({ from, to, referenced }: Operation & { kind: 'rebuildTable' }): string[] {
  const scratch = `_new_${to.name}`;
  return [
    ...(referenced ? ['PRAGMA foreign_keys = OFF'] : []),
    createTableSql(to, quote(scratch)),
    ...copySql(from, to, scratch),
    ...sequenceSql(from, to, scratch),
    `DROP TABLE ${quote(from.name)}`,
    'PRAGMA legacy_alter_table = ON',
    `ALTER TABLE ${quote(scratch)} RENAME TO ${quote(to.name)}`,
    'PRAGMA legacy_alter_table = OFF',
    ...to.indexes.map((index) => createIndexSql(index, quote(to.name), { concurrently: false, methods: false })),
    ...to.triggers.map(({ definition }) => definition),
  ];
}

function copySql(from: Table, to: Table, scratch: string): string[] {
  const there = new Map(from.columns.map((column) => [column.name, column]));
  const kept = to.columns.filter(({ name, generated }) => generated === undefined && there.has(name));
  const rowid = hasPlainRowid(from) && hasPlainRowid(to) ? ['_rowid_'] : [];
  if (kept.length + rowid.length === 0) return [];
  const names = [...rowid, ...kept.map(({ name }) => quote(name))];
  const values = [...rowid, ...kept.map((column) => copied(column, there.get(column.name)))];
  return [`INSERT INTO ${quote(scratch)} (${names.join(', ')})\nSELECT ${values.join(', ')} FROM ${quote(from.name)}`];
}

/** A column that takes NULL no longer gives its default to the rows that have it. */
function copied({ name, nullable, default: text }: Column, before: Column | undefined): string {
  const fills = !nullable && before?.nullable === true && text !== undefined;
  return fills ? `coalesce(${quote(name)}, ${defaultSql(text)})` : quote(name);
}

/** Rows keep their rowid, unless the table has none, a column is it, or one hides it. */
function hasPlainRowid({ columns, options, primaryKey }: Table): boolean {
  const [key, second] = primaryKey?.columns ?? [];
  const isAlias =
    second === undefined && columns.some(({ name, type }) => name === key && type.toUpperCase() === 'INTEGER');
  return !options.withoutRowid && !isAlias && !columns.some(({ name }) => name.toLowerCase() === '_rowid_');
}

/** AUTOINCREMENT guarantees that no id is used twice, not even that of a deleted row. */
function sequenceSql(from: Table, to: Table, scratch: string): string[] {
  if (!from.options.autoincrement || !to.options.autoincrement) return [];
  return [
    `DELETE FROM sqlite_sequence WHERE name = ${literal(scratch)}`,
    `INSERT INTO sqlite_sequence (name, seq) SELECT ${literal(scratch)}, seq FROM sqlite_sequence WHERE name = ${literal(from.name)}`,
  ];
}
