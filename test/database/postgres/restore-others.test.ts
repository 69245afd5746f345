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
async function around(superuser: string, rights = 'NOCREATEDB', afterwards = (_owner: string) => '') {
  const postgres = await sharedPostgres();
  const { name, url, drop } = await postgres.createDatabase('others');
  const owner = `${name}_owner`;
  await postgres.query(`CREATE ROLE ${owner} LOGIN ${rights} PASSWORD 'x'; ALTER DATABASE ${name} OWNER TO ${owner}`);
  const sql = (text: string) => postgres.query<Record<string, unknown>>(text, [], name);
  await sql(
    `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); ALTER TABLE t OWNER TO ${owner}; ${superuser}; ${afterwards(owner)}`,
  );
  const db = await openTarget(targetOf(url.replace(/\/\/[^@]+@/, `//${owner}:x@`)));
  const backup = await takeBackup(db, join(await temporaryFolder('others'), 'b'), OPTIONS);
  await sql('DELETE FROM t WHERE id = 2');
  return {
    db,
    backup,
    sql,
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

  for (const [what, objects] of [
    ['a table', (role: string) => `CREATE TABLE o (id int); ALTER TABLE o OWNER TO ${role}`],
    [
      'an object of each class in a schema of the owner',
      (role: string) =>
        `${["TYPE o_enum AS ENUM ('a')", 'DOMAIN o_domain AS int', 'SEQUENCE o_sequence', 'VIEW o_view AS SELECT 1 AS a', 'MATERIALIZED VIEW o_mat AS SELECT 1 AS a', "FUNCTION o_function() RETURNS int LANGUAGE sql AS 'SELECT 1'", "COLLATION o_collation (lc_collate = 'C', lc_ctype = 'C')", 'TEXT SEARCH DICTIONARY o_dictionary (TEMPLATE = simple)', 'STATISTICS o_statistics (ndistinct) ON a, b FROM app.two'].map((each) => `CREATE ${each.replace(/ (o_\w+)/, ' app.$1')}; ALTER ${(/^[A-Z ]+(?= o_)/.exec(each) ?? [''])[0]} app.${(/o_\w+(?:\(\))?/.exec(each) ?? [''])[0]} OWNER TO ${role}`).join('; ')}`,
    ],
    [
      'a publication',
      (role: string) => `CREATE PUBLICATION o; ALTER PUBLICATION o OWNER TO ${role}; COMMENT ON PUBLICATION o IS 'x'`,
    ],
  ] as const) {
    for (const privilege of ['NOCREATEDB', 'CREATEDB']) {
      it(`${what} of a role that may create nothing there any more: restored with its owner by a role with ${privilege}`, async () => {
        const postgres = await sharedPostgres();
        const role = `former_${privilege.toLowerCase()}_${what.length}`;
        await postgres.query(`CREATE ROLE ${role}`);
        const made = await around(
          `REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE SCHEMA app; CREATE TABLE app.two (a int, b int);
           GRANT USAGE ON SCHEMA app TO ${role}; ${objects(role)}`,
          privilege,
          (owner) =>
            `GRANT ${role} TO ${owner}; ALTER SCHEMA app OWNER TO ${owner}; ALTER SCHEMA public OWNER TO ${owner}; ALTER TABLE app.two OWNER TO ${owner}`,
        );
        const may = () =>
          made.sql(`SELECT has_schema_privilege('${role}', 'app', 'CREATE') OR has_schema_privilege('${role}', 'public', 'CREATE')
            OR has_database_privilege('${role}', current_database(), 'CREATE') AS may, (SELECT count(*)::int FROM pg_shdepend WHERE refobjid = '${role}'::regrole AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS objects`);
        try {
          const before = await may();
          assert.equal(before[0]?.may, false);
          const { kept } = await restoreBackup(made.db, made.backup, RESTORE);
          // Before version 15, `public` of a new database belongs to the superuser.
          assert.equal(kept !== undefined, privilege === 'CREATEDB' && postgres.version >= 150_000);
          assert.deepEqual(await made.rows(), [1, 2]);
          assert.deepEqual(await may(), before);
        } finally {
          await made.close();
          await postgres.query(`DROP ROLE ${role}`);
        }
      });
    }
  }

  for (const [what, damage] of [
    ['is not replaced, and is compared', ''],
    ['was changed: nothing is restored', 'INSERT INTO theirs.o VALUES (7)'],
  ] as const) {
    it(`a table of such a role in a schema whose privileges the user may not grant ${what}`, async () => {
      const postgres = await sharedPostgres();
      const role = `former_schema_${damage.length}`;
      await postgres.query(`CREATE ROLE ${role}`);
      const made = await around(
        `CREATE SCHEMA theirs; CREATE TABLE theirs.o (id int); GRANT USAGE ON SCHEMA theirs TO ${role}; ALTER TABLE theirs.o OWNER TO ${role}`,
        'NOCREATEDB',
        (owner) => `GRANT ${role} TO ${owner}; GRANT USAGE, CREATE ON SCHEMA theirs TO ${owner}`,
      );
      const messages: string[] = [];
      try {
        if (damage !== '') await made.sql(damage);
        const restoring = restoreBackup(made.db, made.backup, { ...RESTORE, onMessage: (text) => messages.push(text) });
        if (damage === '') await restoring;
        else await assert.rejects(restoring, /rows of theirs\.o: 1 instead of 0\..* is unchanged/);
        assert.match(messages.join(' '), /they are not replaced: .*TABLE theirs\.o/);
        assert.deepEqual(await made.rows(), damage === '' ? [1, 2] : [1]);
      } finally {
        await made.close();
        await postgres.query(`DROP ROLE ${role}`);
      }
    });
  }
});
