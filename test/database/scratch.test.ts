import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { takeBackup } from '../../src/backups/take.ts';
import { type Ground, ground, OPTIONS, openTarget, targetOf, withPostgres } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import { guardProcess, releaseProcess } from '../support/lifetime.ts';
import { sharedPostgres } from '../support/postgres.ts';

const PLACES = [
  { dialect: 'sqlite', server: 'Auto', of: 'sqlite' },
  { dialect: 'postgres', server: 'SameServer', of: 'postgres on its server' },
  { dialect: 'postgres', server: 'Private', of: 'postgres on a private server' },
] as const;

for (const { dialect, server, of } of PLACES) {
  describe(`a scratch copy of ${of}`, () => {
    let on: Ground;
    beforeEach(async () => {
      on = await ground(dialect);
    });
    afterEach(() => on.close());

    /** Names of scratch copies that exist, and of every other file in the folder of the SQLite file. */
    const left = async () => {
      if (on.target.dialect === 'sqlite') {
        return (await readdir(dirname(on.target.path))).filter((name) => name.startsWith('.db-manager-scratch'));
      }
      if (server === 'Private') {
        return (await readdir(tmpdir())).filter((name) => name.startsWith('db-manager-pg-') && isOurs(name));
      }
      const prefix = `${on.target.database}_rehearsal_`;
      const rows = await (await sharedPostgres()).query<{ datname: string }>('SELECT datname FROM pg_database');
      return rows.map(({ datname }) => datname).filter((name) => name.startsWith(prefix));
    };

    it('from a backup contains every row, is written to without changing the target, and is removed after drop', async () => {
      const backup = await takeBackup(on.db, on.folder, OPTIONS);
      const hash = await on.contentHash();
      const { database, drop } = await on.db.createScratch({ kind: 'backup', backup }, { runId: 'run-1', server });
      assert.deepEqual(await database.rowCounts(), await on.db.rowCounts());
      assert.deepEqual(await database.snapshot(), await on.db.snapshot());
      await database.history.ensure();
      assert.equal(await on.contentHash(), hash);
      await drop();
      await drop();
      assert.deepEqual(await left(), []);
      assert.equal((await takeBackup(on.db, on.folder, OPTIONS)).manifest.sizeBytes > 0, true);
    });

    it('of the schema has the same snapshot and no rows', async () => {
      const { database, drop } = await on.db.createScratch({ kind: 'schema' }, { runId: 'run-2', server });
      assert.deepEqual(await database.snapshot(), await on.db.snapshot());
      assert.ok([...(await database.rowCounts()).values()].every((rows) => rows === 0));
      await drop();
      assert.deepEqual(await left(), []);
    });

    it('that is empty has no tables', async () => {
      const { database, drop } = await on.db.createScratch({ kind: 'empty' }, { runId: 'run-3', server });
      assert.deepEqual((await database.snapshot()).tables, []);
      await drop();
    });

    it('of a live run is not dropped by another run', async () => {
      const { drop } = await on.db.createScratch({ kind: 'schema' }, { runId: 'alive', server });
      const second = await openTarget(on.target);
      assert.deepEqual(await second.dropStaleScratches(), []);
      assert.deepEqual(await on.db.dropStaleScratches(), []);
      assert.ok((await left()).length > 0);
      await second.close();
      await drop();
    });

    it('of a live run in another process is left alone, and dropped once that was killed', async () => {
      const { child } = await scratchInChild(on.url, server);
      assert.deepEqual(await on.db.dropStaleScratches(), []);
      child.kill('SIGKILL');
      await once(child, 'exit');
      releaseProcess(child.pid ?? 0);
      const dropped = await eventuallyDropped(on);
      // A private server ends with its run, so there may be nothing left to drop.
      if (server !== 'Private') assert.equal(dropped.length, 1);
      assert.deepEqual(await left(), []);
    });

    it('of two runs at the same time are separate', async () => {
      const make = (runId: string) => on.db.createScratch({ kind: 'empty' }, { runId, server });
      const [one, two] = await Promise.all([make('same'), make('same')]);
      assert.notEqual(one.database.identity.display, two.database.identity.display);
      await Promise.all([one.drop(), two.drop()]);
      assert.deepEqual(await left(), []);
    });
  });
}

describe('a scratch copy of postgres', () => {
  it('is refused with the statement to type where the user may not create databases', async () => {
    const on = await ground('postgres');
    await on.sql("CREATE ROLE poor LOGIN PASSWORD 'poor'").catch(() => {});
    const poor = await openTarget(targetOf(on.url.replace(/\/\/[^@]+@/, '//poor:poor@')));
    const message = await problem('RehearsalImpossible', () =>
      poor.createScratch({ kind: 'empty' }, { runId: 'r', server: 'SameServer' }),
    );
    assert.match(message, /ALTER ROLE "poor" CREATEDB;/);
    await poor.close();
    await on.close();
  });

  it('with a long name is cut to a name that PostgreSQL takes, and still found', async () => {
    const postgres = await sharedPostgres();
    const { url, drop } = await postgres.createDatabase('x'.repeat(58));
    const db = await openTarget(targetOf(url));
    const scratch = await db.createScratch(
      { kind: 'empty' },
      {
        runId: '0190b8a7-1111-2222-3333-444455556666',
        server: 'SameServer',
      },
    );
    assert.match(scratch.database.identity.display, /xxx_[0-9a-f]{8}_rehearsal_[a-z0-9_]+$/);
    await scratch.drop();
    await db.close();
    await drop();
  });

  it('sweeps only what is marked: a database with such a name that someone else made stays', async () => {
    const on = await ground('postgres', 0);
    if (on.target.dialect !== 'postgres') throw new Error('unreachable');
    const postgres = await sharedPostgres();
    const name = `${on.target.database}_rehearsal_mine`;
    await postgres.query(`CREATE DATABASE "${name}"`);
    assert.deepEqual(await on.db.dropStaleScratches(), []);
    await withPostgres({ ...on.target, database: name }, (client) => client.query('SELECT 1'));
    await postgres.query(`DROP DATABASE "${name}"`);
    await on.close();
  });
});

/** Of this process or of one that it started, and not of another test process. */
function isOurs(folder: string): boolean {
  try {
    const { pid } = JSON.parse(readFileSync(join(tmpdir(), folder, 'owner.json'), 'utf8'));
    // What servers are copied from has no server, and goes with the process.
    readFileSync(join(tmpdir(), folder, 'data', 'postmaster.pid'));
    return pid === process.pid || children.includes(pid);
  } catch {
    return false;
  }
}

const children: number[] = [];

async function scratchInChild(url: string, server: string): Promise<{ child: ChildProcess }> {
  const program = new URL('../faults/backup-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--expose-gc', program, 'scratch', url, server], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  guardProcess(child.pid ?? 0);
  children.push(child.pid ?? 0);
  const [said] = await once(child.stdout, 'data');
  assert.match(String(said), /ready/);
  return { child };
}

/** The server may take a moment to notice that a killed client is gone. */
async function eventuallyDropped(on: Ground): Promise<string[]> {
  for (let tries = 0; tries < 50; tries++) {
    const dropped = await on.db.dropStaleScratches();
    if (dropped.length > 0) return dropped;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [];
}
