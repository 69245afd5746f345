import assert from 'node:assert/strict';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { mostRestoreJobs, restoreJobs } from '../../../src/database/postgres/restore-jobs.ts';
import { type Ground, ground, LARGE_TABLE, OPTIONS, withPostgres } from '../../backups/fixtures.ts';
import { problem } from '../../backups/problems.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const MIB = 1024 * 1024;
const RESTORE = { safetyBackup: false, now: OPTIONS.now } as const;

describe('connections of a restore', () => {
  for (const [what, archive, machine, ownServer, jobs] of [
    ['one for a small archive', 3 * MIB, { processors: 8, memoryBytes: 0 }, false, 1],
    ['one for each processor', 100 * MIB, { processors: 2, memoryBytes: 0 }, true, 2],
    ['at most four', 100 * MIB, { processors: 64, memoryBytes: 0 }, true, 4],
    [
      'only as many as the memory of the pod allows, with its own server',
      100 * MIB,
      { processors: 8, memoryBytes: 512 * MIB },
      true,
      2,
    ],
    ['at least one', 100 * MIB, { processors: 8, memoryBytes: 128 * MIB }, true, 1],
    [
      'not limited by the memory of the pod on another server',
      100 * MIB,
      { processors: 8, memoryBytes: 128 * MIB },
      false,
      4,
    ],
    ['not limited by a memory that has no limit', 100 * MIB, { processors: 8, memoryBytes: 2 ** 63 }, true, 4],
  ] as const) {
    it(`are ${what}`, () => assert.equal(restoreJobs(archive, machine, ownServer), jobs));
  }
});

describe('a restore with several connections', function () {
  this.timeout(60_000);
  let on: Ground;
  beforeEach(async () => {
    on = await ground('postgres', 50);
    await on.sql(LARGE_TABLE);
  });
  afterEach(() => on.close());

  it('is equal to the backup, and uses no more connections than it may', async () => {
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const before = await on.contentHash();
    await on.sql('DELETE FROM orders; DROP TABLE large');
    const seen: number[] = [];
    const postgres = await sharedPostgres();
    let restoring = true;
    const watching = (async () => {
      while (restoring) {
        const rows = await postgres.query(
          "SELECT pid FROM pg_stat_activity WHERE datname LIKE $1 AND application_name = 'db-manager backup'",
          [`${databaseOf(on)}_restore_%`],
        );
        seen.push(rows.length);
      }
    })();
    await restoreBackup(on.db, backup, RESTORE).finally(() => {
      restoring = false;
    });
    await watching;
    assert.equal(await on.contentHash(), before);
    // The leader has a connection of its own until the data is restored.
    assert.ok(Math.max(...seen) <= mostRestoreJobs() + 1, `${Math.max(...seen)} connections`);
    if (mostRestoreJobs() > 1) assert.ok(Math.max(...seen) > 1, 'one connection');
    for (const server of ['Private', 'SameServer'] as const) {
      const scratch = await on.db.createScratch({ kind: 'backup', backup }, { runId: 'jobs', server });
      assert.deepEqual(scratch.restored, []);
      assert.equal((await scratch.database.rowCounts()).get('public.large'), 80);
      await scratch.drop();
    }
  });

  it('that fails names the object, drops the new database and leaves the target as it was', async () => {
    const name = databaseOf(on);
    // It fails in a database with another name, and, with the setting that follows, in place too.
    await on.sql(`CREATE FUNCTION here(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
      IF current_database() <> '${name}' OR pg_catalog.current_setting('work_mem') = '5MB' THEN RAISE 'not here'; END IF; RETURN n; END $$;
      CREATE INDEX large_here ON large (here(n))`);
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql(`DELETE FROM orders; ALTER DATABASE "${name}" SET work_mem = '5MB'`);
    const before = await on.contentHash();
    const said: string[] = [];
    const restore = () => restoreBackup(on.db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
    assert.match(await problem('RestoreFailed', restore), /not here.*is unchanged/s);
    assert.match(said.join(' '), /A new database cannot be made equal to the backup: .*not here.*in place/s);
    assert.equal(await on.contentHash(), before);
    await withPostgres(on.target, async (client) => {
      const { rows } = await client.query('SELECT datname FROM pg_database WHERE datname ~ $1', [`^${name}_restore_`]);
      assert.deepEqual(rows, []);
    });
  });

  it('is tried again with one connection where several come in the wrong order', async () => {
    await on.sql(`CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TABLE p (n int) PARTITION BY LIST (n); CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p_2 PARTITION OF p FOR VALUES IN (2);
      CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE p_1 DISABLE TRIGGER tr`);
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const before = await on.contentHash();
    await on.sql('DELETE FROM orders');
    const { kept } = await restoreBackup(on.db, backup, RESTORE);
    assert.ok(kept !== undefined, 'restored in place');
    assert.equal(await on.contentHash(), before);
    const scratch = await on.db.createScratch({ kind: 'backup', backup }, { runId: 'order', server: 'Private' });
    assert.deepEqual(scratch.restored, []);
    await scratch.drop();
  });
});

function databaseOf({ target }: Ground): string {
  if (target.dialect !== 'postgres') throw new Error('unreachable');
  return target.database;
}
