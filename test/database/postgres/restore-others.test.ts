import assert from 'node:assert/strict';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

/** A database of an ordinary owner with a table, and what a superuser made around it. */
async function around(superuser: string, rights = 'NOCREATEDB') {
  const postgres = await sharedPostgres();
  const { name, url, drop } = await postgres.createDatabase('others');
  const owner = `${name}_owner`;
  await postgres.query(`CREATE ROLE ${owner} LOGIN ${rights} PASSWORD 'x'; ALTER DATABASE ${name} OWNER TO ${owner}`);
  const sql = (text: string) => postgres.query<{ id: number }>(text, [], name);
  await sql(
    `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); ALTER TABLE t OWNER TO ${owner}; ${superuser}`,
  );
  const db = await openTarget(targetOf(url.replace(/\/\/[^@]+@/, `//${owner}:x@`)));
  const backup = await takeBackup(db, join(await temporaryFolder('others'), 'b'), OPTIONS);
  await sql('DELETE FROM t WHERE id = 2');
  return {
    db,
    backup,
    rows: async () => (await sql('SELECT id FROM t ORDER BY id')).map(({ id }) => id),
    check: async () =>
      (await db.checks({ restore: { terminateSessions: true } })).find(({ name: of }) => of === 'onFailure: Restore'),
    async close() {
      for (const kept of await db.keptDatabases()) await db.dropKept(kept.name);
      await db.close();
      await drop();
      await postgres.query(`DROP ROLE ${owner}`);
    },
  };
}

describe('what another role made around the tables of the owner', function () {
  this.timeout(300_000);

  it('a publication of tables: the check of onFailure fails, a restore in place is refused, one by swap works (F12)', async () => {
    const made = await around('CREATE PUBLICATION cdc FOR TABLE t');
    try {
      const found = await made.check();
      assert.equal(found?.result, 'failed');
      assert.match(found.message, /the publication cdc belongs to another role/);
      await assert.rejects(
        restoreBackup(made.db, made.backup, RESTORE),
        (error) => error instanceof ProblemError && /publication cdc has a different definition/.test(error.message),
      );
      assert.deepEqual(await made.rows(), [1]);
    } finally {
      await made.close();
    }
    const able = await around('CREATE PUBLICATION cdc FOR TABLE t', 'CREATEDB');
    try {
      assert.equal((await able.check())?.result, 'passed');
      await restoreBackup(able.db, able.backup, RESTORE);
      assert.deepEqual(await able.rows(), [1, 2]);
    } finally {
      await able.close();
    }
  });

  it('a publication of a schema, and one of all tables: restored in place, since neither loses anything', async () => {
    const { version } = await sharedPostgres();
    const ofSchema = version < 150_000 ? '' : 'CREATE PUBLICATION cdc FOR TABLES IN SCHEMA public;';
    const made = await around(
      `${ofSchema} CREATE PUBLICATION every FOR ALL TABLES; COMMENT ON PUBLICATION every IS 'e'`,
    );
    try {
      assert.equal((await made.check())?.result, 'passed');
      await restoreBackup(made.db, made.backup, RESTORE);
      assert.deepEqual(await made.rows(), [1, 2]);
    } finally {
      await made.close();
    }
  });

  it('a label of a provider that no private server loads: reported as the reason', async () => {
    const made = await around(
      "SET allow_system_table_mods = on; INSERT INTO pg_seclabel VALUES ('t'::regclass, 'pg_class'::regclass, 0, 'anon', 'MASKED')",
    );
    try {
      await assert.rejects(
        made.db.createScratch({ kind: 'backup', backup: made.backup }, { runId: 'label', server: 'Private' }),
        /a private server loads no libraries.*security label provider "anon" is not loaded/,
      );
    } finally {
      await made.close();
    }
  });
});
