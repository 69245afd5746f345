import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The migration to which the running code belongs, through every await, timer and callback that the code has started.
 * Code of a module during its import also has an author, but not a migration.
 */
export interface Author {
  /** The file, for messages. */
  name: string;
  /** What the code has started and what has not ended yet, by async id. */
  begun: Map<number, StartedWork>;
  /** For code that runs because a file is imported: the reason of what fails there. */
  imported?: 'InvalidMigration' | 'InvalidConfiguration';
  /** Fails the migration with an error that its own promise does not carry. */
  fail(error: unknown): void;
}

/** An asynchronous resource: a timer, a file read, a process. */
export interface StartedWork {
  kind: string;
  resource: object;
  /** If it was started. */
  origin: Error;
}

const context = new AsyncLocalStorage<Author>();

export function currentAuthor(): Author | undefined {
  return context.getStore();
}

export function runAs<T>(author: Author, work: () => T): T {
  return context.run(author, work);
}

/** For our own work on behalf of a migration: our timers and connections do not belong to the migration. */
export function notAsAuthor<T>(work: () => T): T {
  return context.exit(work);
}

/** A function that keeps the current author, regardless of where it is called later. */
export function boundToAuthor<T extends (...args: never[]) => unknown>(call: T): T {
  const author = context.getStore();
  if (author === undefined) return call;
  return ((...args) => context.run(author, () => call(...args))) as T;
}
