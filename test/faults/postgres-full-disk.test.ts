import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { contentHashOf, OPTIONS, openTarget, runSql, targetOf } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import { requestFor, runOn } from '../engine/request.ts';
import { temporaryFolder } from '../support/databases.ts';
import { type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { chownTo, unprivilegedOwner } from '../support/unprivileged.ts';

const ROWS = 20_000;

/** The databases are on a small file system of their own, the server's log of changes is not. */
describe('a PostgreSQL server whose disk is full', function () {
  this.timeout(120_000);
  let disk: string;
  let postgres: PrivatePostgres;
  before(async function () {
    disk = await temporaryFolder('pg-disk');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      console.warn('\n    SKIPPED: this user may not mount a small tmpfs, so a full disk cannot be made\n');
      return this.skip();
    }
    await chownTo(disk, unprivilegedOwner());
    postgres = await startPostgres();
    await postgres.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
    // New databases, also the rehearsal's copy, land where their template is.
    await postgres.query('ALTER DATABASE template0 SET TABLESPACE small');
  });
  after(async () => {
    await postgres?.stop();
    execFileSync('umount', ['--lazy', disk]);
  });

  async function seeded() {
    const { url, drop } = await postgres.createDatabase('full');
    const target = targetOf(url);
    await runSql(
      target,
      `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
       INSERT INTO notes SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, ${ROWS}) i`,
    );
    return { url, target, drop };
  }

  /** Takes all room but 3 MiB; gives it back. */
  async function fillDisk(): Promise<() => Promise<void>> {
    const filler = join(disk, 'filler');
    const { bavail, bsize } = await statfs(disk);
    await writeFile(filler, Buffer.alloc(bavail * bsize - 3 * 1024 ** 2));
    return () => rm(filler);
  }

  it('during a restore: the reason is NoSpace, and the target is as it was', async () => {
    const { target, drop } = await seeded();
    const db = await openTarget(target);
    const folder = join(await temporaryFolder('backups'), 'own');
    const backup = await takeBackup(db, folder, OPTIONS);
    await runSql(target, 'DELETE FROM notes WHERE id % 2 = 0');
    const hash = await contentHashOf(target);
    // A restore keeps the old rows until it commits, and the disk is too small for both.
    const free = await fillDisk();
    const restore = () => restoreBackup(db, backup, { safetyBackup: false, now: OPTIONS.now });
    assert.match(await problem('NoSpace', restore), /is unchanged/);
    await free();
    assert.equal(await contentHashOf(target), hash);
    await db.close();
    await drop();
  });

  async function copies(): Promise<string[]> {
    const rows = await postgres.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname LIKE '%rehearsal%'",
    );
    return rows.map(({ name }) => name);
  }

  it('during a rehearsal: reported before production is touched, and no copy stays', async () => {
    const { url, target, drop } = await seeded();
    const hash = await contentHashOf(target);
    const migrations = await temporaryFolder('migrations');
    const files = {
      '1_notes.sql': 'CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);',
      '2_title.sql': 'ALTER TABLE notes ADD title TEXT;',
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(migrations, name), `-- migrate:up\n${text}\n`);
    const free = await fillDisk();
    const backups = await temporaryFolder('backups');
    const wish = { safety: { rehearsal: 'Full', rehearsalServer: 'SameServer' } } as const;
    const { report } = await runOn(url, requestFor(migrations, backups, wish));
    await free();
    assert.equal(report.reason, 'RehearsalImpossible', report.message);
    assert.match(report.message, /enough disk space/i);
    assert.equal(report.touched, false);
    // The record of the run is all that a refused run writes.
    await runSql(target, 'DROP TABLE IF EXISTS db_manager_runs');
    assert.equal(await contentHashOf(target), hash);
    // A server with a full disk cannot always drop what it created; the report then contains this, and the next run drops it.
    if ((await copies()).length > 0) assert.match(report.message, /could not be cleaned up/);
    const again = await runOn(url, requestFor(migrations, backups, wish));
    assert.equal(again.report.reason, 'Migrated', again.report.message);
    assert.deepEqual(await copies(), []);
    await drop();
  });
});
