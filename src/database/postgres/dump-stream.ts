import type { Program } from './dump-program.ts';

/** pg_dump's words where it failed. */
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
  const failure: { words?: string } = {};
  const output = outputOf(program, failure, onBytes);
  try {
    const first = await output.next();
    await take(from(first, output));
  } catch (error) {
    program.child.kill('SIGTERM');
    await program.ended.catch(() => {});
    signal?.throwIfAborted();
    if (failure.words === undefined) throw error;
  }
  return failure.words;
}

async function* outputOf(
  { child, ended }: Program,
  failure: { words?: string },
  onBytes: (done: number) => void,
): AsyncGenerator<Buffer> {
  let done = 0;
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    done += piece.length;
    onBytes(done);
    yield piece;
  }
  const { ok, words } = await ended;
  if (ok) return;
  failure.words = words;
  throw new Failed(words);
}

async function* from(first: IteratorResult<Buffer>, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
