import { constants } from 'node:fs';
import { access, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Sequelize } from 'sequelize';
import sqlite3 from 'sqlite3';
import type { DatabaseIdentity } from '../../core/model/backup.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';
import type { SqliteTarget } from '../../core/model/target.ts';
import type { OpenOptions } from '../port.ts';
import { all, type Connection, openFile } from './driver.ts';
import { messageOf } from './errors.ts';

/** How long a query waits for another process's write, in milliseconds, where no lock timeout is set. */
export const BUSY_TIMEOUT = 5_000;

export interface SqliteConnection {
  path: string;
  sequelize: Sequelize;
  /** For our own queries; migrations get a connection of their own. */
  connection: Connection;
  identity: DatabaseIdentity;
}

/** Throws ProblemError: DatabaseNotFound, PermissionDenied, CheckFailed (not a database), InvalidConfiguration. */
export async function connect(target: SqliteTarget, options: OpenOptions): Promise<SqliteConnection> {
  const path = resolve(target.path);
  await inspectFile(path, options.create === true);
  try {
    const sequelize = new Sequelize({
      dialect: 'sqlite',
      dialectModule: sqlite3,
      storage: path,
      logging: false,
      retry: { max: 1 },
    });
    const connection = await openFile(path, { create: options.create });
    connection.configure('busyTimeout', options.timeouts.lock || BUSY_TIMEOUT);
    const [row] = await all<{ version: string }>(connection, 'SELECT sqlite_version() AS version');
    await all(connection, 'SELECT count(*) FROM sqlite_schema');
    const identity: DatabaseIdentity = {
      dialect: 'sqlite',
      display: path,
      id: await realpath(path),
      serverVersion: `SQLite ${row?.version ?? ''}`,
    };
    return { path, sequelize, connection, identity };
  } catch (error) {
    throw refused('CheckFailed', `${path} cannot be opened as a SQLite database: ${messageOf(error)}`, error);
  }
}

const HEADER = 'SQLite format 3\0';

/** Says in a sentence what SQLite would say in a code. An empty file is an empty database. */
async function inspectFile(path: string, create: boolean): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw refused('PermissionDenied', `${path} cannot be looked at: ${error.message}`, error);
  });
  if (found === undefined) {
    if (!create)
      throw refused('DatabaseNotFound', `There is no database file ${path}. Create it first: db-manager init`);
    await mkdir(dirname(path), { recursive: true }).catch((error: Error) => {
      throw refused('PermissionDenied', `The folder of ${path} cannot be made: ${error.message}`, error);
    });
    await access(dirname(path), constants.W_OK).catch(() => {
      throw refused('PermissionDenied', `${path} cannot be created: the folder is not writable for this user.`);
    });
    return;
  }
  if (found.isDirectory())
    throw refused('InvalidConfiguration', `${path} is a folder; give the path of the database file.`);
  await access(path, constants.R_OK | constants.W_OK).catch(() => {
    throw refused('PermissionDenied', `${path} is not readable and writable for this user.`);
  });
  if (found.size === 0) return;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0);
    if (buffer.toString('latin1') !== HEADER) {
      throw refused('InvalidConfiguration', `${path} is not a SQLite database.`);
    }
  } finally {
    await file.close();
  }
}

function refused(reason: Reason, message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason, message }, { cause });
}
