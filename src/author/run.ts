/**
 * Runs the code of migrations: the work that it starts has to finish before it counts as done, errors outside its promise
 * fail it, and its output is written to standard error. Imports core only; every caller of author code uses this module.
 */
import { writeSync } from 'node:fs';
import { type Readable, Stream } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingQueries } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import { giveUp, unfinished, watchBegun } from './begun.ts';
import { type Author, currentAuthor, notAsAuthor, runAs } from './context.ts';
import { guardExit, problemOfAuthor } from './exit.ts';
import { divideOutput } from './output.ts';

const NO_QUERIES: PendingQueries = { drain: async () => false, pending: () => false };

/** How long work may continue after the function has returned, in milliseconds. Queries have no such limit. */
const LONGEST = 10_000;
const LONGEST_IDLE = 2_000;
/** How long the function may wait while nothing that it started is active. */
const LONGEST_WAIT = 10_000;
const LOOK_EVERY = 250;

const running: Author[] = [];

/** Passes an error that was thrown outside every promise to the migration whose code it is; false if none runs. */
export function blameMigration(error: unknown): boolean {
  const now = currentAuthor();
  const author = now !== undefined && running.includes(now) ? now : running.at(-1);
  author?.fail(author === now ? error : (problemOfAuthor(error) ?? error));
  return author !== undefined;
}

/**
 * Calls the code and waits until all work that it has started has ended: queries, transactions, timers, files, even
 * if the code does not await it. An error in any of it fails the code, and a `process.exit(0)` in it does not look like
 * success. Throws what the code throws; ProblemError MigrationFailed for work that is still running.
 */
export async function runAuthorCode(
  name: string,
  code: () => unknown,
  queries: PendingQueries = NO_QUERIES,
): Promise<void> {
  divideOutput();
  guardExit();
  const stray = Promise.withResolvers<never>();
  stray.promise.catch(() => {});
  const author: Author = { name, begun: new Map(), fail: (error) => stray.reject(unawaited(error)) };
  const onExit = (exitCode: number) => {
    if (exitCode !== 0) return;
    process.exitCode = 1;
    writeSync(
      2,
      `error: MigrationFailed: ${name} called process.exit, which ended the whole run; the migration is not recorded, and its transaction is rolled back.\n  next: Remove process.exit from the migration: return on success, throw on failure.\n`,
    );
  };
  const failed = new AbortController();
  const toItsEnd = async () => {
    const returned = Promise.resolve(runAs(author, () => allOf(code)));
    await orNever(returned, author, queries);
    await allEnded(author, queries, failed.signal);
  };
  running.push(author);
  const { exitCode } = process;
  process.on('exit', onExit);
  try {
    await watchBegun(() => Promise.race([toItsEnd(), stray.promise]));
    if (process.exitCode !== exitCode && process.exitCode) throw setExitCode(process.exitCode);
  } finally {
    process.exitCode = exitCode;
    // The work of the code is no longer tracked, so a wait for its end would never finish.
    failed.abort();
    // A promise that failed with the same error is rejected one turn later, and belongs to this code too.
    await notAsAuthor(async () => {
      await turn();
      await turn();
    });
    process.off('exit', onExit);
    running.splice(running.indexOf(author), 1);
  }
}

function setExitCode(code: number | string): ProblemError {
  return new ProblemError({
    reason: 'MigrationFailed',
    message: `The function set process.exitCode to ${code}, so it has failed without an error. Throw an error instead.`,
  });
}

/**
 * Fails once the function waits for something that cannot happen: a callback `done` that it never calls, a promise that
 * is never settled. Node would end a program that waits so.
 */
async function orNever(returned: Promise<void>, author: Author, queries: PendingQueries): Promise<void> {
  // Counted, not measured: code that blocks the process is not waiting.
  let quiet = 0;
  let watch: NodeJS.Timeout | undefined;
  const never = new Promise<never>((_, reject) => {
    const look = () => {
      quiet = queries.pending() || unfinished(author.begun).length > 0 ? 0 : quiet + LOOK_EVERY;
      if (quiet > LONGEST_WAIT) reject(waitsForever());
    };
    watch = notAsAuthor(() => setInterval(look, LOOK_EVERY));
  });
  try {
    await Promise.race([returned, never]);
  } finally {
    clearInterval(watch);
  }
}

