import type { QueryInterface, QueryOptions, Sequelize, Transaction, TransactionOptions } from 'sequelize';
import { boundToAuthor, notAsAuthor } from '../author/context.ts';
import type { PendingQueries } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import { begunWork, type TrackedWork, type TransactionWork } from './begun-work.ts';
import { codeControl, leftOpen } from './code-control.ts';
import { loadSequelize } from './sequelize.ts';
import { toolHistoryTables } from './tool-history-table.ts';

/** Called with each statement before it is sent. */
export type OnStatement = (sql: string) => void;

interface JoinOptions {
  /** The migration. */
  revision: string;
  onStatement: OnStatement;
  /** Whether we have already sent BEGIN. */
  inTransaction: boolean;
  /** Rewrites the text for the dialect's driver if Sequelize would misread it. */
  rewrite?(sql: string): string;
  /** Wraps every query, for a dialect that has to act before or after it. */
  around?<T>(sql: string, run: () => Promise<T>): Promise<T>;
  /** Called for work that starts after `end`, before it is rejected. */
  onLate?(): void;
}

export interface ScopedSequelize extends Pick<TrackedWork, 'track' | 'end'> {
  sequelize: Sequelize;
  queryInterface: QueryInterface;
  queries: PendingQueries;
}

type Sql = string | { query: string; values: unknown[] };
type Work = TransactionWork;

/**
 * A view of a Sequelize instance in which every query without a transaction uses the given connection's transaction. No
 * global state (CLS) is involved: only code that holds the view is in the transaction.
 *
 * A migration that opens its own transaction on the view gets one of our savepoints, so what it commits or rolls back
 * becomes durable, or not, together with the history row. If we have no transaction, it gets a real one.
 */
export function joinTransaction(sequelize: Sequelize, connection: unknown, options: JoinOptions): ScopedSequelize {
  const { onStatement, inTransaction, rewrite = (text) => text, around = (_sql, run) => run() } = options;
  const transaction = transactionOn(sequelize, connection);
  const scoped: Sequelize = Object.create(sequelize);
  const begun = begunWork(options.revision, options.onLate);
  const control = codeControl();
  const missingTable = toolHistoryTables();
  const { track, end } = begun;
  const joinOptions = <T extends { transaction?: Transaction | null }>(given: T | undefined) => ({
    ...given,
    transaction: given?.transaction ?? transaction,
  });
  const withLogging = (given: QueryOptions | undefined): QueryOptions | undefined =>
    typeof given?.logging === 'function' ? { ...given, logging: boundToAuthor(given.logging) } : given;

  const query = sequelize.query as (sql: Sql, options?: QueryOptions) => Promise<unknown>;
  const open = sequelize.transaction as (options: TransactionOptions, work?: Work) => Promise<unknown>;

  Object.defineProperties(scoped, {
    query: {
      value: (sql: Sql, wanted?: QueryOptions) =>
        track(async () => {
          const given = rewrite(typeof sql === 'string' ? sql : sql.query);
          const text = inTransaction ? control.join(given) : given;
          refuseNul(text);
          const create = missingTable(text);
          if (create !== undefined) {
            onStatement(create);
            await notAsAuthor(() => query.call(sequelize, create, joinOptions({ transaction: wanted?.transaction })));
          }
          onStatement(text);
          const whole = typeof sql === 'string' ? text : { ...sql, query: text };
          const joinedOptions = joinOptions(withLogging(wanted));
          // Our own timers and connections do not belong to the migration.
          return notAsAuthor(() => around(text, () => query.call(sequelize, whole, joinedOptions)));
        }),
    },
    transaction: {
      value: (first?: TransactionOptions | Work, second?: Work) => {
        const [given, work] = typeof first === 'function' ? [undefined, first] : [first, second];
        const nested = inTransaction || given?.transaction != null;
        return begun.trackTransaction(work, (noted) =>
          nested
            ? open.call(scoped, joinOptions(given), noted)
            : ownTransaction(transactionOn(scoped, connection, given), noted),
        );
      },
    },
  });
  const original = sequelize.getQueryInterface();
  const Interface = original.constructor as new (sequelize: Sequelize, generator: unknown) => QueryInterface;
  const queryInterface = new Interface(scoped, original.queryGenerator);
  Object.defineProperties(scoped, {
    queryInterface: { value: queryInterface, writable: true },
    getQueryInterface: { value: () => queryInterface },
  });
  const endAll = async () => {
    await end();
    if (control.open()) throw leftOpen();
  };
  return { sequelize: scoped, queryInterface, track, end: endAll, queries: begun };
}

/** The drivers end a text there, so the rest would be dropped silently. */
function refuseNul(sql: string): void {
  if (!sql.includes('\0')) return;
  throw new ProblemError({
    reason: 'MigrationFailed',
    message: 'The query contains a NUL character, at which the database would stop reading. Remove it.',
    statement: sql.slice(0, sql.indexOf('\0')),
  });
}

/** A Transaction object for a connection that does not belong to Sequelize: it neither takes one from the pool nor returns one. */
function transactionOn(sequelize: Sequelize, connection: unknown, options: TransactionOptions = {}): Transaction {
  const Constructor = loadSequelize().Transaction as unknown as new (
    sequelize: Sequelize,
    options: object,
  ) => Transaction;
  const transaction = new Constructor(sequelize, options);
  return Object.assign(transaction, { connection, cleanup() {}, async forceCleanup() {} });
}

/** What `sequelize.transaction()` does, with BEGIN on the connection that the transaction already has. */
async function ownTransaction(transaction: Transaction, work: Work | undefined): Promise<unknown> {
  await (transaction as Transaction & { begin(): Promise<void> }).begin();
  if (work === undefined) return transaction;
  let result: unknown;
  try {
    result = await work(transaction);
  } catch (error) {
    await transaction.rollback().catch(() => {});
    throw error;
  }
  await transaction.commit();
  return result;
}
