import type { Transaction } from 'sequelize';
import type { PendingQueries } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';

export type TransactionWork = (inner: Transaction) => PromiseLike<unknown>;

/** What a code migration has begun on its connection: queries, and transactions of its own. */
export interface Begun extends PendingQueries {
  /** Counts work as the migration's own until it has ended; afterwards it is refused. */
  track<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The same for a transaction, which has to be over when the migration is. `work` is absent where the migration ends the
   * transaction itself; `open` opens it, and calls the work that it is given.
   */
  trackTransaction(
    work: TransactionWork | undefined,
    open: (work: TransactionWork | undefined) => Promise<unknown>,
  ): Promise<unknown>;
  /**
   * Waits for queries that the migration sent and did not wait for, so that none of them lands behind our COMMIT, and
   * refuses those that come later. Throws what such a forgotten query throws, and where a transaction was left open.
   */
  end(): Promise<void>;
}

export function begunWork(onLate?: () => void): Begun {
  const pending = new Set<Promise<unknown>>();
  const transactions = new Set<Promise<unknown>>();
  const opened: Transaction[] = [];
  let ended = false;
  let failure: { reason: unknown } | undefined;

  const late = () => {
    onLate?.();
    return Promise.reject(new Error('The migration had already ended. Wait for every query with await.'));
  };
  const failed = (reason: unknown) => {
    failure ??= { reason };
  };
  const drain = async () => {
    // Handlers come first: what nobody waits for stays unhandled, and loud, unless this is in time to take it.
    for (const transaction of transactions) transaction.catch(failed);
    const some = pending.size > 0;
    while (pending.size > 0) {
      for (const result of await Promise.allSettled(pending)) if (result.status === 'rejected') failed(result.reason);
    }
    if (failure !== undefined) throw failure.reason;
    return some;
  };
  return {
    drain,
    track(work) {
      if (ended) return late();
      const theirs: ReturnType<typeof work> = finished(work, () => void pending.delete(theirs));
      pending.add(theirs);
      return theirs;
    },
    trackTransaction(work, open) {
      if (ended) return late();
      const noted = (inner: Transaction) => {
        opened.push(inner);
        return work === undefined ? Promise.resolve() : work(inner);
      };
      const run = async () => {
        if (work !== undefined) return open(noted);
        const inner = (await open(undefined)) as Transaction;
        opened.push(inner);
        return inner;
      };
      const theirs: Promise<unknown> = finished(run, () => void transactions.delete(theirs));
      transactions.add(theirs);
      return theirs;
    },
    async end() {
      // A chain of promises goes on between two turns of the event loop.
      while (await drain()) await turn();
      await turn();
      while (await drain()) await turn();
      ended = true;
      if (opened.some(isOpen)) {
        throw new ProblemError({
          reason: 'MigrationFailed',
          message:
            'The migration left a transaction open, which was rolled back. Wait for sequelize.transaction(…) with await or return, and end each transaction with commit() or rollback().',
        });
      }
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Sequelize notes on a transaction how it has ended. */
function isOpen(transaction: Transaction): boolean {
  return (transaction as Transaction & { finished?: string }).finished === undefined;
}

/** The one place that waits for the work: V8 follows a stack to the migration's line only where there is one. */
async function finished<T>(work: () => Promise<T>, done: () => void): Promise<T> {
  try {
    return await work();
  } finally {
    done();
  }
}