function waitsForever(): ProblemError {
  return new ProblemError({
    reason: 'MigrationFailed',
    message: `The function did not end: for ${LONGEST_WAIT / 1000} s nothing that it started was active. It waits for a promise that is never settled, or its third parameter, the callback "done", was not called. Call done(), or return a promise.`,
  });
}

/**
 * An array of promises counts like a single promise. Work that never starts is refused: calling a generator does not run
 * its body, and a function or a stream that is returned is neither called nor read.
 */
async function allOf(code: () => unknown): Promise<void> {
  await settle(await code());
}

async function settle(value: unknown): Promise<void> {
  const message = neverStarted(value);
  if (message !== undefined) throw new ProblemError({ reason: 'MigrationFailed', message });
  if (!Array.isArray(value)) return;
  const waiting = value.filter((one) => isThenable(one) || Array.isArray(one) || typeof one === 'function');
  for (const inner of await Promise.all(waiting)) await settle(inner);
}

export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function neverStarted(value: unknown): string | undefined {
  if (isUncalled(value)) {
    return 'The function returned a function, which is not called. Call it, and await or return what it returns.';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Stream) {
    return isUnread(value)
      ? 'The function returned a stream, which is not read. Read it to its end, and await the end.'
      : undefined;
  }
  if ('next' in value && typeof value.next === 'function' && 'throw' in value && isIterable(value)) {
    return 'The function is a generator, so a call does not run its body. Write an async function, with await instead of yield.';
  }
  return Symbol.asyncIterator in value
    ? 'The function returned an asynchronous iterable, which is not read. Read it with `for await`.'
    : undefined;
}

/** Classes, and functions with members, are values: a model, the `knex` or the `Sequelize` that the code was given. */
function isUncalled(value: unknown): boolean {
  if (typeof value !== 'function' || Object.keys(value).length > 0) return false;
  return !/^class\b/.test(Function.prototype.toString.call(value));
}

function isUnread(stream: Stream): boolean {
  if (!('readableFlowing' in stream) || stream.readableFlowing !== null) return false;
  const { readable, readableDidRead } = stream as Readable;
  return readable && !readableDidRead && stream.listenerCount('readable') === 0;
}

function isIterable(value: object): boolean {
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/**
 * A chain of promises continues between two turns of the event loop, so it has ended once a turn has passed in which
 * nothing was pending.
 */
async function allEnded(author: Author, queries: PendingQueries, failed: AbortSignal): Promise<void> {
  await notAsAuthor(async () => {
    let began = performance.now();
    for (let quiet = 0; quiet < 2 && !failed.aborted; ) {
      if (await queries.drain()) {
        quiet = 0;
        began = performance.now();
      }
      await turn();
      const left = unfinished(author.begun);
      if (left.length === 0) {
        quiet += 1;
        continue;
      }
      quiet = 0;
      const passed = performance.now() - began;
      const [first] = left.filter(({ idle }) => !idle);
      if (first === undefined && passed > LONGEST_IDLE) return;
      if (first !== undefined && passed > LONGEST) {
        giveUp(author.begun);
        throw leftRunning(first);
      }
      await sleep(5);
    }
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function leftRunning({ what, origin }: { what: string; origin: Error }): Error {
  const error = new ProblemError({
    reason: 'MigrationFailed',
    message: `The function left ${what} running: it had not ended ${LONGEST / 1000} s later, so it may still change the database. Wait for it before the function returns, or stop it.`,
  });
  return Object.assign(error, { stack: `${error.name}: ${error.message}\n${frames(origin)}` });
}

function frames({ stack = '' }: Error): string {
  return stack.slice(stack.indexOf('\n') + 1);
}

function unawaited(error: unknown): Error {
  if (error instanceof ProblemError) return error;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const unhandled = new Error(`${message} (unhandled rejection: await every promise and every timer before the end)`);
  return Object.assign(unhandled, { name, stack });
}
