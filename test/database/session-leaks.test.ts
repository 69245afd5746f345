import assert from 'node:assert/strict';
import type { MigrationBody } from '../../src/core/model/migration.ts';
import type { Database } from '../../src/database/port.ts';
import { query } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase } from '../support/databases.ts';
import { assertDone, code, failureOf, migrate, migration, numbers, openReady, sql } from './migration-fixtures.ts';

const say = (text: string) => code((q) => q.sequelize.query(text));

/** What a migration leaves, and what the next one would then do; right is what it does alone. */
const LEFT: Record<'postgres' | 'sqlite', [string, string[], string, 'works' | 'fails'][]> = {
  postgres: [
    ['a search path that a function sets', ["SELECT set_search('other')"], 'INSERT INTO t VALUES (1)', 'works'],
    [
      'a setting of its own',
      ["SELECT set_config('app.tenant', '7', false)"],
      "SELECT 1 / (length(coalesce(current_setting('app.tenant', true), '')) - 1)",
      'works',
    ],
    ['a role that a function sets', ['SELECT set_role()'], 'INSERT INTO t VALUES (1)', 'works'],
    ['a temporary table', ['CREATE TEMP TABLE kept (n int)'], 'SELECT * FROM kept', 'fails'],
    ['a temporary table in front of a real one', ['CREATE TEMP TABLE t (n text)'], 'INSERT INTO t VALUES (1)', 'works'],
    ['a prepared statement', ['PREPARE kept AS SELECT 1'], 'EXECUTE kept', 'fails'],
    ['a cursor', ['DECLARE kept CURSOR WITH HOLD FOR SELECT 1'], 'FETCH kept', 'fails'],
    ['the last value of a sequence', ["SELECT nextval('counter')"], "SELECT currval('counter')", 'fails'],
    ['a statement timeout', ["SET statement_timeout = '20ms'"], 'SELECT pg_sleep(0.1)', 'works'],
    [
      'a lock',
      ['SELECT pg_advisory_lock(77), pg_advisory_lock(77)'],
      "SELECT 1 / (1 - count(*)::int) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77",
      'works',
    ],
    ['an ear', ['LISTEN kept'], 'SELECT 1 / (1 - count(*)::int) FROM pg_listening_channels()', 'works'],
    [
      'a read-only default',
      ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'],
      'INSERT INTO t VALUES (1)',
      'works',
    ],
  ],
  sqlite: [
    ['a temporary table', ['CREATE TEMP TABLE kept (n int)'], 'SELECT * FROM kept', 'fails'],
    [
      'a temporary table in front of a real one',
      ['CREATE TEMPORARY TABLE t (a, b)'],
      'INSERT INTO t VALUES (1)',
      'works',
    ],
    [
      'a temporary trigger',
      ["CREATE TEMP TRIGGER g BEFORE INSERT ON main.t BEGIN SELECT RAISE(ABORT, 'kept'); END"],
      'INSERT INTO t VALUES (1)',
      'works',
    ],
    ['a pragma', ['PRAGMA ignore_check_constraints = ON'], 'INSERT INTO checked VALUES (-1)', 'fails'],
    [
      'a pragma with another spelling',
      ['PRAGMA Case_Sensitive_Like(1)'],
      "INSERT INTO checked SELECT 'a' LIKE 'A'",
      'works',
    ],
    ['a database', ["ATTACH ':memory:' AS kept"], 'CREATE TABLE kept.x (n)', 'fails'],
  ],
};
/** What a migration leaves, and what works in the next one only without it. */
const SHARED: Record<'postgres' | 'sqlite', [left: string[], next: string[]]> = {
  postgres: [["SELECT set_search('other')", 'CREATE TEMP TABLE t (n text)'], ['INSERT INTO t VALUES (5)']],
  sqlite: [
    [
      'CREATE TEMP TABLE t (n text, m text)',
      'CREATE TEMP VIEW checked AS SELECT 1 AS n',
      "CREATE TEMP TRIGGER g BEFORE INSERT ON main.t BEGIN SELECT RAISE(ABORT, 'kept'); END",
      'PRAGMA case_sensitive_like = ON',
      'PRAGMA reverse_unordered_selects = ON',
    ],
    ['INSERT INTO t VALUES (5)', "INSERT INTO checked SELECT 'a' LIKE 'A'", 'DELETE FROM checked'],
  ],
};
const SCHEMA: Record<'postgres' | 'sqlite', string[]> = {
  postgres: [
    'CREATE TABLE t (n int)',
    'CREATE SCHEMA other',
    'CREATE SEQUENCE counter',
    "CREATE FUNCTION set_search(p text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', p, false); END $$",
    "CREATE FUNCTION set_role() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SET ' || 'ROLE pg_monitor'; END $$",
  ],
  sqlite: ['CREATE TABLE t (n int)', 'CREATE TABLE checked (n int CHECK (n > 0))'],
};

for (const dialect of DIALECTS) {
  describe(`what a migration leaves in its session, on ${dialect}`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await openReady((await temporaryDatabase(dialect)).url);
      assertDone(await migrate(database, [migration(sql(...SCHEMA[dialect]), { name: '0_schema' })]));
    });
    afterEach(() => database.close());

    for (const [what, statements, next, alone] of LEFT[dialect]) {
      const bodies: [string, MigrationBody, boolean][] = [
        ['SQL', sql(...statements), true],
        ['code', say(statements.join('; ')), true],
        ['SQL outside a transaction', sql(...statements), false],
      ];
      for (const [how, body, transaction] of bodies) {
        it(`does not reach the next one: ${what}, by ${how}`, async () => {
          for (const second of [sql(next), say(next)]) {
            // ATTACH is refused inside a transaction by older versions of SQLite; code runs outside then.
            const outcome = await migrate(database, [migration(body, { transaction }), migration(second)]);
            if (alone === 'works') assertDone(outcome);
            else failureOf(outcome);
            assert.equal(outcome.done.length, alone === 'works' ? 2 : 1);
          }
        });
      }
    }

    it('does not reach the next one in one transaction for all', async () => {
      const [statements, next] = SHARED[dialect];
      for (const body of [sql(...statements), say(statements.join('; '))]) {
        const all = [migration(body), migration(sql(...next))];
        assertDone(await migrate(database, all, { singleTransaction: true }));
      }
      assert.deepEqual(await numbers(database), [5, 5]);
      const public_ = dialect === 'postgres' ? 'public.t' : 'main.t';
      assert.equal((await query(database, `SELECT * FROM ${public_}`)).length, 2);
    });

    it('is refused in one transaction for all where it cannot be taken back', async () => {
      if (dialect === 'postgres') return; // DISCARD takes everything back there.
      const all = [migration(sql("ATTACH ':memory:' AS kept", 'CREATE TABLE kept.x (n)')), migration(sql('SELECT 1'))];
      const outcome = await migrate(database, all, { singleTransaction: true });
      assert.ok(outcome.kind === 'failed');
      assert.match(outcome.problem.message, /kept is still attached.*without --single-transaction/);
      assert.deepEqual(outcome.done, []);
    });
  });
}
