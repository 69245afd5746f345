import sqlite3 from 'sqlite3';

/** A connection outside the pool, with promises. `immutable` reads a file that is not being written, without side files. */
export interface FileConnection {
  raw: sqlite3.Database;
  exec(sql: string): Promise<void>;
  all<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

type FileMode = 'read-write' | 'create' | 'immutable';

export async function openFile(path: string, mode: FileMode, busyMs = 0): Promise<FileConnection> {
  const raw = await new Promise<sqlite3.Database>((resolve, reject) => {
    const [name, flags] =
      mode === 'immutable'
        ? [immutableUri(path), sqlite3.OPEN_READONLY | sqlite3.OPEN_URI]
        : [path, sqlite3.OPEN_READWRITE | (mode === 'create' ? sqlite3.OPEN_CREATE : 0)];
    const database = new sqlite3.Database(name, flags, (error) => (error ? reject(error) : resolve(database)));
  });
  raw.configure('busyTimeout', busyMs);
  const exec = (sql: string) =>
    new Promise<void>((resolve, reject) => raw.exec(sql, (error) => (error ? reject(error) : resolve())));
  const all = <Row>(sql: string, values: unknown[] = []) =>
    new Promise<Row[]>((resolve, reject) =>
      raw.all<Row>(sql, values, (error, rows) => (error ? reject(error) : resolve(rows))),
    );
  const close = () => new Promise<void>((resolve, reject) => raw.close((error) => (error ? reject(error) : resolve())));
  return { raw, exec, all, close };
}

/** Runs on a connection and closes it in any case. */
export async function withFile<T>(
  path: string,
  mode: FileMode,
  use: (connection: FileConnection) => Promise<T>,
  busyMs = 0,
): Promise<T> {
  const connection = await openFile(path, mode, busyMs);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** SQLite's URI of a file; `?`, `#` and `%` in a path are escaped. */
function immutableUri(path: string): string {
  return `file:${path.split('/').map(encodeURIComponent).join('/')}?immutable=1`;
}
