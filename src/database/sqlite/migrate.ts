import type { SqlStatement } from '../../core/model/migration.ts';
import type { Timeouts } from '../../core/model/target.ts';
import { loadSequelize } from '../sequelize.ts';
import type { MigrationSession, TransactionMode } from '../session.ts';
import { migrationInterface } from './alter/interface.ts';
import { BUSY_TIMEOUT, type SqliteConnection } from './connection.ts';
import { all, type Connection, closeFile, exec, openFile } from './driver.ts';
import { observe, WatchedTables } from './effects.ts';
import { locate } from './error-position.ts';
import { messageOf, problemOf, reasonOf } from './errors.ts';
import { NeedsForeignKeysOff } from './foreign-keys.ts';
import { removeRow, rowWriter } from './history.ts';
import { transactionsOn } from './transaction.ts';

/** A session on a connection of its own: SQLite's foreign_keys pragma belongs to the connection. */
export async function openSession(
  open: SqliteConnection,
  timeouts: Timeouts,
  onStatement?: (sql: string) => void,
): Promise<MigrationSession> {
  const connection = await openFile(open.path);
  connection.configure('busyTimeout', timeouts.lock || BUSY_TIMEOUT);
  await exec(connection, 'PRAGMA foreign_keys = ON');
  const keepsJournal = await keepJournal(connection);
  const transactions = transactionsOn(connection);
  const history = rowWriter(connection);
  const tables = new WatchedTables(connection);
  let mode: TransactionMode = 'normal';
  let statements = 0;
  let last: string | undefined;
  /** SQL migrations are checked where they are read; code may say anything, so its transaction is looked at again. */
  let endCode: (() => Promise<void>) | undefined;
  let inTransaction = false;
  const see = (sql: string) => {
    transactions.allow(sql);
    statements += 1;
    last = sql;
    onStatement?.(sql);
  };
  const codeEnds = async () => {
    const end = endCode;
    endCode = undefined;
    await end?.();
    return end !== undefined;
  };
  const settle = async () => {
    if ((await codeEnds()) || !inTransaction) await transactions.settle();
  };

  return {
    async begin(wanted) {
      mode = wanted;
      statements = 0;
      last = undefined;
      await transactions.begin(wanted);
      inTransaction = true;
    },
    async commit() {
      await transactions.commit();
      inTransaction = false;
      tables.commit();
    },
    async rollback() {
      await codeEnds().catch(() => {});
      await transactions.rollback();
      inTransaction = false;
      tables.rollback();
    },
    async execute({ sql }: SqlStatement) {
      see(sql);
      if (transactions.covers(sql)) return false;
      try {
        await exec(connection, sql);
        return false;
      } catch (error) {
        await locate(connection, sql, error);
        throw error;
      }
    },
    codeArguments() {
      const { atomically } = transactions;
      const joined = migrationInterface({
        sequelize: open.sequelize,
        connection,
        atomically,
        onStatement: see,
        inTransaction,
      });
      endCode = joined.end;
      return { queryInterface: joined.queryInterface, sequelize: loadSequelize().Sequelize };
    },
    trace: () => ({ statements, last }),
    marks: transactions.marks,
    async putHistory(row) {
      await settle();
      await tables.mark();
      await history.put(row);
    },
    async removeHistory(revision) {
      await settle();
      await tables.mark();
      await removeRow(connection, revision);
    },
    problemOf,
    retryOf(error) {
      if (error instanceof NeedsForeignKeysOff || (transactions.needsForeignKeysOff() && mode === 'normal')) {
        return { mode: 'foreignKeysOff', pause: false, why: 'a table that others reference is rebuilt' };
      }
      if (reasonOf(error) === 'LockTimeout') return { mode, pause: true, why: messageOf(error) };
      return undefined;
    },
    async cleanUp() {
      await codeEnds().catch(() => {});
      tables.forget();
      return undefined;
    },
    // What SQLite says of a COMMIT is so; there is no connection to lose.
    unclear: () => false,
    isRecorded: async () => false,
    observe: () =>
      observe(
        tables,
        () => statements,
        () => inTransaction,
      ),
    async close() {
      await codeEnds().catch(() => {});
      await history.end();
      if (keepsJournal) await exec(connection, 'PRAGMA journal_mode = DELETE').catch(() => {});
      await closeFile(connection);
    },
  };
}

/**
 * Between migrations the rollback journal is kept and its header overwritten instead of being deleted: a commit is then
 * durable when it returns, while a deleted journal can come back after a power cut and take the last commit with it
 * (https://sqlite.org/pragma.html#pragma_synchronous, EXTRA). The setting is this connection's own; a database in another
 * mode is left in it.
 */
async function keepJournal(connection: Connection): Promise<boolean> {
  const [row] = await all<{ journal_mode: string }>(connection, 'PRAGMA journal_mode');
  if (row?.journal_mode !== 'delete') return false;
  await all(connection, 'PRAGMA journal_mode = PERSIST');
  return true;
}
