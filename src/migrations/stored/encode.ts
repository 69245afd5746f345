/**
 * The text of applied migrations, as the history keeps it: `encode` makes it of files, `decode` makes files of it. The
 * format is a header in JSON, a line end, and the bytes of the files, together compressed with gzip.
 */
import { createHash } from 'node:crypto';
import { crc32, gzipSync } from 'node:zlib';
import type { StoredSource } from '../../core/model/history.ts';
import type { MigrationFile, SentStatements } from '../../core/model/migration.ts';
import { suffixOf } from '../names.ts';
import { ownImports } from './own-imports.ts';

/** The only format that this version writes and reads. */
export const SOURCE_FORMAT = 'gzip-1';

/** A larger text is not stored. In bytes, compressed. */
export const LARGEST_SOURCE = 1024 * 1024;

/** The same before the compression: a file of zeros is not stored either. */
export const LARGEST_TEXT = 64 * LARGEST_SOURCE;

export interface SourceHeader {
  files: { name: string; bytes: number }[];
  /** How Node reads a `.js` or `.ts` file of it. */
  type?: 'module' | 'commonjs';
  sent?: SentStatements;
}

interface ToStore extends Pick<MigrationFile, 'files'> {
  contents: readonly Uint8Array[];
  type?: 'module' | 'commonjs';
  sent?: SentStatements;
}

/** Never throws: a text that is too large is stored as a note. */
export function encodeSource({ files, contents, type, sent }: ToStore): StoredSource {
  const header: SourceHeader = {
    files: files.map((name, index) => ({ name, bytes: contents[index]?.length ?? 0 })),
    ...(type === undefined ? {} : { type }),
    ...(sent === undefined ? {} : { sent }),
  };
  const size = header.files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (size > LARGEST_TEXT - LARGEST_SOURCE) return { note: 'TooLarge' };
  const content = gzip(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...contents]));
  if (content.length > LARGEST_SOURCE) return { note: 'TooLarge' };
  const imports = suffixOf(files[0] ?? '') === '.sql' ? [] : ownImports(Buffer.concat(contents).toString());
  return {
    format: SOURCE_FORMAT,
    content,
    digest: digestOf(content),
    ...(imports.length === 0 ? {} : { note: 'OwnImports', detail: imports.join(', ') }),
  };
}

/** zlib allocates 256 KiB for each text otherwise, which takes four times as long as to compress a small one. */
function gzip(text: Buffer): Buffer {
  if (text.length <= UNCOMPRESSED) return gzipUncompressed(text);
  return gzipSync(text, text.length < 4096 ? { windowBits: 12, memLevel: 5, chunkSize: 4096 } : {});
}

/** Of so few bytes little is saved, and creating a compressor takes longer than the rest of a small migration. */
const UNCOMPRESSED = 512;

/** One block without compression (RFC 1951, 3.2.4) in the format of gzip (RFC 1952). */
function gzipUncompressed(text: Buffer): Buffer {
  const block = Buffer.alloc(5);
  block[0] = 1;
  block.writeUInt16LE(text.length, 1);
  block.writeUInt16LE(~text.length & 0xffff, 3);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(text), 0);
  end.writeUInt32LE(text.length, 4);
  return Buffer.concat([GZIP_HEADER, block, text, end]);
}

/** Deflate, without a name and a time; of Unix. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
