import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Which migration the code that runs now belongs to, through every await, timer and callback that it has begun. Code of
 * a module that is being imported belongs to an author too, but to no migration.
 */
export interface Author {
  /** The file, for messages. */
  name: string;
  /** What the code has begun and what has not ended yet, by async id. */
  begun: Map<number, Begun>;
  /** Fails the migration with an error that its own promise does not carry. */
  fail(error: unknown): void;
}

/** Something asynchronous: a timer, a file that is being read, a process. */
export interface Begun {
  kind: string;
  resource: object;
  /** Where it was begun. */
  origin: Error;
}

const context = new AsyncLocalStorage<Author>();

export function currentAuthor(): Author | undefined {
  return context.getStore();
}

export function runAs<T>(author: Author, work: () => T): T {
  return context.run(author, work);
}

/** For what we do on behalf of a migration: our own timers and connections are not the migration's. */
export function notAsAuthor<T>(work: () => T): T {
  return context.exit(work);
}

/** A function that belongs to the present author wherever it is called later. */
export function boundToAuthor<T extends (...args: never[]) => unknown>(call: T): T {
  const author = context.getStore();
  if (author === undefined) return call;
  return ((...args) => context.run(author, () => call(...args))) as T;
}
