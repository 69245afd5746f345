import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
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

  async function writtenBy(change: Record<string, unknown>): Promise<void> {
    (await startWriting(partial)).stop();
    const file = join(partial, 'writer.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
  }

  it('is left alone while its writer lives', async () => {
    await writtenBy({});
    assert.deepEqual(await cleanLeftovers(folder), []);
  });

  it('is removed once its writer is dead', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    await writtenBy({ pid: child.pid });
    assert.deepEqual(await cleanLeftovers(folder), ['.db-manager-partial-backup_20260601_120000']);
    assert.deepEqual(await readdir(folder), []);
  });

  it('is removed when the writer’s pid belongs to another process by now', async () => {
    await writtenBy({ started: '1' });
    assert.equal((await cleanLeftovers(folder)).length, 1);
  });

  it('of another machine is left alone until it has been silent for five minutes', async () => {
    await writtenBy({ machine: 'another pod' });
    assert.deepEqual(await cleanLeftovers(folder), []);
    const past = new Date(Date.now() - 6 * 60_000);
    await utimes(join(partial, 'writer.json'), past, past);
    assert.equal((await cleanLeftovers(folder)).length, 1);
  });

  it('does not take other files with it', async () => {
    await writtenBy({ started: '1' });
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
    await writtenBy({ started: '1' });
    assert.match((await listBackups(on.folder)).unreadable[0]?.why ?? '', /has no manifest/);
    await cleanLeftovers(on.folder);
    const { backups, unreadable } = await listBackups(on.folder);
    assert.deepEqual(unreadable, []);
    assert.equal(backups.length, 1);
    await verifyBackup(backup);
    await on.close();
  });
});
