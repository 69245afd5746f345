import { ownTables } from '../../core/model/history.ts';
import { type Problem, ProblemError } from '../../core/model/problem.ts';
import type { MigrationWork } from '../port.ts';
import { type SentLog, sentLog } from '../sent-log.ts';
import { loadSequelize } from '../sequelize.ts';
import type { MigrationSession } from '../session.ts';
import { joinTransaction, type ScopedSequelize } from '../transaction-scope.ts';
import { buildIndex, indexBuildOf, waitsForOthers } from './concurrently.ts';
import { sharedChanges } from './confined.ts';
import type { PostgresConnection } from './connection.ts';
import { effectQuery } from './effect-query.ts';
import { observe } from './effects.ts';
import { readTypesOn } from './enum-types.ts';
import { problemOf, reasonOf, serverError } from './errors.ts';
import { historyTable, putSql, removeSql } from './history.ts';
import { lockWatch } from './lock-watch.ts';
import { isOfSeveral, mayBePipelined } from './pipeline.ts';
import { openChannel } from './session-channel.ts';
import { WatchedTables } from './table-states.ts';
import { OWN_ROLE } from './whole.ts';

type SessionWork = Pick<
  MigrationWork,
  'direction' | 'migrations' | 'timeouts' | 'runId' | 'onStatement' | 'onRetry' | 'onShared'
>;

