import { gunzipSync } from 'node:zlib';
import type { HistoryRow, StoredSource } from '../../core/model/history.ts';
import type { MigrationFile, SentStatements } from '../../core/model/migration.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { Revision } from '../../core/model/revision.ts';
import { checksumOf } from '../checksum.ts';
import { digestOf, LARGEST_SOURCE, LARGEST_TEXT, SOURCE_FORMAT, type SourceHeader } from './encode.ts';

type Decoded = { ok: true; file: MigrationFile } | { ok: false; problem: Problem };

/**
 * The files of an applied migration from its stored text. Problems: MissingMigration if none is stored,
 * StoredSourceInvalid if it is not the text that was stored.
 */
export function decodeSource(row: HistoryRow, source: StoredSource | undefined): Decoded {
  const { revision, toolVersion } = row;
  if (source?.format === undefined || source.content === undefined) return absent(revision, source);
  if (source.format !== SOURCE_FORMAT) {
    return invalid(
      revision,
      `is in the format ${source.format}, which this version does not support. db-manager ${toolVersion} applied it: use that version or a newer one`,
    );
  }
  if (source.digest !== digestOf(source.content)) return damaged(revision);
  const read = unpack(source.content);
  if (read === undefined) return damaged(revision);
  const { header, contents } = read;
  const checksum = checksumOf(contents);
  if (row.checksum !== null && row.checksum !== checksum) {
    return invalid(
      revision,
      'is not the text of the applied file: its checksum differs from the one in the history. If you have the applied file, store it: db-manager repair --store-sources',
    );
  }
  const { type, sent } = header;
  const files = header.files.map(({ name }) => name);
  const replayable = source.note !== 'OwnImports';
  const stored = { contents, replayable, ...(type ? { type } : {}), ...(sent ? { sent } : {}) };
  return { ok: true, file: { revision, files, checksum, stored } };
}

function absent(revision: Revision, source: StoredSource | undefined): Decoded {
  const why =
    source?.note === 'TooLarge'
      ? `its text was larger than ${LARGEST_SOURCE / 1024 / 1024} MiB and was not stored`
      : 'no text is stored for it. Where the file is, store it: db-manager repair --store-sources';
  return { ok: false, problem: { reason: 'MissingMigration', migration: revision, message: `${revision}: ${why}` } };
}

function damaged(revision: Revision): Decoded {
  return invalid(
    revision,
    'was changed or truncated after it was stored. It is not used. If you have the file, store it again: db-manager repair --store-sources',
  );
}

function invalid(revision: Revision, why: string): Decoded {
  const message = `The text that the history keeps of ${revision} ${why}.`;
  return { ok: false, problem: { reason: 'StoredSourceInvalid', migration: revision, message } };
}

function unpack(content: Uint8Array): { header: SourceHeader; contents: Uint8Array[] } | undefined {
  try {
    const whole = gunzipSync(content, { maxOutputLength: LARGEST_TEXT });
    const end = whole.indexOf(10);
    const header = headerOf(JSON.parse(whole.subarray(0, end).toString()));
    if (header === undefined) return undefined;
    let at = end + 1;
    const contents = header.files.map(({ bytes }) => {
      at += bytes;
      return whole.subarray(at - bytes, at);
    });
    return at === whole.length ? { header, contents } : undefined;
  } catch {
    return undefined;
  }
}

/** What another program may have written is not trusted: names stay inside a folder. */
function headerOf(value: unknown): SourceHeader | undefined {
  if (typeof value !== 'object' || value === null || !('files' in value) || !Array.isArray(value.files))
    return undefined;
  const files: unknown[] = value.files;
  if (files.length === 0 || !files.every(isFile)) return undefined;
  const type = 'type' in value && (value.type === 'module' || value.type === 'commonjs') ? value.type : undefined;
  const sent = 'sent' in value && isSent(value.sent) ? value.sent : undefined;
  return { files, ...(type ? { type } : {}), ...(sent ? { sent } : {}) };
}

function isFile(value: unknown): value is SourceHeader['files'][number] {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('bytes' in value)) return false;
  const { name, bytes } = value;
  if (typeof name !== 'string' || !Number.isSafeInteger(bytes) || Number(bytes) < 0) return false;
  return name !== '' && !name.startsWith('/') && !name.split(/[\\/]/).includes('..') && !name.includes('\0');
}

function isSent(value: unknown): value is SentStatements {
  if (typeof value !== 'object' || value === null || !('statements' in value) || !('complete' in value)) return false;
  const { statements, complete } = value;
  return (
    typeof complete === 'boolean' && Array.isArray(statements) && statements.every((one) => typeof one === 'string')
  );
}
