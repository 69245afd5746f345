import { createHash, hash } from 'node:crypto';

/**
 * `sha256:<hex>` of a migration's files. Line ends count as LF, so a checkout on Windows is the same migration;
 * everything else counts, comments too. Several files are hashed in order with a zero byte between them.
 */
export function checksumOf(contents: readonly Uint8Array[]): string {
  const [first] = contents;
  // Without an object for each of a thousand files.
  if (first !== undefined && contents.length === 1) return `sha256:${hash('sha256', withoutCarriageReturns(first))}`;
  const all = createHash('sha256');
  contents.forEach((content, index) => {
    if (index > 0) all.update('\0');
    all.update(withoutCarriageReturns(content));
  });
  return `sha256:${all.digest('hex')}`;
}

const CR = 13;
const LF = 10;

/** CRLF becomes LF; bytes, not text, so that a file in another encoding cannot collide with one in UTF-8. */
function withoutCarriageReturns(content: Uint8Array): Uint8Array {
  if (!content.includes(CR)) return content;
  const out = new Uint8Array(content.length);
  let length = 0;
  for (let i = 0; i < content.length; i += 1) {
    const byte = content[i] ?? 0;
    if (byte === CR && content[i + 1] === LF) continue;
    out[length] = byte;
    length += 1;
  }
  return out.subarray(0, length);
}