/** A session on its own connection, so that a migration's settings do not outlive it. */
export async function openSession(open: PostgresConnection, work: SessionWork): Promise<MigrationSession> {
  const { schemas } = open.target;
  const table = historyTable(open.target);
  const channel = await openChannel(open, work);
  const locks = lockWatch(() => open.another(`db-manager watch ${work.runId}`), schemas);
  const tables = new WatchedTables(schemas, ownTables(open.target).names);
  let joined: ScopedSequelize | undefined;
  let inTransaction = false;
  let begun = 0;
  let last: string | undefined;
  /** The first error inside a transaction: all later errors only report that there was one. */
  let first: unknown;
  let repaired: string[] = [];
  let running: string | undefined;
  /** Of the code that runs now or ran last. */
  let sent: SentLog | undefined;
  const late: string[] = [];
  /** Of the migrations of this work, those that have a row in the history: to replace one costs more than to add one. */
  let known: Promise<Set<string>> | undefined;
  const recorded = async () => {
    const sql = `SELECT revision FROM ${table} WHERE revision = ANY ($1)`;
    const revisions = work.migrations.map(({ revision }) => revision);
    const { rows } = await open.client.query<{ revision: string }>(sql, [revisions]);
    return new Set(rows.map(({ revision }) => revision));
  };

  const startOver = () => {
    running = undefined;
    begun = 0;
    last = undefined;
    first = undefined;
    repaired = [];
  };
  const see = (sql: string) => {
    begun += 1;
    last = sql;
    sent?.see(sql);
    work.onStatement?.(sql);
    channel.seeSettings(sql);
  };
  /** Wraps all statements of a migration, from SQL or from code. */
  const around = async <T>(sql: string, run: () => Promise<T>): Promise<T> => {
    const watched = () =>
      inTransaction || !waitsForOthers(sql) ? channel.watched(run) : channel.withoutLockTimeout(run);
    const build = inTransaction ? undefined : indexBuildOf(sql);
    try {
      return build === undefined
        ? await watched()
        : await buildIndex(channel.client(), build, watched, (what) => repaired.push(what));
    } catch (error) {
      first ??= error;
      throw error;
    }
  };
  const codeEnds = async () => {
    const ending = joined;
    joined = undefined;
    await ending?.end();
    return ending !== undefined;
  };
  /** Before a history row: the migration's transaction is still intact, and no other transaction was left open. */
  const settle = async () => {
    const code = await codeEnds();
    if (!inTransaction) {
      if (channel.status() === 'I') return;
      await channel.rollback();
      throw refuse('The migration left a transaction open, which was rolled back. End it with COMMIT.');
    }
    // SQL migrations are checked when they are read; code may send any statement.
    if (!code) return;
    await channel.flush();
    if (channel.status() === 'E') throw first ?? refuse('An error has aborted the transaction.');
    if (channel.status() === 'I') {
      throw refuse('The transaction ended before the migration did, so a part of its changes may be kept.');
    }
  };
  /** In a transaction it goes with the COMMIT, in one round trip. */
  const record = async (sql: string) => {
    await settle();
    if (!inTransaction) await channel.startOver();
    channel.prepend(...OWN_ROLE, sql);
    if (!inTransaction) await channel.flush();
  };

  return {
    async begin() {
      startOver();
      await channel.startOver();
      channel.prepend('BEGIN');
      inTransaction = true;
    },
    startOver: channel.startOver,
    async commit() {
      if (running !== undefined && late.includes(running))
        throw refuse('It sent a query after its end. Await every query.');
      if (work.onShared !== undefined) {
        await channel.flush();
        const shared = await sharedChanges(channel.client());
        if (shared.length > 0) work.onShared(shared);
      }
      const command = await around('COMMIT', () => channel.flush('COMMIT'));
      inTransaction = false;
      // PostgreSQL answers COMMIT of an aborted transaction with success and the word ROLLBACK.
      if (command !== 'COMMIT') throw first ?? refuse('The transaction was rolled back instead of committed.');
      tables.commit();
    },
    atOnce: {
      accepts: mayBePipelined,
      async run(migrations, heard) {
        startOver();
        await channel.startOver();
        known ??= recorded();
        const rows = await known;
        const see = (index: number, number: number) => {
          const next = migrations[index]?.statements[number];
          heard.onStatement(index, next);
          if (next === undefined) return;
          begun += 1;
          last = next.sql;
        };
        const transactionsAt = (madeAt: number) => {
          const appliedAt = new Date().toISOString();
          return migrations.map(({ statements, history }) => ({
            statements: statements.map(({ sql }) => sql),
            change:
              'put' in history
                ? putSql(table, { ...history.put, appliedAt }, { madeAt, isNew: !rows.has(history.put.revision) })
                : removeSql(table, history.remove),
          }));
        };
        const sent = await channel.sendWhole(transactionsAt, {
          begun(index) {
            startOver();
            heard.onBegin(index);
            see(index, 0);
          },
          statement: (index, number) => see(index, number + 1),
          committed: heard.onDone,
        });
        if (sent.kind === 'all') return sent;
        const several = sent.kind === 'failed' && isOfSeveral(sent.error);
        if (several || sent.kind === 'paused') await channel.rollback();
        return several ? { kind: 'unsuitable' } : sent;
      },
    },
    async rollback() {
      await codeEnds().catch(() => {});
      inTransaction = false;
      tables.rollback();
      late.length = 0;
      await channel.rollback();
    },
    async execute({ sql }) {
      see(sql);
      await channel.flush();
      await around(sql, () => channel.send(sql));
    },
    sentByCode: (revision) => (revision === running ? sent?.sent() : undefined),
    codeArguments(revision) {
      running = revision;
      sent = sentLog('postgres', effectQuery);
      joined = joinTransaction(open.sequelize, channel.client(), {
        revision,
        onStatement: see,
        inTransaction,
        around: async (sql, run) => {
          await channel.flush();
          return around(sql, run);
        },
        onLate: () => void late.push(revision),
      });
      readTypesOn(joined, open.sequelize, () => channel.client());
      const { queryInterface, queries } = joined;
      return { queryInterface, queries, sequelize: loadSequelize().Sequelize, target: open.target };
    },
    late: () => late.splice(0),
    lastStatement: () => ({ statements: begun, last }),
    async putHistory(row) {
      if (!inTransaction) startOver();
      await record(putSql(table, row));
    },
    removeHistory: (revision) => record(removeSql(table, revision)),
    outsideOnly(error) {
      const server = serverError(error);
      return server?.code === '25001' || server?.code === '55P04' ? server.message : undefined;
    },
    problemOf(error, statement): Problem {
      const cause = serverError(error)?.code === '25P02' && first !== undefined ? first : error;
      const problem = problemOf(cause, statement);
      return problem.reason === 'LockTimeout' ? { ...problem, message: waitedFor(problem.message) } : problem;
    },
    retryOf(error) {
      if (reasonOf(error) !== 'LockTimeout') return undefined;
      return {
        mode: 'normal',
        pause: true,
        why: waitedFor(serverError(error)?.message ?? 'a lock could not be acquired'),
      };
    },
    async cleanUp() {
      tables.rollback(true);
      await codeEnds().catch(() => {});
      await channel.rollback();
      return repaired.length === 0 ? undefined : repaired.join(' ');
    },
    commitOutcomeUnknown: (error) => reasonOf(error) === 'ConnectionLost',
    async isRecorded(revision) {
      tables.rollback(true);
      await channel.reopen();
      // A row of an earlier run does not show that this run has replaced it.
      const sql = `SELECT 1 FROM ${table} WHERE revision = $1 AND state = 'applied' AND ($2 = 'down' OR run_id = $3)`;
      const parameters = [revision, work.direction, work.runId];
      return (await channel.client().query(sql, parameters)).rows.length > 0;
    },
    async observe() {
      await channel.flush();
      return observe(channel.client(), {
        pid: channel.pid(),
        tables,
        locks,
        statements: () => begun,
        inTransaction: () => inTransaction,
        apart: () => open.another(`db-manager count ${work.runId}`),
      });
    },
    async close() {
      await codeEnds().catch(() => {});
      await locks.close();
      await channel.close();
    },
  };

  function waitedFor(message: string): string {
    const who = channel.blockers();
    return who === undefined ? message : `${message}; it waited for ${who}`;
  }
}

function refuse(message: string): ProblemError {
  return new ProblemError({ reason: 'MigrationFailed', message });
}
