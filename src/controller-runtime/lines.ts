import { setImmediate as turn } from 'node:timers/promises';

/** A longer line is truncated, in bytes: no event of a watch is this long. */
const LONGEST = 16_000_000;
/** Largest buffer that is kept for the next line, in bytes. */
const SMALL = 65_536;
const NEWLINE = 10;

/**
 * The lines of a stream as they arrive. Throws if the stream is interrupted; node:readline does not report this and
 * waits forever for a connection that was reset.
 *
 * Each byte is read once. The part of a line that exceeds `longest` (by the first byte of the line) is dropped as it
 * arrives. The event loop runs after each chunk, so that the sender of the stream cannot block the process.
 */
export async function* linesOf(
  stream: AsyncIterable<Buffer | string>,
  longest: (first: number) => number = () => LONGEST,
): AsyncGenerator<string> {
  let held: Buffer = Buffer.alloc(0);
  let size = 0;
  let begun = false;
  let limit = 0;
  const cut = (bytes: Buffer) => {
    if (!begun && bytes.length > 0) {
      begun = true;
      limit = longest(bytes[0] ?? 0);
    }
    return bytes.subarray(0, Math.max(0, limit - size));
  };
  const hold = (bytes: Buffer) => {
    const kept = cut(bytes);
    if (size + kept.length > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(1_024, held.length * 2, size + kept.length));
      held.copy(larger, 0, 0, size);
      held = larger;
    }
    kept.copy(held, size);
    size += kept.length;
  };
  const line = (bytes: Buffer) => {
    const kept = cut(bytes);
    const text = size === 0 ? kept.toString('utf8') : Buffer.concat([held.subarray(0, size), kept]).toString('utf8');
    if (held.length > SMALL) held = Buffer.alloc(0);
    size = 0;
    begun = false;
    return text;
  };
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      yield line(bytes.subarray(from, end));
      from = end + 1;
    }
    hold(bytes.subarray(from));
    await turn();
  }
  if (size > 0) yield line(Buffer.alloc(0));
}
