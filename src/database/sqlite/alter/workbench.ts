import type { ModelAttributeColumnOptions, QueryInterface, Sequelize } from 'sequelize';
import { ProblemError } from '../../../core/model/problem.ts';
import type { OnStatement } from '../../transaction-scope.ts';
import { all, type Connection, exec } from '../driver.ts';

/** The context of the operations of this folder: one migration's connection. */
export interface AlterContext {
  sequelize: Sequelize;
  queryInterface: QueryInterface;
  connection: Connection;
  /**
   * Runs an operation atomically, also if the migration runs outside a transaction or
   * continues after the error. `withForeignKeysOff` is for operations that would cascade into other tables.
   */
  atomically<T>(withForeignKeysOff: boolean, work: () => Promise<T>): Promise<T>;
  onStatement: OnStatement;
}

/** What addColumn and changeColumn take: options of Sequelize, or a type in SQL. */
export type ColumnOptions = ModelAttributeColumnOptions | string;

export async function execute({ connection, onStatement }: AlterContext, sql: string): Promise<void> {
  onStatement(sql);
  await exec(connection, sql);
}

/** An object of the schema as SQLite stores it. */
export interface SchemaObject {
  type: 'table' | 'index' | 'trigger' | 'view';
  name: string;
  table: string;
  sql: string | null;
}

export function schemaObjects({ connection }: AlterContext): Promise<SchemaObject[]> {
  return all<SchemaObject>(
    connection,
    'SELECT type, name, tbl_name AS "table", sql FROM main.sqlite_schema ORDER BY rowid',
  );
}

/** The table as it is written in the schema. Names are compared as SQLite does, without regard to case. */
export async function findTable(ctx: AlterContext, name: string): Promise<{ name: string; sql: string }> {
  const objects = await schemaObjects(ctx);
  const table = objects.find((object) => object.type === 'table' && same(object.name, name));
  if (table?.sql == null) throw refuse(`The table ${name} does not exist.`);
  if (/^CREATE\s+VIRTUAL\b/i.test(table.sql)) {
    throw refuse(`${name} is a virtual table, which cannot be altered. Drop it and create it again.`);
  }
  return { name: table.name, sql: table.sql };
}

interface Reference {
  /** The table that has the foreign key. */
  name: string;
  column: string;
  /** The column that it references; null for the primary key, if no column is written. */
  to: string | null;
}

/** The foreign keys that reference this table, including its own. */
export function referencesTo({ connection }: AlterContext, table: string): Promise<Reference[]> {
  return all<Reference>(
    connection,
    `SELECT s.name AS name, f."from" AS "column", f."to" AS "to"
     FROM main.sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
     WHERE s.type = 'table' AND f."table" = ? COLLATE NOCASE`,
    [table],
  );
}

/** ALTER COLUMN … NOT NULL and ADD or DROP CONSTRAINT came with SQLite 3.52. */
export async function altersConstraints({ connection }: AlterContext): Promise<boolean> {
  const [row] = await all<{ version: string }>(connection, 'SELECT sqlite_version() AS version');
  const [major = 0, minor = 0] = (row?.version ?? '').split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 52);
}

export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** An operation that is not possible, with a message for the author of the migration. */
export function refuse(message: string): ProblemError {
  return new ProblemError({ reason: 'MigrationFailed', message });
}
