/**
 * The text of applied migrations, as the history keeps it: `encode` makes it of files, `decode` makes files of it. The
 * format is a header in JSON, a line end, and the bytes of the files, together compressed with gzip.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
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
  return gzipSync(text, text.length < 4096 ? { windowBits: 12, memLevel: 5, chunkSize: 4096 } : {});
}

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
