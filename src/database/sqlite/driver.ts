import sqlite3 from 'sqlite3';

export type Connection = sqlite3.Database;
export type SqliteStatement = sqlite3.Statement;

/** What a function of the driver gives to its callback. */
function called<Result = void>(
  call: (done: (error?: Error | null, result?: Result) => void) => unknown,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result as Result)));
  });
}

interface FileMode {
  create?: boolean;
  readOnly?: boolean;
  /** Read-only, of a file that is not being written: without files next to it. */
  immutable?: boolean;
}

export function openFile(path: string, { create, readOnly, immutable }: FileMode = {}): Promise<Connection> {
  const flags = readOnly ? sqlite3.OPEN_READONLY : sqlite3.OPEN_READWRITE | (create ? sqlite3.OPEN_CREATE : 0);
  const [name, mode] = immutable ? [immutableUri(path), sqlite3.OPEN_READONLY | sqlite3.OPEN_URI] : [path, flags];
  return new Promise((resolve, reject) => {
    const connection = new sqlite3.Database(name, mode, (error) => (error ? reject(error) : resolve(connection)));
  });
}

/** SQLite's URI of a file; `?`, `#` and `%` in a path are escaped. */
function immutableUri(path: string): string {
  return `file:${path.split('/').map(encodeURIComponent).join('/')}?immutable=1`;
}

/** Runs SQL without parameters or result; several statements are allowed. */
export function exec(connection: Connection, sql: string): Promise<void> {
  return called((done) => connection.exec(sql, done));
}

export function all<Row>(connection: Connection, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return called<Row[]>((done) => connection.all<Row>(sql, parameters, done));
}

/** Row by row, without a list of all. */
export function eachRow(
  connection: Connection,
  sql: string,
  onRow: (row: Record<string, unknown>) => void,
): Promise<void> {
  return called((done) =>
    connection.each<Record<string, unknown>>(
      sql,
      (_, row) => onRow(row),
      (error) => done(error),
    ),
  );
}

export function run(connection: Connection, sql: string, parameters: unknown[] = []): Promise<void> {
  return called((done) => connection.run(sql, parameters, done));
}

export function prepare(connection: Connection, sql: string): Promise<SqliteStatement> {
  return new Promise((resolve, reject) => {
    const statement = connection.prepare(sql, (error: Error | null) => (error ? reject(error) : resolve(statement)));
  });
}

export function runPrepared(statement: SqliteStatement, parameters: unknown[]): Promise<void> {
  return called((done) => statement.run(parameters, done));
}

export function finalize(statement: SqliteStatement): Promise<void> {
  return called((done) => statement.finalize(done));
}

export function closeFile(connection: Connection): Promise<void> {
  return called((done) => connection.close(done));
}

/** `"a""b"`: an identifier as SQL text. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export async function tableExists(connection: Connection, name: string): Promise<boolean> {
  return (await all(connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [name])).length > 0;
}

/** All or nothing. */
export async function inTransaction<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  await exec(connection, 'BEGIN IMMEDIATE');
  try {
    const result = await work();
    await exec(connection, 'COMMIT');
    return result;
  } catch (error) {
    await exec(connection, 'ROLLBACK').catch(() => {});
    throw error;
  }
}
