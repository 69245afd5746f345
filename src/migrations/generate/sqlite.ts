import type { ForeignKey, View } from '../../core/model/snapshot.ts';
import type { Operation } from '../../core/schema/operations.ts';
import { createIndexSql, named, referenceSql } from './parts.ts';
import { rebuildSql } from './sqlite-rebuild.ts';
import { columnSql, createTableSql } from './sqlite-table.ts';
import { quote, words } from './statement.ts';

const nameOf = ({ name }: { name: string }) => quote(name);
const INDEX_WORDS = { concurrently: false, methods: false };

/** An operation as SQLite's statements. Kinds that SQLite does not have never reach it. */
export function sqliteSql(operation: Operation): string[] {
  switch (operation.kind) {
    case 'renameTable':
      return [`ALTER TABLE ${nameOf(operation.from)} RENAME TO ${nameOf(operation.to)}`];
    case 'renameColumn':
      return [
        `ALTER TABLE ${nameOf(operation.table)} RENAME COLUMN ${quote(operation.from)} TO ${quote(operation.to)}`,
      ];
    case 'createTable':
      return [createTableSql(operation.table, nameOf(operation.table))];
    case 'dropTable':
      return [`DROP TABLE ${nameOf(operation.table)}`];
    case 'addColumn':
      return [
        `ALTER TABLE ${nameOf(operation.table)} ADD COLUMN ${words(columnSql(operation.column), referenceOf(operation.reference))}`,
      ];
    case 'dropColumn':
      return [`ALTER TABLE ${nameOf(operation.table)} DROP COLUMN ${quote(operation.column.name)}`];
    case 'createIndex':
      return [createIndexSql(operation.index, nameOf(operation.table), INDEX_WORDS)];
    case 'dropIndex':
      return [`DROP INDEX ${quote(operation.index.name)}`];
    case 'createTrigger':
      return [operation.trigger.definition];
    case 'dropTrigger':
      return [`DROP TRIGGER ${quote(operation.trigger.name)}`];
    case 'createView':
      return [viewSql(operation.view)];
    case 'dropView':
      return [`DROP VIEW ${nameOf(operation.view)}`];
    case 'rebuildTable':
      return rebuildSql(operation);
    default:
      throw new Error(`SQLite has no ${operation.kind}`);
  }
}

/** The definition is the whole statement, as `sqlite_schema` keeps it. */
function viewSql({ name, definition }: View): string {
  return /^\s*create\b/i.test(definition) ? definition : `CREATE VIEW ${quote(name)} AS ${definition}`;
}

function referenceOf(reference: ForeignKey | undefined): string | undefined {
  return reference && words(named(reference.name), referenceSql(reference, nameOf));
}
