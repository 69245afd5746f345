import assert from 'node:assert/strict';
import { appendFile, cp, open, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findBackup, listBackups } from '../../src/backups/list.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import type { Backup } from '../../src/core/model/backup.ts';
import type { Reason } from '../../src/core/model/reason.ts';
import { DIALECTS } from '../support/databases.ts';
import { type Ground, ground, OPTIONS, withPostgres } from './fixtures.ts';
import { problem } from './problems.ts';

const DAMAGE: { what: string; reason: Reason; listed: boolean; damage(backup: Backup): Promise<void> }[] = [
  {
    what: 'cut in half',
    reason: 'BackupInvalid',
    listed: false,
    damage: ({ path, manifest }) => truncate(path, Math.floor(manifest.sizeBytes / 2)),
  },
  { what: 'emptied', reason: 'BackupInvalid', listed: false, damage: ({ path }) => truncate(path, 0) },
  { what: 'longer by a byte', reason: 'BackupInvalid', listed: false, damage: ({ path }) => appendFile(path, 'x') },
  {
    what: 'altered by one bit',
    reason: 'BackupInvalid',
    listed: true,
    damage: ({ path, manifest }) => flipBit(path, Math.floor(manifest.sizeBytes * 0.6)),
  },
  { what: 'without a manifest', reason: 'BackupInvalid', listed: false, damage: ({ path }) => rm(`${path}.json`) },
  {
    what: 'with a manifest that is no JSON',
    reason: 'BackupInvalid',
    listed: false,
    damage: ({ path }) => writeFile(`${path}.json`, '{"version": 1,'),
  },
  {
    what: 'with a manifest that lacks its hash',
    reason: 'BackupInvalid',
    listed: false,
    damage: async ({ path, manifest }) => writeFile(`${path}.json`, JSON.stringify({ ...manifest, sha256: undefined })),
  },
  {
    what: 'with the manifest of another',
    reason: 'BackupInvalid',
    listed: false,
    damage: async ({ path, manifest }) =>
      writeFile(`${path}.json`, JSON.stringify({ ...manifest, name: 'backup_20000101_000000.db' })),
  },
  { what: 'gone, its manifest still there', reason: 'BackupInvalid', listed: false, damage: ({ path }) => rm(path) },
  {
    what: 'gone with its manifest',
    reason: 'BackupNotFound',
    listed: false,
    damage: async ({ path }) => {
      await rm(path);
      await rm(`${path}.json`);
    },
  },
];

for (const dialect of DIALECTS) {
  describe(`a damaged backup of ${dialect}`, () => {
    let on: Ground;
    let good: Backup;
    let hash: string;
    before(async () => {
      on = await ground(dialect);
      good = await takeBackup(on.db, on.folder, OPTIONS);
      await on.sql('DELETE FROM orders WHERE id < 10');
      hash = await on.contentHash();
    });
    after(() => on.close());

    for (const { what, reason, listed, damage } of DAMAGE) {
      it(`${what} is refused and the target not touched`, async () => {
        const folder = `${on.folder}-${what.replace(/\W+/g, '-')}`;
        await cp(on.folder, folder, { recursive: true });
        const backup = { ...good, path: join(folder, good.manifest.name) };
        await damage(backup);
        const message = await problem(reason, () =>
          restoreBackup(on.db, backup, { safetyBackup: false, now: OPTIONS.now }),
        );
        assert.match(message, /\.(db|dump)/);
        await problem(reason, () => verifyBackup(backup));
        assert.equal(await on.contentHash(), hash);
        const list = await listBackups(folder);
        assert.equal(list.backups.length, listed ? 1 : 0);
        assert.equal(list.unreadable.length, listed || reason === 'BackupNotFound' ? 0 : 1);
      });
    }
  });
}

describe('a backup of the other kind of database', () => {
  it('is refused, also with --into', async () => {
    const [sqlite, postgres] = await Promise.all([ground('sqlite'), ground('postgres')]);
    const backup = await takeBackup(sqlite.db, sqlite.folder, OPTIONS);
    const hash = await postgres.contentHash();
    await problem('BackupMismatch', () =>
      restoreBackup(postgres.db, backup, { safetyBackup: false, now: OPTIONS.now, into: true }),
    );
    await problem('BackupMismatch', () => postgres.db.restore(backup, {}));
    assert.equal(await postgres.contentHash(), hash);
    await Promise.all([sqlite.close(), postgres.close()]);
  });
});

