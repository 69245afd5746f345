import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesText } from '../../core/model/bytes.ts';
import { type CheckResult, resultsOf } from '../../core/model/finding.ts';
import { succeeds } from '../../core/model/succeeds.ts';
import type { CheckContext } from '../port.ts';
import type { SqliteConnection } from './connection.ts';
import { all, type Connection, closeFile, exec, openFile } from './driver.ts';
import { messageOf, reasonOf } from './errors.ts';
import { processesWith } from './restore-processes.ts';
import { sizeBytes } from './size.ts';

/** Up to this size the whole file is read, which takes well under a second; larger files are read by a backup anyway. */
const QUICK_CHECK_BYTES = 64 * 1024 * 1024;

/** Read-only checks of what could go wrong: permissions on the folder, disk space, other writers, a damaged file. */
export async function checks(
  { path, realPath, connection }: SqliteConnection,
  { restore }: CheckContext,
): Promise<CheckResult[]> {
  const size = await sizeBytes(path);
  return [
    ...(restore === undefined ? [] : [await restorable(path, restore)]),
    await answers(path, connection),
    await folderWritable(dirname(realPath)),
    await freeSpace(dirname(realPath), size),
    await otherWriters(path),
    await integrity(connection, size),
  ];
}

/** Whether `onFailure: Restore` could restore now: after a failure it would be too late to find out. */
async function restorable(
  path: string,
  { terminateSessions }: NonNullable<CheckContext['restore']>,
): Promise<CheckResult> {
  const { passed, failed } = resultsOf('onFailure: Restore');
  const others = await processesWith(path);
  if (others.length === 0) return passed('no other process has the file open');
  const list = others.slice(0, 5).join(', ');
  if (terminateSessions) return passed(`${list} will see the restored content`);
  return failed(
    `${path} is open in ${list}, which would block the restore. Stop the application before the run, or allow a restore while the file is open: terminateSessions: true`,
  );
}

async function folderWritable(folder: string): Promise<CheckResult> {
  const { passed, failed } = resultsOf('folder writable');
  if (await succeeds(access(folder, constants.W_OK))) return passed(folder);
  return failed(
    `${folder} is not writable, so SQLite cannot keep its journal there. Make the folder writable, not only the file.`,
  );
}

async function freeSpace(folder: string, size: number): Promise<CheckResult> {
  const space = await statfs(folder);
  const free = space.bavail * space.bsize;
  const { passed, warning } = resultsOf('free space');
  return free > size
    ? passed(`${bytesText(free)} free for a database of ${bytesText(size)}`)
    : warning(
        `only ${bytesText(free)} free; a table rebuild may need as much as the size of the database: ${bytesText(size)}`,
      );
}

/** The mode is reported, not checked: DELETE and WAL are both safe, and only these are stored in the file. */
async function answers(path: string, connection: Connection): Promise<CheckResult> {
  const [row] = await all<{ journal_mode: string }>(connection, 'PRAGMA journal_mode');
  return resultsOf('database reachable').passed(`${path} answers; journal mode ${row?.journal_mode ?? 'unknown'}`);
}

/** Acquires the write lock briefly and releases it: SQLite has no other way to detect other writers. */
async function otherWriters(path: string): Promise<CheckResult> {
  const { passed, warning, failed } = resultsOf('no other writer');
  const probe = await openFile(path);
  try {
    probe.configure('busyTimeout', 0);
    await exec(probe, 'BEGIN IMMEDIATE');
    await exec(probe, 'ROLLBACK');
    return passed('no other process holds the write lock');
  } catch (error) {
    return reasonOf(error) === 'LockTimeout'
      ? warning('another process is writing; migrations wait for it up to timeouts.lock')
      : failed(`the database cannot be written to: ${messageOf(error)}`);
  } finally {
    await closeFile(probe);
  }
}

async function integrity(connection: Connection, size: number): Promise<CheckResult> {
  const { passed, warning, failed } = resultsOf('integrity');
  if (size > QUICK_CHECK_BYTES) return passed('checked during the backup, which reads the whole file');
  let rows: { quick_check: string }[];
  try {
    rows = await all(connection, 'PRAGMA quick_check(3)');
  } catch (error) {
    if (reasonOf(error) === 'LockTimeout') return warning('not checked: another process keeps the database locked');
    rows = [{ quick_check: messageOf(error) }];
  }
  const found = rows.map((row) => row.quick_check).join('; ');
  return found === 'ok'
    ? passed('quick_check returned ok')
    : failed(`the file is damaged: ${found}. Restore a backup. To list the backups: db-manager list-backups`);
}
