/**
 * The query interface for migrations on SQLite. It is Sequelize's own, except for the operations with which
 * Sequelize 6 loses data or schema (see docs/concepts/sqlite.md): those use SQLite's ALTER TABLE if it has a suitable one,
 * otherwise rebuild the table from its own CREATE TABLE text, so that everything else stays unchanged.
 */
import type { QueryOptions, Sequelize } from 'sequelize';
import type { OwnTables } from '../../../core/model/history.ts';
import { joinTransaction, type OnStatement, type ScopedSequelize } from '../../transaction-scope.ts';
import type { Connection } from '../driver.ts';
import { changeColumn } from './change-column.ts';
import { addColumn, removeColumn, renameColumn } from './columns.ts';
import { addConstraint, removeConstraint } from './constraints.ts';
import { describeTable } from './describe.ts';
import { addIndex } from './indexes.ts';
import { dropTable, renameTable } from './tables.ts';
import type { AlterContext } from './workbench.ts';

interface InterfaceOptions {
  revision: string;
  sequelize: Sequelize;
  connection: Connection;
  own: OwnTables;
  atomically: AlterContext['atomically'];
  onStatement: OnStatement;
  inTransaction: boolean;
  onLate?(): void;
}

type TableName = string | { tableName: string; schema?: string };

export function migrationInterface({
  revision,
  sequelize,
  connection,
  own,
  atomically,
  onStatement,
  inTransaction,
  onLate,
}: InterfaceOptions): Pick<ScopedSequelize, 'queryInterface' | 'queries' | 'end'> {
  const joined = joinTransaction(sequelize, connection, { revision, onStatement, inTransaction, rewrite, onLate });
  const { sequelize: view, queryInterface, track, end } = joined;
  const ctx: AlterContext = { sequelize: view, queryInterface, connection, atomically, onStatement };
  const tracked =
    <Rest extends unknown[], Result>(operation: (ctx: AlterContext, table: string, ...rest: Rest) => Promise<Result>) =>
    (table: TableName, ...rest: Rest) =>
      track(() => operation(ctx, nameOf(table), ...rest));
  const safe = {
    addColumn: tracked(addColumn),
    removeColumn: tracked(removeColumn),
    changeColumn: tracked(changeColumn),
    renameColumn: tracked(renameColumn),
    addConstraint: tracked(addConstraint),
    removeConstraint: tracked(removeConstraint),
    addIndex: tracked(addIndex),
    renameTable: (from: TableName, to: TableName) => track(() => renameTable(ctx, nameOf(from), nameOf(to))),
    dropTable: tracked(dropTable),
    describeTable: tracked(describeTable),
  };
  const showAllTables = queryInterface.showAllTables.bind(queryInterface);
  Object.assign(queryInterface, safe, {
    // Our own tables do not belong to the migration; dropAllTables uses this list too.
    showAllTables: async (options?: QueryOptions) =>
      (await showAllTables(options)).filter((name) => !own.names.includes(name)),
  });
  return { queryInterface, queries: joined.queries, end };
}

/** Sequelize 6 treats a statement that starts with `-- ` as a comment as a whole, and silently does nothing. */
function rewrite(sql: string): string {
  const statement = sql.replace(/^(?:\s*--[^\n]*(?:\n|$))+/, '');
  return statement.trim() === '' ? sql : statement;
}

/** SQLite has no schemas; Sequelize writes one into the name, with a dot. */
function nameOf(table: TableName): string {
  if (typeof table === 'string') return table;
  return table.schema === undefined ? table.tableName : `${table.schema}.${table.tableName}`;
}
