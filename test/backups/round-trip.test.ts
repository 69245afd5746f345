import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listBackups } from '../../src/backups/list.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { checkDump } from '../../src/database/check-dump.ts';
import { findClients } from '../../src/database/postgres/dump-clients.ts';
import { DIALECTS, temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { contentHashOf, type Ground, ground, OPTIONS, targetOf } from './fixtures.ts';
import { problem } from './problems.ts';

for (const dialect of DIALECTS) {
  describe(`a backup of ${dialect}`, () => {
    let on: Ground;
    beforeEach(async () => {
      on = await ground(dialect);
    });
    afterEach(() => on.close());

    it('brings every row and object back after damage', async () => {
      const before = await on.contentHash();
      const backup = await takeBackup(on.db, on.folder, OPTIONS);
      await on.sql('DELETE FROM orders WHERE id % 3 = 0; DROP VIEW busy; CREATE TABLE later (id INTEGER)');
      assert.notEqual(await on.contentHash(), before);
      await restoreBackup(on.db, backup, { safetyBackup: false, now: OPTIONS.now });
      assert.equal(await on.contentHash(), before);
    });

    it('secures what was there before a restore, which undoes it', async () => {
      const first = await takeBackup(on.db, on.folder, OPTIONS);
      await on.sql('DELETE FROM orders');
      const damaged = await on.contentHash();
      const { safetyBackup, kept } = await restoreBackup(on.db, first, {
        safetyBackup: { ...OPTIONS, folder: on.folder },
        now: OPTIONS.now,
      });
      assert.notEqual(await on.contentHash(), damaged);
      if (dialect === 'postgres') {
        // The replaced database itself is kept: no second copy of it is written.
        assert.ok(kept);
        if (on.target.dialect !== 'postgres') throw new Error('unreachable');
        assert.equal(await contentHashOf({ ...on.target, database: kept.name }), damaged);
        return;
      }
      assert.ok(safetyBackup);
      assert.match(safetyBackup.manifest.name, /^backup_20260601_120000_2\./);
      await restoreBackup(on.db, safetyBackup, { safetyBackup: false, now: OPTIONS.now });
      assert.equal(await on.contentHash(), damaged);
    });

    it('has a name in UTC, a manifest and a hash that sha256sum agrees with', async () => {
      const { path, manifest } = await takeBackup(on.db, on.folder, OPTIONS);
      const extension = { sqlite: 'db', postgres: 'dump' }[dialect];
      assert.equal(manifest.name, `backup_20260601_120000.${extension}`);
      assert.equal(path, join(on.folder, manifest.name));
      assert.deepEqual(JSON.parse(await readFile(`${path}.json`, 'utf8')), JSON.parse(JSON.stringify(manifest)));
      assert.equal(manifest.sizeBytes, (await stat(path)).size);
      assert.equal(manifest.sha256, execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64));
      assert.equal(manifest.database.id, on.db.identity.id);
      assert.deepEqual((await readdir(on.folder)).sort(), [manifest.name, `${manifest.name}.json`]);
    });

    it('is verified by a second reading with the database’s own check', async () => {
      const backup = await takeBackup(on.db, on.folder, OPTIONS);
      assert.deepEqual(await verifyBackup(backup, { check: checkDump }), JSON.parse(JSON.stringify(backup)));
    });

    it('reports its progress in bytes', async () => {
      const seen: number[] = [];
      const backup = await takeBackup(on.db, on.folder, { ...OPTIONS, onProgress: (done) => seen.push(done) });
      assert.ok(seen.every((done) => done >= 0));
      if (dialect === 'sqlite') assert.equal(seen.at(-1), backup.manifest.sizeBytes);
    });

    it('leaves nothing behind when it is asked to stop', async () => {
      const message = await problem('Interrupted', () =>
        takeBackup(on.db, on.folder, { ...OPTIONS, signal: AbortSignal.abort() }),
      );
      assert.match(message, /interrupted; its partial files are removed/);
      assert.deepEqual(await readdir(on.folder), []);
    });

    it('is not restored when asked to stop during the restore, and the target is unchanged', async () => {
      const backup = await takeBackup(on.db, on.folder, OPTIONS);
      await on.sql('DELETE FROM orders');
      const damaged = await on.contentHash();
      const stop = new AbortController();
      const onProgress = (phase: string) => phase === 'restore' && stop.abort();
      const options = { safetyBackup: false, now: OPTIONS.now, onProgress, signal: stop.signal } as const;
      if (dialect === 'postgres') {
        await problem('Interrupted', () => restoreBackup(on.db, backup, options));
        assert.equal(await on.contentHash(), damaged);
      }
      await problem('Interrupted', () => restoreBackup(on.db, backup, { ...options, signal: AbortSignal.abort() }));
      assert.equal(await on.contentHash(), damaged);
    });

    it('refuses a name that is in use, and takes a free one', async () => {
      const { manifest } = await takeBackup(on.db, on.folder, { ...OPTIONS, name: 'before-orders' });
      assert.match(manifest.name, /^before-orders\./);
      await problem('InvalidConfiguration', () => takeBackup(on.db, on.folder, { ...OPTIONS, name: 'before-orders' }));
      await problem('InvalidConfiguration', () => takeBackup(on.db, on.folder, { ...OPTIONS, name: '../outside' }));
      assert.equal((await listBackups(on.folder)).backups.length, 1);
    });

    it('of the same second, taken by several processes at the same time, has different names', async () => {
      const taken = await Promise.all([1, 2, 3].map(() => takeBackup(on.db, on.folder, OPTIONS)));
      const names = taken.map(({ manifest }) => manifest.name.replace(/\.\w+$/, '')).sort();
      assert.deepEqual(
        names,
        ['', '_2', '_3'].map((end) => `backup_20260601_120000${end}`),
      );
      assert.equal((await listBackups(on.folder)).backups[0]?.manifest.name.replace(/\.\w+$/, ''), names[2]);
    });

    it('is restored to another database only when that is asked for', async () => {
      const other = await ground(dialect, 0);
      try {
        const backup = await takeBackup(on.db, on.folder, OPTIONS);
        const empty = await other.contentHash();
        const options = { safetyBackup: false, now: OPTIONS.now } as const;
        const message = await problem('BackupMismatch', () => restoreBackup(other.db, backup, options));
        assert.match(message, /--into/);
        assert.equal(await other.contentHash(), empty);
        await restoreBackup(other.db, backup, { ...options, into: true });
        assert.equal(await other.contentHash(), await on.contentHash());
      } finally {
        await other.close();
      }
    });

    it('is restored by the database’s own tools', async () => {
      const { path } = await takeBackup(on.db, on.folder, OPTIONS);
      if (dialect === 'sqlite') {
        const copy = join(await temporaryFolder('own-tools'), 'copy.db');
        await import('node:fs/promises').then(({ copyFile }) => copyFile(path, copy));
        assert.equal(await contentHashOf({ dialect, path: copy }), await on.contentHash());
        return;
      }
      const postgres = await sharedPostgres();
      const { url, name, drop } = await postgres.createDatabase('own_tools');
      // The server's own folder may hold no client programs.
      const clients = await findClients(Math.floor(postgres.version / 10_000));
      execFileSync(
        join(clients.folder, 'pg_restore'),
        ['--exit-on-error', '--clean', '--if-exists', '-d', name, path],
        {
          env: {
            PGHOST: postgres.host,
            PGPORT: String(postgres.port),
            PGUSER: postgres.user,
            PGPASSWORD: postgres.password,
          },
        },
      );
      assert.equal(await contentHashOf(targetOf(url)), await on.contentHash());
      await drop();
    });
  });
}
