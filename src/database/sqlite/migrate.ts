import type { SqlStatement } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Timeouts } from '../../core/model/target.ts';
import { SETS_SESSION } from '../batched.ts';
import { type SentLog, sentLog } from '../sent-log.ts';
import { loadSequelize } from '../sequelize.ts';
import type { MigrationSession, TransactionMode } from '../session.ts';
import { migrationInterface } from './alter/interface.ts';
import { BUSY_TIMEOUT, flushNothing, type SqliteConnection } from './connection.ts';
import { all, type Connection, closeFile, exec, openFile } from './driver.ts';
import { observe, WatchedTables } from './effects.ts';
import { locate } from './error-position.ts';
import { messageOf, problemOf, reasonOf } from './errors.ts';
import { NeedsForeignKeysOff } from './foreign-keys.ts';
import { removeRow, rowWriter } from './history.ts';
import { leaveNothing } from './leave-nothing.ts';
import { type Transactions, transactionsOn } from './transaction.ts';

/** A session on its own connection: SQLite's foreign_keys pragma belongs to the connection. */
export async function openSession(
  open: SqliteConnection,
  timeouts: Timeouts,
  onStatement?: (sql: string) => void,
): Promise<MigrationSession> {
  let here = await openGround(open, timeouts);
  /** A statement changed a setting of the connection, which would affect the next migration. */
  let used = false;
  let mode: TransactionMode = 'normal';
  let statements = 0;
  let last: string | undefined;
  /** SQL migrations are checked when they are read; code may send any statement, so its transaction is checked again. */
  let endCode: (() => Promise<void>) | undefined;
  let inTransaction = false;
  let running: string | undefined;
  /** Of the code that runs now or ran last. */
  let sent: SentLog | undefined;
  const late: string[] = [];
  const see = (sql: string) => {
    here.transactions.allow(sql);
    used ||= SETS_SESSION.test(sql);
    statements += 1;
    last = sql;
    here.tables.see(sql);
    sent?.see(sql);
    onStatement?.(sql);
  };
  const codeEnds = async () => {
    const end = endCode;
    endCode = undefined;
    await end?.();
    return end !== undefined;
  };
  const settle = async () => {
    if ((await codeEnds()) || !inTransaction) await here.transactions.settle();
  };

  /** SQLite has no command for this, so the settings are discarded with their connection. */
  const startOver = async () => {
    if (!used || inTransaction) return;
    used = false;
    await closeGround(here);
    here = await openGround(open, timeouts);
  };

  return {
    /** Each migration that shares a transaction gets a clean session, without state of the one before. */
    async startOver() {
      if (!inTransaction) await startOver();
      else if (used) await leaveNothing(here.connection);
    },
    async begin(wanted) {
      mode = wanted;
      running = undefined;
      statements = 0;
      last = undefined;
      await startOver();
      await here.transactions.begin(wanted);
      inTransaction = true;
    },
    async commit() {
      if (running !== undefined && late.includes(running)) {
        const message = 'It sent a query after its end. Await every query.';
        throw new ProblemError({ reason: 'MigrationFailed', message });
      }
      await here.transactions.commit();
      inTransaction = false;
      here.tables.commit();
    },
    async rollback() {
      await codeEnds().catch(() => {});
      await here.transactions.rollback();
      late.length = 0;
      inTransaction = false;
      here.tables.rollback();
    },
    async execute({ sql }: SqlStatement) {
      see(sql);
      await here.tables.explain(sql);
      if (here.transactions.covers(sql)) return;
      try {
        await exec(here.connection, sql);
      } catch (error) {
        await locate(here.connection, sql, error);
        throw error;
      }
    },
    sentByCode: (revision) => (revision === running ? sent?.sent() : undefined),
    codeArguments(revision) {
      running = revision;
      sent = sentLog('sqlite');
      const { connection, transactions } = here;
      const joined = migrationInterface({
        revision,
        sequelize: open.sequelize,
        connection,
        own: open.own,
        atomically: transactions.atomically,
        onStatement: see,
        inTransaction,
        onLate: () => void late.push(revision),
      });
      endCode = joined.end;
      const { queryInterface, queries } = joined;
      const target = { dialect: 'sqlite', path: open.path } as const;
      return { queryInterface, queries, sequelize: loadSequelize().Sequelize, target };
    },
    late: () => late.splice(0),
    lastStatement: () => ({ statements, last }),
    get marks() {
      return here.transactions.marks;
    },
    async putHistory(row) {
      await settle();
      await here.tables.mark();
      await startOver();
      await here.history.put(row);
    },
    async removeHistory(revision) {
      await settle();
      await here.tables.mark();
      await startOver();
      await removeRow(here.connection, open.own, revision);
    },
    outsideOnly(error) {
      const message = messageOf(error);
      return /(?:within|inside) a? ?transaction$/.test(message) ? message : undefined;
    },
    problemOf,
    retryOf(error) {
      if (error instanceof NeedsForeignKeysOff || (here.transactions.needsForeignKeysOff() && mode === 'normal')) {
        return { mode: 'foreignKeysOff', pause: false, why: 'it rebuilds a table that other tables reference' };
      }
      if (reasonOf(error) === 'LockTimeout') return { mode, pause: true, why: messageOf(error) };
      return undefined;
    },
    async cleanUp() {
      await codeEnds().catch(() => {});
      here.tables.forget();
      return undefined;
    },
    // SQLite's answer to a COMMIT is definite; no connection can be lost.
    commitOutcomeUnknown: () => false,
    isRecorded: async () => false,
    observe: () =>
      observe(
        () => here.tables,
        () => statements,
        () => inTransaction,
      ),
    async close() {
      await codeEnds().catch(() => {});
      await closeGround(here);
    },
  };
}

interface Ground {
  connection: Connection;
  transactions: Transactions;
  history: ReturnType<typeof rowWriter>;
  keepsJournal: boolean;
  tables: WatchedTables;
}

async function openGround(open: SqliteConnection, timeouts: Timeouts): Promise<Ground> {
  const connection = await openFile(open.path);
  connection.configure('busyTimeout', timeouts.lock || BUSY_TIMEOUT);
  await exec(connection, 'PRAGMA foreign_keys = ON');
  if (open.temporary) await flushNothing(connection);
  const keepsJournal = await keepJournal(connection);
  return {
    connection,
    transactions: transactionsOn(connection),
    history: rowWriter(connection, open.own),
    keepsJournal,
    tables: new WatchedTables(connection, open.own),
  };
}

async function closeGround({ connection, history, keepsJournal }: Ground): Promise<void> {
  await history.end();
  if (keepsJournal) await exec(connection, 'PRAGMA journal_mode = DELETE').catch(() => {});
  await closeFile(connection);
}

/**
 * Between migrations the rollback journal is kept and its header overwritten instead of deleted: a commit is then
 * durable when it returns, while a deleted journal can reappear after a power failure and undo the last commit
 * (https://sqlite.org/pragma.html#pragma_synchronous, EXTRA). The setting is this connection's own; a database in another
 * mode keeps it.
 */
async function keepJournal(connection: Connection): Promise<boolean> {
  const [row] = await all<{ journal_mode: string }>(connection, 'PRAGMA journal_mode');
  if (row?.journal_mode !== 'delete') return false;
  await all(connection, 'PRAGMA journal_mode = PERSIST');
  return true;
}
