import { Sequelize } from 'sequelize';
import type { SqlStatement } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Timeouts } from '../../core/model/target.ts';
import type { MigrationSession, TransactionMode } from '../session.ts';
import { migrationInterface } from './alter/interface.ts';
import { BUSY_TIMEOUT, type SqliteConnection } from './connection.ts';
import { all, type Connection, closeFile, exec, openFile } from './driver.ts';
import { observe } from './effects.ts';
import { messageOf, problemOf, reasonOf } from './errors.ts';
import { NeedsForeignKeysOff, newViolations, readViolations } from './foreign-keys.ts';
import { putRow, removeRow } from './history.ts';

/** A session on a connection of its own: SQLite's foreign_keys pragma belongs to the connection. */
export async function openSession(
  { path, sequelize }: SqliteConnection,
  timeouts: Timeouts,
): Promise<MigrationSession> {
  const connection = await openFile(path);
  connection.configure('busyTimeout', timeouts.lock || BUSY_TIMEOUT);
  await exec(connection, 'PRAGMA foreign_keys = ON');
  const keepsJournal = await keepJournal(connection);
  let mode: TransactionMode = 'normal';
  let statements = 0;
  let last: string | undefined;
  let violations = new Set<string>();
  let inside = false;
  const see = (sql: string) => {
    statements += 1;
    last = sql;
  };

  return {
    async begin(wanted) {
      if (wanted !== mode) await exec(connection, `PRAGMA foreign_keys = ${wanted === 'normal' ? 'ON' : 'OFF'}`);
      mode = wanted;
      statements = 0;
      last = undefined;
      await exec(connection, 'BEGIN IMMEDIATE');
      inside = true;
      if (mode === 'foreignKeysOff') violations = await readViolations(connection);
    },
    async commit() {
      if (mode === 'foreignKeysOff') await refuseViolations(connection, violations);
      await exec(connection, 'COMMIT');
      inside = false;
    },
    async rollback() {
      inside = false;
      await exec(connection, 'ROLLBACK').catch(() => {});
    },
    async execute(statement: SqlStatement) {
      see(statement.sql);
      const pragma = foreignKeysPragma(statement.sql);
      if (pragma === 'off' && mode === 'normal' && (await inTransaction(connection))) throw new NeedsForeignKeysOff();
      if (pragma !== undefined && (await inTransaction(connection))) return;
      await exec(connection, statement.sql);
    },
    codeArguments: () => ({
      queryInterface: migrationInterface({
        sequelize,
        connection,
        foreignKeysOff: () => mode === 'foreignKeysOff',
        onStatement(sql) {
          see(sql);
          // Inside a transaction the pragma does nothing; code that relies on it is run again with it.
          if (inside && mode === 'normal' && foreignKeysPragma(sql) === 'off') throw new NeedsForeignKeysOff();
        },
      }),
      sequelize: Sequelize,
    }),
    trace: () => ({ statements, last }),
    putHistory: (row) => putRow(connection, row),
    removeHistory: (revision) => removeRow(connection, revision),
    problemOf,
    retryOf(error) {
      if (error instanceof NeedsForeignKeysOff) {
        return { mode: 'foreignKeysOff', pause: false, why: 'a table that others reference is rebuilt' };
      }
      if (reasonOf(error) === 'LockTimeout') return { mode, pause: true, why: messageOf(error) };
      return undefined;
    },
    cleanUpAfter: async () => undefined,
    isRecorded: async () => false,
    observe: () => observe(connection, () => statements),
    async close() {
      if (keepsJournal) await exec(connection, 'PRAGMA journal_mode = DELETE').catch(() => {});
      await closeFile(connection);
    },
  };
}

/**
 * Between migrations the rollback journal is kept and its header overwritten instead of being deleted: as safe, and
 * a third fewer trips to the disk for each commit (https://sqlite.org/pragma.html#pragma_journal_mode). The setting
 * is this connection's own; a database in another mode is left in it.
 */
async function keepJournal(connection: Connection): Promise<boolean> {
  const [row] = await all<{ journal_mode: string }>(connection, 'PRAGMA journal_mode');
  if (row?.journal_mode !== 'delete') return false;
  await all(connection, 'PRAGMA journal_mode = PERSIST');
  return true;
}

/** Node's sqlite3 does not tell autocommit; a savepoint outside a transaction would open one, so ask with BEGIN. */
async function inTransaction(connection: Connection): Promise<boolean> {
  try {
    await exec(connection, 'BEGIN');
  } catch {
    return true;
  }
  await exec(connection, 'ROLLBACK');
  return false;
}

function foreignKeysPragma(sql: string): 'on' | 'off' | undefined {
  const value = /^\s*PRAGMA\s+(?:main\.)?foreign_keys\s*[=(]\s*['"]?(\w+)/i.exec(sql)?.[1]?.toLowerCase();
  if (value === undefined) return undefined;
  return ['off', '0', 'no', 'false'].includes(value) ? 'off' : 'on';
}

async function refuseViolations(connection: Connection, before: Set<string>): Promise<void> {
  const found = await newViolations(connection, before);
  if (found.length === 0) return;
  throw new ProblemError({
    reason: 'MigrationFailed',
    message: `After the migration ${found.slice(0, 5).join('; ')}${found.length > 5 ? ` and ${found.length - 5} more` : ''}. While a table is rebuilt, foreign keys do not cascade: delete the rows in a migration of their own.`,
  });
}
