import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Sequelize } from 'sequelize';
import sqlite3 from 'sqlite3';
import type { DatabaseIdentity } from '../../core/model/backup.ts';
import { type OwnTables, ownTables } from '../../core/model/history.ts';
import type { SqliteTarget } from '../../core/model/target.ts';
import type { OpenOptions } from '../port.ts';
import { lazySequelize } from '../sequelize.ts';
import { all, type Connection, closeFile, exec, openFile } from './driver.ts';
import { messageOf, reasonOf } from './errors.ts';
import { inspectFile, refused, refuseFolder } from './file.ts';

/** How long a query waits for another process's write, in milliseconds, if no lock timeout is set. */
export const BUSY_TIMEOUT = 5_000;

export interface SqliteConnection {
  path: string;
  readonly sequelize: Sequelize;
  closeSequelize(): Promise<void>;
  /** For our own queries; migrations get their own connection. */
  connection: Connection;
  identity: DatabaseIdentity;
  /** Without symbolic links. */
  realPath: string;
  own: OwnTables;
  /** Nothing is flushed to the disk. */
  temporary: boolean;
}

/** Throws ProblemError: DatabaseNotFound, PermissionDenied, CheckFailed (not a database), InvalidConfiguration. */
export async function connect(target: SqliteTarget, options: OpenOptions): Promise<SqliteConnection> {
  const path = resolve(target.path);
  const create = target.create ?? (options.create ?? false) !== false;
  if (await inspectFile(path, create, target.create === false))
    options.onCreated?.(`created the database file ${path}`);
  let connection: Connection | undefined;
  try {
    const sequelize = lazySequelize({
      dialect: 'sqlite',
      dialectModule: sqlite3,
      storage: path,
      logging: false,
      retry: { max: 1 },
    });
    connection = await openFile(path, { create });
    connection.configure('busyTimeout', options.timeouts.lock || BUSY_TIMEOUT);
    const [row] = await all<{ version: string }>(connection, 'SELECT sqlite_version() AS version');
    await all(connection, 'SELECT count(*) FROM sqlite_schema');
    const { temporary = false } = options;
    if (temporary) await flushNothing(connection);
    const real = await realpath(path);
    const identity: DatabaseIdentity = {
      dialect: 'sqlite',
      display: path,
      id: target.identity ?? real,
      serverVersion: `SQLite ${row?.version ?? ''}`,
    };
    const opened = connection;
    return {
      path,
      get sequelize() {
        return sequelize.get();
      },
      closeSequelize: sequelize.close,
      connection: opened,
      identity,
      realPath: real,
      own: ownTables(target),
      temporary,
    };
  } catch (error) {
    if (connection !== undefined) await closeFile(connection).catch(() => {});
    if (reasonOf(error) === 'PermissionDenied') await refuseFolder(path);
    throw refused('CheckFailed', `${path} cannot be opened as a SQLite database: ${messageOf(error)}`, error);
  }
}

/** A setting of the connection (https://sqlite.org/pragma.html#pragma_synchronous). */
export function flushNothing(connection: Connection): Promise<void> {
  return exec(connection, 'PRAGMA synchronous = OFF');
}
