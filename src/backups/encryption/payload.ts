/** The payload of the age format: chunks of 64 KiB, each sealed with a counter; the last one is marked. */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export const NONCE_BYTES = 16;
export const TAG_BYTES = 16;
const CHUNK = 64 * 1024;
const ALGORITHM = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** From the key of the file, and the nonce that follows the header. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

export async function* sealPayload(
  start: Buffer,
  source: AsyncIterable<Buffer>,
  key: Buffer,
): AsyncGenerator<Buffer, void, undefined> {
  yield start;
  let number = 0;
  for await (const { chunk, last } of chunksOf(source, CHUNK)) {
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(number++, last), OPTIONS);
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
  }
}

export async function* openPayload(
  source: AsyncIterable<Buffer>,
  key: Buffer,
  damaged: (why: string) => Error,
): AsyncGenerator<Buffer, void, undefined> {
  let number = 0;
  for await (const { chunk, last } of chunksOf(source, CHUNK + TAG_BYTES)) {
    // Only an empty file has an empty last chunk.
    if (chunk.length < TAG_BYTES || (number > 0 && chunk.length === TAG_BYTES)) throw damaged('it was truncated');
    const decipher = createDecipheriv(ALGORITHM, key, nonceOf(number++, last), OPTIONS);
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
    const plain = decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES));
    try {
      decipher.final();
    } catch {
      throw damaged('it was truncated or changed');
    }
    yield plain;
  }
}

/** Chunks of `size` bytes; the last one may be shorter, and is empty only if there are no bytes. */
async function* chunksOf(
  source: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<{ chunk: Buffer; last: boolean }> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const piece of source) {
    held.push(piece);
    length += piece.length;
    if (length <= size) continue;
    const all = Buffer.concat(held, length);
    let at = 0;
    // A full chunk is yielded once a byte after it is known, because the last one is marked.
    for (; length - at > size; at += size) yield { chunk: all.subarray(at, at + size), last: false };
    held = [all.subarray(at)];
    length -= at;
  }
  yield { chunk: Buffer.concat(held, length), last: true };
}

/** 11 bytes of a counter, most significant first, and a byte that marks the last chunk. */
function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
