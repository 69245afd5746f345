import { all, type Connection, closeFile, exec, openFile as open } from './driver.ts';

/** A connection outside the pool. `immutable` reads a file that is not being written, without files next to it. */
export interface FileConnection {
  raw: Connection;
  exec(sql: string): Promise<void>;
  all<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

type FileMode = 'read-write' | 'create' | 'immutable';

export async function openFile(path: string, mode: FileMode, busyMs = 0): Promise<FileConnection> {
  const raw = await open(path, { create: mode === 'create', immutable: mode === 'immutable' });
  raw.configure('busyTimeout', busyMs);
  return {
    raw,
    exec: (sql) => exec(raw, sql),
    all: (sql, values) => all(raw, sql, values),
    close: () => closeFile(raw),
  };
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
