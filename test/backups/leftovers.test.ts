import assert from 'node:assert/strict';
import { mkdir, readdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanLeftovers } from '../../src/backups/leftovers.ts';
import { listBackups } from '../../src/backups/list.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { startWriting } from '../../src/backups/writer.ts';
import { temporaryFolder } from '../support/databases.ts';
import { ground, OPTIONS } from './fixtures.ts';

describe('what a crashed backup leaves', () => {
  let folder: string;
  let partial: string;
  beforeEach(async () => {
    folder = await temporaryFolder('leftovers');
    partial = join(folder, '.db-manager-partial-backup_20260601_120000');
    await mkdir(partial);
    await writeFile(join(partial, 'data'), 'half');
  });

  /** A writer whose last heartbeat was so long ago. */
  async function lastWritten(minutesAgo: number): Promise<void> {
    (await startWriting(partial))();
    const time = new Date(Date.now() - minutesAgo * 60_000);
    await utimes(join(partial, 'heartbeat'), time, time);
  }

  it('is left alone while its writer gives heartbeats', async () => {
    await lastWritten(0);
    assert.deepEqual(await cleanLeftovers(folder), []);
  });

  it('is left alone until its writer has been silent for five minutes', async () => {
    await lastWritten(4);
    assert.deepEqual(await cleanLeftovers(folder), []);
    await lastWritten(6);
    assert.deepEqual(await cleanLeftovers(folder), ['.db-manager-partial-backup_20260601_120000']);
    assert.deepEqual(await readdir(folder), []);
  });

  it('of a writer that did not get as far as a heartbeat goes by the time of the folder', async () => {
    assert.deepEqual(await cleanLeftovers(folder), []);
    const time = new Date(Date.now() - 6 * 60_000);
    await utimes(partial, time, time);
    assert.equal((await cleanLeftovers(folder)).length, 1);
  });

  it('does not take other files with it', async () => {
    await lastWritten(6);
    for (const name of ['backup_20260601_120000.db', 'notes.txt', '.hidden', '.db-manager-scratch-x']) {
      await writeFile(join(folder, name), 'mine');
    }
    await cleanLeftovers(folder);
    assert.equal((await readdir(folder)).length, 4);
  });

  it('between the two last renames is finished, since the backup is whole', async () => {
    const on = await ground('sqlite', 20);
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    partial = join(on.folder, '.db-manager-partial-backup_20260601_120000');
    await mkdir(partial);
    await rename(`${backup.path}.json`, join(partial, 'manifest.json'));
    await lastWritten(6);
    assert.match((await listBackups(on.folder)).unreadable[0]?.why ?? '', /has no manifest/);
    await cleanLeftovers(on.folder);
    const { backups, unreadable } = await listBackups(on.folder);
    assert.deepEqual(unreadable, []);
    assert.equal(backups.length, 1);
    await verifyBackup(backup);
    await on.close();
  });
});
