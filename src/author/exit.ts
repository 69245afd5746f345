import { ProblemError } from '../core/model/problem.ts';
import { type Author, currentAuthor } from './context.ts';

let guarded = false;

/**
 * From now on `process.exit` in author code fails that code instead of the process: with an exit code of 0, a run that
 * applied nothing would look like success, and a Job would have no report.
 */
export function guardExit(): void {
  if (guarded) return;
  guarded = true;
  const { exit } = process;
  process.exit = ((...code) => {
    const author = currentAuthor();
    // An argument, even if it is undefined, replaces the exit code that was set.
    if (author === undefined) return exit.apply(process, code);
    const error = exitCalled(author);
    author.fail(error);
    throw error;
  }) as typeof process.exit;
}

/** Whether files of an author were imported into this process. What they started may keep it from ending. */
export function authorsWereImported(): boolean {
  return guarded;
}

/**
 * The problem of an error that no promise carried and that no running migration is to blame for: a file of an author
 * started something when it was imported, or a migration left something behind, and that has failed. Undefined for our own.
 */
export function problemOfAuthor(error: unknown): ProblemError | undefined {
  const author = currentAuthor();
  if (author === undefined || error instanceof ProblemError) return undefined;
  const { name, imported } = author;
  const message = error instanceof Error ? error.message : String(error);
  const problem =
    imported === undefined
      ? ({
          reason: 'MigrationFailed',
          message: `${name} started work that failed after the end of the migration: ${message}. Await everything that it starts.`,
        } as const)
      : {
          reason: imported,
          message: `${name} or a module that it imports started work when it was imported, and the work failed: ${message}. Import only what the file needs, and start no work at the top level of a module.`,
        };
  return new ProblemError(problem, { cause: error });
}

/** A query that code sent after the end of its migration. The code may not await the query, so its error may be lost. */
export class SentAfterItsEnd extends ProblemError {
  constructor(migration: string) {
    super({
      reason: 'MigrationFailed',
      migration,
      message: `${migration} sent a query after its end, which was rejected, so a part of its work is missing. Await every query. Inspect the database: the history may have the migration as applied.`,
    });
  }
}

function exitCalled({ name, imported }: Author): ProblemError {
  if (imported === undefined) {
    return new ProblemError({
      reason: 'MigrationFailed',
      message: `${name} called process.exit, so it is not recorded, and its transaction is rolled back. Remove process.exit from the migration: return on success, throw on failure.`,
    });
  }
  return new ProblemError({
    reason: imported,
    message: `${name} or a module that it imports called process.exit when it was imported. Remove the call, or import only what the file needs.`,
  });
}
