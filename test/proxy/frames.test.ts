import assert from 'node:assert/strict';
import { type FramePiece, Frames, type Treatment } from '../../src/proxy/frames.ts';

function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(Buffer.byteLength(body) + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

const TREATMENTS: Record<string, Treatment> = { Q: 'hold', P: 'hold', E: 'peek' };

function split(chunks: readonly Buffer[], mostHeld = 1_000) {
  const seen: { type: string; shown: string | undefined }[] = [];
  const frames = new Frames({
    treatment: (type) => TREATMENTS[type] ?? 'pass',
    mostHeld,
    mostShown: 4,
    onMessage: (type, shown) => seen.push({ type, shown: shown?.toString() }),
  });
  const pieces: FramePiece[] = chunks.flatMap((chunk) => frames.feed(chunk));
  return { pieces, seen, frames };
}

const bytesOf = (pieces: readonly FramePiece[]) => Buffer.concat(pieces.map(({ bytes }) => bytes));
const held = (pieces: readonly FramePiece[]) =>
  pieces.flatMap((piece) => (piece.kind === 'message' ? [piece.bytes.subarray(5).toString()] : []));

describe('frames of the protocol', () => {
  const stream = Buffer.concat([
    message('d', 'x'.repeat(50)),
    message('Q', 'SELECT 1\0'),
    message('S', ''),
    message('E', 'SERROR'),
    message('P', '\0SELECT $1\0'),
    message('B', 'parameters'),
  ]);

  it('are found however the stream is cut, and the stream is unchanged', () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(Buffer.from(stream.subarray(at, at + size)));
      const { pieces, seen, frames } = split(chunks);
      assert.deepEqual(bytesOf(pieces), stream, `chunks of ${size}`);
      assert.deepEqual(held(pieces), ['SELECT 1\0', '\0SELECT $1\0'], `chunks of ${size}`);
      assert.deepEqual(
        seen.map(({ type }) => type),
        ['d', 'Q', 'S', 'E', 'P', 'B'],
      );
      assert.equal(seen[3]?.shown, 'SERR');
      assert.ok(frames.atBoundary);
    }
  });

  it('that are held are passed on only when they are complete', () => {
    const { pieces, frames } = split([stream.subarray(0, 60)]);
    assert.deepEqual(bytesOf(pieces), stream.subarray(0, 55));
    assert.ok(!frames.atBoundary);
  });

  it('that are too long to be held are shown by their start and passed on', () => {
    const long = Buffer.concat([message('Q', 'INSERT'.repeat(500)), message('S', '')]);
    for (const size of [1, 7, 4_000]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < long.length; at += size) chunks.push(Buffer.from(long.subarray(at, at + size)));
      const { pieces, seen } = split(chunks);
      assert.deepEqual(bytesOf(pieces), long);
      assert.deepEqual(held(pieces), []);
      assert.equal(pieces.filter(({ kind }) => kind === 'long').length, 1);
      assert.deepEqual(seen, [
        { type: 'Q', shown: 'INSE' },
        { type: 'S', shown: undefined },
      ]);
    }
  });

  it('refuses what is not the protocol', () => {
    assert.throws(() => split([message('S', ''), Buffer.from([0x51, 0, 0, 0, 1])]), /length/);
  });
});
