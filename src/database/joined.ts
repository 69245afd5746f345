import type { QueryInterface, QueryOptions, Sequelize, Transaction, TransactionOptions } from 'sequelize';
import { loadSequelize } from './sequelize.ts';

/** Called with each statement before it is sent. */
export type OnStatement = (sql: string) => void;

export interface JoinOptions {
  onStatement: OnStatement;
  /** Whether we have sent BEGIN ourselves. */
  inTransaction: boolean;
  /** How the dialect's driver needs the text, where Sequelize would misread it. */
  rewrite?(sql: string): string;
  /** Every query goes through here, for a dialect that has something to do before or after it. */
  around?<T>(sql: string, run: () => Promise<T>): Promise<T>;
}

export interface Joined {
  sequelize: Sequelize;
  queryInterface: QueryInterface;
  /** Counts work as the migration's own until it has ended; afterwards there is no more. */
  track<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Waits for queries that the migration sent and did not wait for, so that none of them lands behind our COMMIT,
   * and refuses those that come later. Throws what such a forgotten query throws.
   */
  end(): Promise<void>;
}

type Sql = string | { query: string; values: unknown[] };
type Work = (inner: Transaction) => PromiseLike<unknown>;

/**
 * A view of a Sequelize instance in which every query that names no transaction joins the given connection's. No
 * global state (CLS) is involved: only those who hold the view are in the transaction.
 *
 * A migration that opens its own transaction on the view gets a savepoint of ours, so what it commits or rolls back
 * still becomes durable, or not, together with the history row. Where we have none it gets a real one.
 */
export function joinTransaction(sequelize: Sequelize, connection: unknown, options: JoinOptions): Joined {
  const { onStatement, inTransaction, rewrite = (text) => text, around = (_sql, run) => run() } = options;
  const transaction = transactionOn(sequelize, connection);
  const view: Sequelize = Object.create(sequelize);
  const { track, end } = tracker();
  const joinOptions = <T extends { transaction?: Transaction | null }>(given: T | undefined) => ({
    ...given,
    transaction: given?.transaction ?? transaction,
  });

  const query = sequelize.query as (sql: Sql, options?: QueryOptions) => Promise<unknown>;
  const open = sequelize.transaction as (options: TransactionOptions, work?: Work) => Promise<unknown>;

  Object.defineProperties(view, {
    query: {
      value: (sql: Sql, given?: QueryOptions) =>
        track(async () => {
          const text = rewrite(typeof sql === 'string' ? sql : sql.query);
          onStatement(text);
          const whole = typeof sql === 'string' ? text : { ...sql, query: text };
          return around(text, () => query.call(sequelize, whole, joinOptions(given)));
        }),
    },
    transaction: {
      value: (first?: TransactionOptions | Work, second?: Work) => {
        const [given, work] = typeof first === 'function' ? [undefined, first] : [first, second];
        return inTransaction || given?.transaction != null
          ? open.call(view, joinOptions(given), work)
          : ownTransaction(transactionOn(view, connection, given), work);
      },
    },
  });
  const original = sequelize.getQueryInterface();
  const Interface = original.constructor as new (sequelize: Sequelize, generator: unknown) => QueryInterface;
  const queryInterface = new Interface(view, original.queryGenerator);
  Object.defineProperties(view, {
    queryInterface: { value: queryInterface, writable: true },
    getQueryInterface: { value: () => queryInterface },
  });
  return { sequelize: view, queryInterface, track, end };
}

/** A Transaction object for a connection that is not Sequelize's: it neither takes one from the pool nor gives it back. */
export function transactionOn(
  sequelize: Sequelize,
  connection: unknown,
  options: TransactionOptions = {},
): Transaction {
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

/** The one place that waits for the work: V8 follows a stack to the migration's line only where there is one. */
async function finished<T>(work: () => Promise<T>, done: () => void): Promise<T> {
  try {
    return await work();
  } finally {
    done();
  }
}

function tracker(): Pick<Joined, 'track' | 'end'> {
  const pending = new Set<Promise<unknown>>();
  let ended = false;
  return {
    track(work) {
      if (ended) return Promise.reject(new Error('The migration had already ended. Wait for every query with await.'));
      // What nobody waits for stays unhandled, and loud, unless `end` is in time to take it.
      const theirs: ReturnType<typeof work> = finished(work, () => void pending.delete(theirs));
      pending.add(theirs);
      return theirs;
    },
    async end() {
      let failure: PromiseRejectedResult | undefined;
      while (pending.size > 0) {
        const results = await Promise.allSettled(pending);
        failure ??= results.find((result) => result.status === 'rejected');
      }
      ended = true;
      if (failure !== undefined) throw failure.reason;
    },
  };
}
