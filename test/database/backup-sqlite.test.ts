import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sqlite3 from 'sqlite3';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { checkDump } from '../../src/database/check-dump.ts';
import { contentHashOf, type Ground, ground, OPTIONS, openTarget } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import { temporaryFolder } from '../support/databases.ts';
import { findOnPath } from '../support/processes.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now } as const;

describe('backups of SQLite', () => {
  let on: Ground;
  let path: string;
  beforeEach(async () => {
    on = await ground('sqlite', 300);
    if (on.target.dialect !== 'sqlite') throw new Error('unreachable');
    path = on.target.path;
  });
  afterEach(() => on.close());

  it('hold what is committed to the WAL only', async () => {
    const file = await connection(path);
    await exec(file, "PRAGMA wal_autocheckpoint = 0; INSERT INTO customers VALUES (1000, 'in the WAL')");
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    assert.equal(await contentHashOf({ dialect: 'sqlite', path: backup.path }), await on.contentHash());
    await close(file);
  });

  it('are of one moment while another process writes all the time, and are not held up by it', async () => {
    await on.sql('CREATE TABLE pairs (a INTEGER, b INTEGER); INSERT INTO pairs VALUES (0, 0)');
    const script = `PRAGMA busy_timeout = 5000;\n${'BEGIN; UPDATE pairs SET a = a + 1; INSERT INTO orders SELECT NULL, 1, hex(randomblob(500)), NULL; UPDATE pairs SET b = a; COMMIT;\n'.repeat(3_000)}`;
    const program = `
      import sqlite3 from 'sqlite3';
      const db = new sqlite3.Database(${JSON.stringify(path)});
      process.stdout.write('ready');
      db.exec(${JSON.stringify(script)}, (error) => { if (error) throw error; });`;
    const file = join(import.meta.dirname, `.writer-${process.pid}.mjs`);
    await writeFile(file, program);
    const writer = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(writer, 'exit');
    try {
      await once(writer.stdout, 'data');
      for (let n = 0; n < 5; n++) {
        const backup = await takeBackup(on.db, on.folder, OPTIONS);
        const copy = await connection(backup.path);
        const [row] = await all<{ same: number }>(
          copy,
          'SELECT a = b AND a = (SELECT count(*) - 300 FROM orders) AS same FROM pairs',
        );
        assert.deepEqual(row, { same: 1 });
        await close(copy);
      }
      assert.equal((await ended)[0], 0);
    } finally {
      await rm(file);
    }
  });

  it('bring back virtual tables, triggers, generated columns and pragmas', async () => {
    await on.sql(`CREATE VIRTUAL TABLE search USING fts5(text); INSERT INTO search VALUES ('find me');
      CREATE TABLE g (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED) STRICT; INSERT INTO g (a) VALUES (21);
      CREATE TRIGGER t AFTER INSERT ON g BEGIN INSERT INTO search VALUES ('g'); END; PRAGMA user_version = 42`);
    const before = await on.contentHash();
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql('DROP TABLE search; DROP TABLE g; PRAGMA user_version = 1');
    await restoreBackup(on.db, backup, RESTORE);
    assert.equal(await on.contentHash(), before);
    const file = await connection(path);
    assert.deepEqual(await all(file, 'PRAGMA user_version'), [{ user_version: 42 }]);
    await close(file);
    const { database, drop } = await on.db.createScratch({ kind: 'schema' }, { runId: 'fts' });
    assert.deepEqual(await database.snapshot(), await on.db.snapshot());
    await drop();
  });

  it('leave no file next to the backup, also in a folder that is not writable', async () => {
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await chmod(on.folder, 0o500);
    await verifyBackup(backup, { check: checkDump });
    await restoreBackup(on.db, backup, RESTORE);
    await chmod(on.folder, 0o700);
    assert.equal((await readdir(on.folder)).length, 2);
    const beside = await readdir(dirname(path));
    assert.deepEqual(
      beside.filter((name) => !name.startsWith('test.db')),
      [],
    );
  });

  it('are restored over another page size', async () => {
    const folder = await temporaryFolder('pages');
    const target = { dialect: 'sqlite', path: join(folder, 'other.db') } as const;
    const file = await connection(target.path);
    await exec(file, 'PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; CREATE TABLE old (id INTEGER)');
    await close(file);
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const db = await openTarget(target);
    await restoreBackup(db, backup, { ...RESTORE, into: true });
    assert.equal(await contentHashOf(target), await on.contentHash());
    await db.close();
  });

  it('are not restored under a program that has the file open, unless that is allowed', async () => {
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql('DELETE FROM orders');
    const damaged = await on.contentHash();
    const holder = spawn('tail', ['-f', path], { stdio: 'ignore' });
    await once(holder, 'spawn');
    await new Promise((resolve) => setTimeout(resolve, 200));
    try {
      const message = await problem('ActiveSessions', () => restoreBackup(on.db, backup, RESTORE));
      assert.match(message, new RegExp(`open in tail \\(process ${holder.pid}\\)`));
      assert.equal(await on.contentHash(), damaged);
      const said: string[] = [];
      await restoreBackup(on.db, backup, { ...RESTORE, terminateSessions: true, onMessage: (text) => said.push(text) });
      assert.match(said.join(), /stays open in tail/);
      assert.notEqual(await on.contentHash(), damaged);
    } finally {
      holder.kill();
    }
  });

  it('are not restored while another process writes, and the writer loses nothing', async function () {
    this.timeout(30_000);
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const writer = await connection(path);
    await exec(writer, "BEGIN IMMEDIATE; INSERT INTO customers VALUES (500, 'on the way')");
    assert.match(
      await problem('ActiveSessions', () => restoreBackup(on.db, backup, RESTORE)),
      /Nothing was changed\. Stop it and try again/,
    );
    await exec(writer, 'COMMIT');
    assert.deepEqual(await all(writer, 'SELECT name FROM customers WHERE id = 500'), [{ name: 'on the way' }]);
    await close(writer);
  });

  it('that the database itself finds damaged are not valid backups', async () => {
    const file = join(await temporaryFolder('damaged'), 'data.db');
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const bytes = await readFile(backup.path);
    bytes.fill(0x5a, 3 * 4096, 6 * 4096);
    await writeFile(file, bytes);
    assert.match(await problem('BackupInvalid', () => checkDump(file, 'sqlite')), /damaged/);
    await writeFile(file, 'no database at all, but long enough to be taken for one'.repeat(200));
    await problem('BackupInvalid', () => checkDump(file, 'sqlite'));
  });

  it('with a quick check find damaged pages and rows, but not an index that differs from its table', async () => {
    const quick = { ...OPTIONS, integrityCheck: 'quick' } as const;
    const good = await takeBackup(on.db, on.folder, quick);
    assert.equal(good.manifest.integrityCheck, 'quick');
    const damaged = join(await temporaryFolder('damaged'), 'data.db');
    const bytes = await readFile(good.path);
    bytes.fill(0x5a, 3 * 4096, 6 * 4096);
    await writeFile(damaged, bytes);
    await problem('BackupInvalid', () => checkDump(damaged, 'sqlite', { integrityCheck: 'quick' }));

    await on.sql(`CREATE TABLE parts (a, b); INSERT INTO parts VALUES (1, 2), (3, 4); CREATE INDEX parts_a ON parts (a);
      PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX parts_a ON parts (b)' WHERE name = 'parts_a'`);
    const unlike = await takeBackup(on.db, on.folder, { ...quick, name: 'unlike' });
    assert.match(await problem('BackupInvalid', () => verifyBackup(unlike, { check: checkDump })), /parts_a/);
    const full = () => takeBackup(on.db, on.folder, { ...OPTIONS, name: 'full' });
    assert.match(await problem('BackupInvalid', full), /parts_a/);
    const streamed = async (options: typeof quick | typeof OPTIONS) =>
      on.db.dumpStream(async (source) => {
        for await (const _ of source);
      }, options);
    await streamed(quick);
    assert.match(await problem('BackupInvalid', () => streamed(OPTIONS)), /parts_a/);
  });

  it('are plain databases to the sqlite3 program', async function () {
    const program = findOnPath('sqlite3');
    if (program === undefined) return this.skip();
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const said = execFileSync(
      program,
      ['-readonly', `file:${backup.path}?immutable=1`, 'PRAGMA integrity_check; SELECT count(*) FROM orders'],
      { encoding: 'utf8' },
    );
    assert.equal(said, 'ok\n300\n');
  });

  it('refuse a compression that they do not have', async () => {
    await problem('InvalidConfiguration', () => takeBackup(on.db, on.folder, { ...OPTIONS, compression: 'gzip' }));
    assert.deepEqual(await readdir(on.folder), []);
  });
});

function connection(file: string): Promise<sqlite3.Database> {
  return new Promise((done, fail) => {
    const opened = new sqlite3.Database(file, (error) => (error ? fail(error) : done(opened)));
  });
}

function exec(file: sqlite3.Database, text: string): Promise<void> {
  return new Promise((done, fail) => file.exec(text, (error) => (error ? fail(error) : done())));
}

function all<Row>(file: sqlite3.Database, text: string): Promise<Row[]> {
  return new Promise((done, fail) => file.all<Row>(text, (error, rows) => (error ? fail(error) : done(rows))));
}

function close(file: sqlite3.Database): Promise<void> {
  return new Promise((done, fail) => file.close((error) => (error ? fail(error) : done())));
}
