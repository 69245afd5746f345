import type { Transaction } from 'sequelize';
import { SentAfterItsEnd } from '../author/exit.ts';
import type { PendingQueries } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';

export type TransactionWork = (inner: Transaction) => PromiseLike<unknown>;

/** What a code migration has started on its connection: queries, and its own transactions. */
export interface TrackedWork extends PendingQueries {
  /** Counts work as the migration's own until the migration has ended; later work is rejected. */
  track<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The same for a transaction, which has to end before the migration does. `work` is absent if the migration ends the
   * transaction itself; `open` opens it and runs the work that it is given.
   */
  trackTransaction(
    work: TransactionWork | undefined,
    open: (work: TransactionWork | undefined) => Promise<unknown>,
  ): Promise<unknown>;
  /**
   * Waits for queries that the migration sent and did not await, so that none of them runs after our COMMIT, and
   * rejects later ones. Throws the error of such a query, and throws if a transaction was left open.
   */
  end(): Promise<void>;
}

export function begunWork(revision: string, onLate?: () => void): TrackedWork {
  const pending = new Set<Promise<unknown>>();
  const transactions = new Set<Promise<unknown>>();
  const opened: Transaction[] = [];
  let ended = false;
  let failure: { reason: unknown } | undefined;

  const late = () => {
    onLate?.();
    return Promise.reject(new SentAfterItsEnd(revision));
  };
  const failed = (reason: unknown) => {
    failure ??= { reason };
  };
  const drain = async () => {
    // Handlers come first: a promise without a handler stays unhandled, and is reported, unless this handles it in time.
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
    pending: () => pending.size > 0 || transactions.size > 0,
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
      // A chain of promises continues between two turns of the event loop.
      while (await drain()) await turn();
      await turn();
      while (await drain()) await turn();
      ended = true;
      if (opened.some(isOpen)) {
        throw new ProblemError({
          reason: 'MigrationFailed',
          message:
            'The migration left a transaction open, which was rolled back. Await or return sequelize.transaction(…), and end each transaction with commit() or rollback().',
        });
      }
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Sequelize records on a transaction how it has ended. */
function isOpen(transaction: Transaction): boolean {
  return (transaction as Transaction & { finished?: string }).finished === undefined;
}

/** The only place that waits for the work: V8 can trace a stack to the migration's line only if there is a single one. */
async function finished<T>(work: () => Promise<T>, done: () => void): Promise<T> {
  try {
    return await work();
  } finally {
    done();
  }
}
