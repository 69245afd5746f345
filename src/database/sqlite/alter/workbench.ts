import type { QueryInterface, Sequelize } from 'sequelize';
import { ProblemError } from '../../../core/model/problem.ts';
import type { OnStatement } from '../../joined.ts';
import { all, type Connection, exec } from '../driver.ts';

/** What the operations of this folder work with: one migration's connection. */
export interface Workbench {
  sequelize: Sequelize;
  queryInterface: QueryInterface;
  connection: Connection;
  foreignKeysOff(): boolean;
  onStatement: OnStatement;
}

export async function execute({ connection, onStatement }: Workbench, sql: string): Promise<void> {
  onStatement(sql);
  await exec(connection, sql);
}

/** An object of the schema as SQLite keeps it. */
export interface SchemaObject {
  type: 'table' | 'index' | 'trigger' | 'view';
  name: string;
  table: string;
  sql: string | null;
}

export function schemaObjects({ connection }: Workbench): Promise<SchemaObject[]> {
  return all<SchemaObject>(
    connection,
    'SELECT type, name, tbl_name AS "table", sql FROM main.sqlite_schema ORDER BY rowid',
  );
}

/** The table as it is written in the schema. Names are compared as SQLite does, without regard to case. */
export async function findTable(bench: Workbench, name: string): Promise<{ name: string; sql: string }> {
  const objects = await schemaObjects(bench);
  const table = objects.find((object) => object.type === 'table' && same(object.name, name));
  if (table?.sql == null) throw refuse(`There is no table ${name}.`);
  return { name: table.name, sql: table.sql };
}

/** Tables with a foreign key to this one, itself included. */
export async function referencedBy({ connection }: Workbench, table: string): Promise<string[]> {
  const rows = await all<{ name: string }>(
    connection,
    `SELECT DISTINCT s.name AS name FROM main.sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
     WHERE s.type = 'table' AND f."table" = ? COLLATE NOCASE`,
    [table],
  );
  return rows.map(({ name }) => name);
}

export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** An operation that cannot be done, for the author of the migration. */
export function refuse(message: string): ProblemError {
  return new ProblemError({ reason: 'MigrationFailed', message });
}
