import { ProblemError } from '../core/model/problem.ts';
import { type Author, currentAuthor, runAs } from './context.ts';
import { guardExit } from './exit.ts';

let divided = false;

/**
 * From now on all output of author code is written to standard error, by any method of printing: standard output
 * belongs to db-manager, and with `--json` it is one document.
 */
export function divideOutput(): void {
  if (divided) return;
  divided = true;
  const { stdout, stderr } = process;
  const write = stdout.write;
  stdout.write = function toItsPlace(this: typeof stdout, ...args: Parameters<typeof stdout.write>) {
    return currentAuthor() === undefined ? write.apply(stdout, args) : stderr.write(...args);
  } as typeof stdout.write;
}

/** In milliseconds. An application that a file imports with everything takes seconds. */
const IMPORT_LIMIT = 120_000;

/**
 * Imports an author's file, so that its output during and after the import is attributed to the author. A call of
 * `process.exit` rejects with a ProblemError of the given reason, and so does an import that does not end.
 */
export function importAsAuthor<T>(
  name: string,
  imported: NonNullable<Author['imported']>,
  load: () => Promise<T>,
  limit = IMPORT_LIMIT,
): Promise<T> {
  divideOutput();
  guardExit();
  return new Promise((resolve, reject) => {
    const stop = () => {
      const message = `The import of ${name} does not end: it or a module that it imports awaits something that does not happen. Do not open connections or wait at the top level of a module.`;
      reject(new ProblemError({ reason: imported, message }));
    };
    // If nothing else is left to happen, Node.js would end the process with exit code 13.
    process.once('beforeExit', stop);
    const timer = setTimeout(stop, limit).unref();
    runAs({ name, imported, begun: new Map(), fail: () => {} }, load)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        process.off('beforeExit', stop);
      });
  });
}
