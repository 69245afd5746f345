import { currentAuthor, runAs } from './context.ts';

let divided = false;

/**
 * From now on what author's code prints goes to standard error, whichever way it prints: standard output is ours, and with
 * `--json` it is one document.
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

/** Imports a file of the author's, so that what it prints meanwhile and later is known as the author's. */
export function importAsAuthor<T>(name: string, load: () => Promise<T>): Promise<T> {
  divideOutput();
  return runAs({ name, begun: new Map(), fail: () => {} }, load);
}
