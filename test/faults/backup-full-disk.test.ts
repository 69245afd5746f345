import assert from 'node:assert/strict';
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFolder } from '../../src/backups/folder.ts';
import { listBackups } from '../../src/backups/list.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import type { Database } from '../../src/database/port.ts';
import { contentHashOf, type Ground, ground, OPTIONS, openTarget } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import { DIALECTS, temporaryFolder } from '../support/databases.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';

const MEBIBYTE = 1024 ** 2;

describe('a full disk', () => {
  let disk: SmallDisk;
  before(async function () {
    const made = await smallDisk(6);
    if (made === undefined) {
      console.warn('\n    SKIPPED: this user may not mount a small tmpfs, so a full disk cannot be made\n');
      return this.skip();
    }
    disk = made;
  });
  after(() => disk?.unmount());
  afterEach(async () => {
    for (const name of disk ? await readdir(disk.folder) : []) await rm(join(disk.folder, name), { recursive: true });
  });

  /** Leaves so many bytes free. */
  async function fill(free: number): Promise<void> {
    const { bavail, bsize } = await statfs(disk.folder);
    await writeFile(join(disk.folder, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - free)));
  }

  for (const dialect of DIALECTS) {
    describe(dialect, () => {
      let on: Ground;
      before(async () => {
        on = await ground(dialect, 8_000);
      });
      after(() => on.close());

      it('during a backup is a clear reason, and nothing is left', async () => {
        const folder = join(disk.folder, 'backups');
        const message = await problem('NoSpace', () => takeBackup(on.db, folder, OPTIONS));
        assert.match(message, /prune|enlarge/i);
        assert.deepEqual(await readdir(folder), []);
        assert.deepEqual(await listBackups(folder), { backups: [], unreadable: [] });
      });

      it('that fills up while the backup is written is the same reason, and nothing is left', async () => {
        const folder = join(disk.folder, 'backups');
        // As if the estimate had been too low: only the writing itself finds out.
        const db: Database = { ...on.db, sizeBytes: async () => 0 };
        await problem('NoSpace', () => takeBackup(db, folder, OPTIONS));
        assert.deepEqual(await readdir(folder), []);
      });

      it('is found by the check before a run', async () => {
        const folder = join(disk.folder, 'backups');
        const message = await problem('NoSpace', () => checkFolder(folder, 64 * MEBIBYTE));
        assert.match(message, /67\.1 MB.* has only 6\.3 MB free/);
        assert.ok((await checkFolder(folder, MEBIBYTE)) > MEBIBYTE);
      });
    });
  }

  it('during a restore of sqlite leaves the target as it was', async () => {
    const big = await ground('sqlite', 4_000);
    const backup = await takeBackup(big.db, big.folder, OPTIONS);
    const small = join(disk.folder, 'small.db');
    const target = { dialect: 'sqlite', path: small } as const;
    const db = await openTarget(target, true);
    await db.history.ensure();
    const hash = await contentHashOf(target);
    await fill(MEBIBYTE);
    const restore = () => restoreBackup(db, backup, { safetyBackup: false, now: OPTIONS.now, into: true });
    assert.match(await problem('NoSpace', restore), /is unchanged/);
    assert.equal(await contentHashOf(target), hash);
    await db.close();
    await big.close();
  });

  it('before a rehearsal of sqlite is reported with numbers', async () => {
    const on = await ground('sqlite', 8_000);
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const scratch = () => on.db.createScratch({ kind: 'backup', backup }, { runId: 'full', folder: disk.folder });
    assert.match(await problem('RehearsalImpossible', scratch), /needs [\d.]+ MB, but .* has only [\d.]+ [kM]B free/);
    assert.deepEqual(await readdir(disk.folder), []);
    await on.close();
  });

  it('keeps backups that were there before readable', async () => {
    const on = await ground('sqlite', 500);
    const folder = join(disk.folder, 'backups');
    await mkdir(folder);
    await takeBackup(on.db, folder, OPTIONS);
    await fill(0);
    await problem('NoSpace', () => takeBackup(on.db, folder, OPTIONS));
    const { backups, unreadable } = await listBackups(folder);
    assert.equal(backups.length, 1);
    assert.deepEqual(unreadable, []);
    await on.close();
  });
});

describe('a backup folder that cannot be written to', () => {
  it('is refused before anything is dumped', async () => {
    const on = await ground('sqlite', 5);
    const file = join(await temporaryFolder('not-a-folder'), 'file');
    await writeFile(file, '');
    assert.match(
      await problem('BackupFailed', () => takeBackup(on.db, file, OPTIONS)),
      /cannot write to the backup folder/,
    );
    assert.match(
      await problem('BackupFailed', () => checkFolder(join(file, 'below'), 1)),
      /cannot write to the backup folder/,
    );
    await on.close();
  });
});
