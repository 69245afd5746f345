import {
  type QueryInterface,
  type QueryOptions,
  type Sequelize,
  Transaction,
  type TransactionOptions,
} from 'sequelize';

/** Called with each statement before it is sent. */
export type OnStatement = (sql: string) => void;

export interface Joined {
  sequelize: Sequelize;
  queryInterface: QueryInterface;
}

/**
 * A view of a Sequelize instance in which every query that names no transaction joins the given connection's. No
 * global state (CLS) is involved: only those who hold the view are in the transaction.
 *
 * A migration that opens its own transaction on the view gets a savepoint of ours, so what it commits or rolls back
 * still becomes durable, or not, together with the history row.
 */
export function joinTransaction(sequelize: Sequelize, connection: unknown, onStatement: OnStatement): Joined {
  const transaction = transactionOn(sequelize, connection);
  const view: Sequelize = Object.create(sequelize);
  const joinOptions = <T extends { transaction?: Transaction | null }>(options: T | undefined) => ({
    ...options,
    transaction: options?.transaction ?? transaction,
  });

  const query = sequelize.query as (
    sql: string | { query: string; values: unknown[] },
    options?: QueryOptions,
  ) => Promise<unknown>;
  const open = sequelize.transaction as (
    options: TransactionOptions,
    work?: (inner: Transaction) => PromiseLike<unknown>,
  ) => Promise<unknown>;

  Object.defineProperties(view, {
    query: {
      value: async (sql: string | { query: string; values: unknown[] }, options?: QueryOptions) => {
        onStatement(typeof sql === 'string' ? sql : sql.query);
        return query.call(sequelize, sql, joinOptions(options));
      },
    },
    transaction: {
      value: (
        first?: TransactionOptions | ((inner: Transaction) => PromiseLike<unknown>),
        second?: (inner: Transaction) => PromiseLike<unknown>,
      ) =>
        typeof first === 'function'
          ? open.call(view, joinOptions<TransactionOptions>(undefined), first)
          : open.call(view, joinOptions(first), second),
    },
  });
  const original = sequelize.getQueryInterface();
  const Interface = original.constructor as new (sequelize: Sequelize, generator: unknown) => QueryInterface;
  const queryInterface = new Interface(view, original.queryGenerator);
  Object.defineProperties(view, {
    queryInterface: { value: queryInterface, writable: true },
    getQueryInterface: { value: () => queryInterface },
  });
  return { sequelize: view, queryInterface };
}

/** A Transaction object for a connection on which we have sent BEGIN ourselves. */
export function transactionOn(sequelize: Sequelize, connection: unknown): Transaction {
  const Constructor = Transaction as unknown as new (sequelize: Sequelize, options: object) => Transaction;
  const transaction = new Constructor(sequelize, {});
  return Object.assign(transaction, { connection });
}
