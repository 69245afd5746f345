/**
 * Restore of PostgreSQL in one transaction: the dumped schemas are emptied, filled by what pg_restore writes, and
 * committed by a last line that is sent only when pg_restore has ended well. Whoever dies before, the server rolls back.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup } from '../../core/model/backup.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { RestoreOptions } from '../port.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import type { PostgresConnection } from './connection.ts';
import { majorOf } from './dump.ts';
import { findClients } from './dump-clients.ts';
import { environmentOf, errorIn, startProgram } from './dump-program.ts';
import { listWithout, readContents } from './restore-contents.ts';
import { beginScript } from './restore-script.ts';
import { select } from './restore-selection.ts';
import { settleSessions } from './restore-sessions.ts';
import { streamToPsql } from './restore-stream.ts';

/**
 * Throws ProblemError BackupMismatch, BackupInvalid, SessionsConnected, ClientTooOld, NoSpace or RestoreFailed; the
 * target is then as it was.
 */
export async function restore(open: PostgresConnection, backup: Backup, options: RestoreOptions): Promise<void> {
  refuseOtherFormat(open, backup);
  const { path, manifest } = backup;
  const clients = await findClients(majorOf(open));
  const contents = await readContents(clients, path);
  const selection = await select(open.client, contents);
  await settleSessions(open, options);
  for (const message of selection.messages) options.onMessage?.(message);

  let bytes = 0;
  // pg_restore takes the list of what to restore from a file only.
  const words = await withTemporaryFile('list', async (listFile) => {
    await writeFile(listFile, listWithout(contents, selection.left), { mode: 0o600 });
    const env = environmentOf(open.target);
    const args = ['--file=-', `--use-list=${listFile}`, ...(selection.withoutOwners ? ['--no-owner'] : []), path];
    return streamToPsql({
      clients,
      env,
      serverMajor: majorOf(open),
      begin: beginScript(manifest.schemas ?? open.target.schemas, contents.largeObjects),
      source: startProgram(clients, 'pg_restore', args, { env, stdout: 'pipe', signal: options.signal }),
      commit: '\nCOMMIT;\n',
      onBytes: (piece) => {
        bytes += piece;
        options.onProgress?.(bytes, undefined);
      },
      signal: options.signal,
    });
  });
  if (words === undefined) return;
  options.signal?.throwIfAborted();
  throw restoreProblem(words, manifest.name, open);
}

export function refuseOtherFormat({ identity }: PostgresConnection, { manifest }: Backup): void {
  if (manifest.dialect === 'postgres') return;
  throw new ProblemError({
    reason: 'BackupMismatch',
    message: `${manifest.name} is a backup of ${manifest.dialect} and cannot be restored to ${identity.display}.`,
  });
}

/** The path of a file that does not exist yet, in a folder that only this user can read and that is removed afterwards. */
export async function withTemporaryFile<T>(name: string, use: (file: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder('restore', (folder) => use(join(folder, name)));
}

function restoreProblem(words: string, name: string, { identity }: PostgresConnection): ProblemError {
  const told = errorIn(words);
  const asBefore = `${identity.display} is as it was.`;
  if (/No space left on device|could not extend file/.test(words)) {
    return new ProblemError({
      reason: 'NoSpace',
      message: `The server's disk is full: ${told}. ${asBefore} A restore needs room for both states for a while.`,
    });
  }
  if (/canceling statement due to lock timeout/.test(words)) {
    return new ProblemError({
      reason: 'SessionsConnected',
      message: `A table is in use by a session that came in the meantime: ${told}. ${asBefore}`,
    });
  }
  if (/server closed the connection|connection to server was lost|terminating connection/.test(words)) {
    return new ProblemError({
      reason: 'ConnectionLost',
      message: `The connection was lost while ${name} was restored: ${told}. ${identity.display} holds either the state before or the whole backup.`,
    });
  }
  return new ProblemError({ reason: 'RestoreFailed', message: `${name} could not be restored: ${told}. ${asBefore}` });
}
