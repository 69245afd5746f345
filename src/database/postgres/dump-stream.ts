import type { Program } from './dump-program.ts';

/** Standard error of pg_dump if it failed. */
class Failed extends Error {}

/**
 * Passes the output of a program to `take`. Returns the program's message if it failed, and undefined if it succeeded; then `take` has read everything.
 * A failure of `take` stops the program and is thrown. If the program fails before its first byte, `take` is not called.
 */
export async function consume(
  program: Program,
  take: (source: AsyncIterable<Buffer>) => Promise<void>,
  { onBytes, signal }: { onBytes(done: number): void; signal?: AbortSignal },
): Promise<string | undefined> {
  const failure: { stderr?: string } = {};
  const output = outputOf(program, failure, onBytes);
  try {
    const first = await output.next();
    await take(from(first, output));
  } catch (error) {
    program.child.kill('SIGTERM');
    await program.ended.catch(() => {});
    signal?.throwIfAborted();
    if (failure.stderr === undefined) throw error;
  }
  return failure.stderr;
}

async function* outputOf(
  { child, ended }: Program,
  failure: { stderr?: string },
  onBytes: (done: number) => void,
): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    done += piece.length;
    onBytes(done);
    yield piece;
  }
  const { ok, stderr } = await ended;
  if (ok) return;
  failure.stderr = stderr;
  throw new Failed(stderr);
}

async function* from(first: IteratorResult<Buffer>, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
