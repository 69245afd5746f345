import type { Readable } from 'node:stream';

/** A line longer than this is cut, in characters: no event of a watch or a run is as long. */
const LONGEST = 16_000_000;

/**
 * The lines of a stream as they come. Throws when the stream breaks off, which node:readline does not tell: it waits
 * for ever for the end of a connection that was reset.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + chunk).split('\n');
    rest = (parts.pop() ?? '').slice(0, LONGEST);
    yield* parts;
  }
  if (rest !== '') yield rest;
}