describe('a backup behind a lock', () => {
  it('gives up after timeouts.lock and leaves no file', async function () {
    this.timeout(60_000);
    const postgres = await ground('postgres');
    await withPostgres(postgres.target, async (client) => {
      await client.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const message = await problem('LockTimeout', () =>
        takeBackup(postgres.db, postgres.folder, { ...OPTIONS, lockTimeoutMs: 200 }),
      );
      assert.match(message, /^No backup was taken: another session holds a lock .*orders/);
      await client.query('ROLLBACK');
    });
    assert.deepEqual(await readdir(postgres.folder), []);
    await takeBackup(postgres.db, postgres.folder, { ...OPTIONS, lockTimeoutMs: 200 });
    await postgres.close();
  });
});

describe('pruning', () => {
  const DAY = 86_400_000;
  let on: Ground;
  let other: Ground;
  const at = (days: number) => new Date(OPTIONS.now.getTime() + days * DAY);
  const names = async () => (await listBackups(on.folder)).backups.map(({ manifest }) => manifest.takenAt.slice(5, 10));

  beforeEach(async () => {
    on = await ground('sqlite', 5);
    other = await ground('sqlite', 5);
    for (const day of [0, 1, 2, 3]) await takeBackup(on.db, on.folder, { ...OPTIONS, now: at(day) });
    await takeBackup(other.db, on.folder, { ...OPTIONS, now: at(-30) });
  });
  afterEach(async () => {
    await on.close();
    await other.close();
  });
  const prune = (last: number, days: number, now: number) =>
    pruneBackups(on.folder, { last, days, databaseId: on.db.identity.id, now: at(now) });

  it('keeps the last, and never touches another database’s', async () => {
    assert.equal((await prune(2, 0, 3)).length, 2);
    assert.deepEqual(await names(), ['06-04', '06-03', '05-02']);
  });

  it('also keeps backups that are young enough', async () => {
    assert.equal((await prune(1, 2, 3)).length, 2);
    assert.deepEqual(await names(), ['06-04', '06-03', '05-02']);
  });

  it('never removes the newest, for any age and any options', async () => {
    assert.equal((await prune(0, 0, 1000)).length, 3);
    assert.deepEqual(await names(), ['06-04', '05-02']);
  });

  it('does not count a damaged backup as one that is kept', async () => {
    const newest = await findBackup(on.folder, 'backup_20260604');
    await truncate(newest.path, 100);
    await prune(1, 0, 3);
    assert.deepEqual(await names(), ['06-03', '05-02']);
    assert.ok((await readdir(on.folder)).includes(newest.manifest.name));
  });

  it('only reports in a dry run what it would remove', async () => {
    const would = await pruneBackups(on.folder, {
      last: 1,
      days: 0,
      databaseId: on.db.identity.id,
      now: at(3),
      dryRun: true,
    });
    assert.deepEqual(
      would.map(({ manifest }) => manifest.takenAt.slice(5, 10)),
      ['06-01', '06-02', '06-03'],
    );
    assert.equal((await names()).length, 5);
  });

  it('lists nothing in a folder that does not exist', async () => {
    assert.deepEqual(await listBackups(join(on.folder, 'none')), { backups: [], unreadable: [] });
    assert.deepEqual(
      await pruneBackups(join(on.folder, 'none'), { last: 1, days: 1, databaseId: 'x', now: at(0) }),
      [],
    );
  });

  it('finds a backup by name, start of a name, path and as the latest', async () => {
    const path = join(on.folder, 'backup_20260602_120000.db');
    for (const text of [
      'backup_20260602_120000.db',
      'backup_20260602_120000',
      'backup_20260602',
      path,
      `${path}.json`,
    ]) {
      assert.equal((await findBackup(on.folder, text)).path, path);
    }
    assert.match((await findBackup(on.folder, 'latest')).path, /20260604/);
    await problem('InvalidConfiguration', () => findBackup(on.folder, 'backup_202606'));
    await problem('BackupNotFound', () => findBackup(on.folder, 'nope'));
    await problem('BackupNotFound', () => findBackup(on.folder, join(on.folder, 'nope.db')));
    await rename(path, join(on.folder, 'renamed.db'));
    await rename(`${path}.json`, join(on.folder, 'renamed.db.json'));
    assert.match(
      await problem('BackupInvalid', () => findBackup(on.folder, 'renamed')),
      /Rename the backup to that name/,
    );
  });
});

async function flipBit(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  await file.close();
}
