import { type Author, currentAuthor, runAs } from './context.ts';
import { guardExit } from './exit.ts';

let divided = false;

/**
 * From now on all output of author code is written to standard error, however it is printed: standard output is ours, and
 * with `--json` it is one document.
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

/**
 * Imports an author's file, so that its output during and after the import is attributed to the author. A call of
 * `process.exit` rejects with a ProblemError of the given reason.
 */
export function importAsAuthor<T>(
  name: string,
  imported: NonNullable<Author['imported']>,
  load: () => Promise<T>,
): Promise<T> {
  divideOutput();
  guardExit();
  return runAs({ name, imported, begun: new Map(), fail: () => {} }, load);
}
