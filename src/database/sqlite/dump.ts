/** Backups of SQLite: the online backup of a snapshot that a read transaction holds, and the check of a copy. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import type { CheckDumpOptions, DumpOptions, DumpResult } from '../port.ts';
import { openFile, withFile } from './dump-connection.ts';
import { copyPages, hasCode, isBusy } from './dump-copy.ts';

const BUSY_MS = 30_000;

/**
 * Writes a complete copy of the database at `path` to the new file `file`, while others read and, in WAL mode, write.
 * Only a page cache is loaded into memory. Throws ProblemError BackupFailed or NoSpace.
 */
export async function dump(path: string, file: string, options: DumpOptions): Promise<DumpResult> {
  if (options.compression !== 'auto' && options.compression !== 'none') {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `A SQLite backup is a plain database file and is not compressed. Set compression to auto or none, not ${options.compression}.`,
    });
  }
  const source = await openFile(path, 'read-write', BUSY_MS).catch((error) => {
    throw dumpProblem(error, path);
  });
  try {
    await source.exec('BEGIN');
    const [row] = await source.all<{ pages: number; size: number; version: string }>(
      `SELECT page_count AS pages, page_size AS size, sqlite_version() AS version
         FROM pragma_page_count, pragma_page_size, (SELECT count(*) FROM sqlite_master)`,
    );
    const pageSize = row?.size ?? 4096;
    await copyPages(source, file, {
      busyMs: BUSY_MS,
      onPages: (done, total) => options.onProgress?.(done * pageSize, total * pageSize),
      signal: options.signal,
    });
    return { format: 'sqlite', clientVersion: `SQLite ${row?.version}`, compression: 'none' };
  } catch (error) {
    throw dumpProblem(error, path);
  } finally {
    await source.close();
  }
}

/**
 * SQLite's own check of a backup, which is only read: every page and row, and, unless it is quick, every index against its
 * table. That takes minutes for many rows. A file that was checked before, and whose hash is the same, is only opened.
 * Throws ProblemError BackupInvalid.
 */
export async function checkDump(path: string, options: CheckDumpOptions = {}): Promise<void> {
  const invalid = (words: string, cause?: unknown) =>
    new ProblemError(
      { reason: 'BackupInvalid', message: `The copy ${basename(path)} is damaged, according to SQLite: ${words}.` },
      { cause },
    );
  const found = await withFile(path, 'immutable', async (copy) => {
    const stop = () => copy.raw.interrupt();
    options.signal?.addEventListener('abort', stop);
    try {
      options.signal?.throwIfAborted();
      if (options.checkedBefore) {
        await copy.all('SELECT count(*) FROM sqlite_schema');
        return ['ok'];
      }
      const pragma = options.integrityCheck === 'quick' ? 'quick_check' : 'integrity_check';
      const rows = await copy.all<Record<typeof pragma, string>>(`PRAGMA ${pragma}(3)`);
      return rows.map((row) => row[pragma]);
    } finally {
      options.signal?.removeEventListener('abort', stop);
    }
  }).catch((error: unknown) => {
    options.signal?.throwIfAborted();
    if (hasCode(error, 'SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR', 'SQLITE_CANTOPEN')) {
      throw invalid(error instanceof Error ? error.message : String(error), error);
    }
    throw error;
  });
  if (found.length !== 1 || found[0] !== 'ok') throw invalid(found.join('; '));
  if ((await stat(path)).size === 0) throw invalid('it is empty');
}

function dumpProblem(error: unknown, path: string): unknown {
  if (error instanceof ProblemError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  const make = (reason: 'NoSpace' | 'BackupFailed' | 'DatabaseNotFound', message: string) =>
    new ProblemError({ reason, message, code }, { cause: error });
  if (code === 'SQLITE_FULL') {
    return make(
      'NoSpace',
      `The disk is full: the copy of ${path} could not be written. Enlarge the volume, or delete old backups: \`db-manager prune\`.`,
    );
  }
  if (isBusy(error)) {
    return make('BackupFailed', `${path} was locked by another process for ${BUSY_MS / 1000} s. Try again later.`);
  }
  if (!code.startsWith('SQLITE_')) return error;
  return make('BackupFailed', `${path} could not be copied: ${error.message}.`);
}
