import assert from 'node:assert/strict';
import { learnStored } from '../../src/core/safety/beyond/stored.ts';
import { loadJudge } from '../../src/migrations/statements/parser.ts';

/** Each acts beyond its database; what it may do to what is outside of a private server. */
const BEYOND: readonly [sql: string, reach: 'server' | 'outside'][] = [
  ['CREATE ROLE mig_role', 'server'],
  ['ALTER ROLE writer CONNECTION LIMIT 7', 'server'],
  ["ALTER ROLE writer SET search_path = 'x'", 'server'],
  ['ALTER USER writer RENAME TO other', 'server'],
  ['DROP ROLE IF EXISTS writer', 'server'],
  ['GRANT reader TO writer', 'server'],
  ['REVOKE reader FROM writer', 'server'],
  ['DROP OWNED BY writer', 'server'],
  ['REASSIGN OWNED BY writer TO reader', 'server'],
  ["COMMENT ON ROLE writer IS 'x'", 'server'],
  ['CREATE DATABASE other', 'server'],
  ['ALTER DATABASE prod SET work_mem = 1024', 'server'],
  ['ALTER DATABASE prod OWNER TO writer', 'server'],
  ['DROP DATABASE IF EXISTS other', 'server'],
  ['GRANT CONNECT ON DATABASE prod TO writer', 'server'],
  ["COMMENT ON DATABASE prod IS 'x'", 'server'],
  ["CREATE TABLESPACE ts LOCATION '/var/ts'", 'outside'],
  ['ALTER TABLESPACE pg_default SET (seq_page_cost = 2)', 'server'],
  ['DROP TABLESPACE IF EXISTS ts', 'server'],
  ["ALTER SYSTEM SET work_mem = '8MB'", 'server'],
  ["CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p", 'outside'],
  ['DROP SUBSCRIPTION IF EXISTS s', 'outside'],
  ["SELECT pg_create_physical_replication_slot('s')", 'server'],
  ["SELECT pg_catalog.pg_create_logical_replication_slot('s', 'pgoutput')", 'server'],
  ["COPY (SELECT 1) TO PROGRAM 'cat > /tmp/x'", 'outside'],
  ["COPY t FROM '/etc/passwd'", 'outside'],
  ["SELECT dblink_exec('host=x', 'DELETE FROM t')", 'outside'],
  ["SELECT lo_import('/etc/passwd')", 'outside'],
  ["SELECT lo_export(1, '/tmp/x')", 'outside'],
  ["SELECT pg_read_file('PG_VERSION')", 'outside'],
  ['SELECT pg_reload_conf()', 'server'],
  ['SELECT pg_terminate_backend(pid) FROM pg_stat_activity', 'server'],
  ['SELECT pg_switch_wal()', 'server'],
  ['NOTIFY jobs', 'server'],
  ["SELECT pg_notify('jobs', 'x')", 'server'],
  ["SELECT cron.schedule('* * * * *', 'DELETE FROM t')", 'server'],
  ["DELETE FROM cron.job WHERE jobname = 'x'", 'server'],
  ['IMPORT FOREIGN SCHEMA public FROM SERVER s INTO f', 'outside'],
  ["WITH x AS (SELECT dblink('host=x', 'SELECT 1')) SELECT * FROM x", 'outside'],
  ['DO $$ BEGIN CREATE ROLE x; END $$', 'server'],
  [
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'x') THEN EXECUTE 'CREATE ROLE x'; END IF; END $$",
    'server',
  ],
  [
    "DO $$ DECLARE n text := 'x'; BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 1024', current_database()); END $$",
    'server',
  ],
  ["DO $$ DECLARE n text := 'x'; BEGIN EXECUTE 'DROP ROLE ' || n; END $$", 'server'],
  ["DO $$ BEGIN PERFORM dblink_exec('host=x', 'SELECT 1'); END $$", 'outside'],
  ["DO $$ DECLARE x text; BEGIN x := pg_read_file('PG_VERSION'); END $$", 'outside'],
  ["CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE ROLE x'; SELECT f()", 'server'],
  [
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE x; END $$; CREATE TABLE t (); SELECT f()',
    'server',
  ],
  ['CREATE FOREIGN TABLE f (id int) SERVER s; INSERT INTO f VALUES (1)', 'outside'],
  ['CREATE TABLE t (id int); CREATE ROLE x', 'server'],
  ['/* a */ create -- b\n user x', 'server'],
];

const WITHIN = [
  'CREATE TABLE roles (id int)',
  "INSERT INTO t VALUES ('CREATE ROLE x')",
  "COMMENT ON TABLE t IS 'DROP DATABASE x'",
  'ALTER TABLE t OWNER TO writer',
  'GRANT SELECT ON t TO writer',
  'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO writer',
  'COPY t FROM STDIN',
  'CREATE USER MAPPING FOR writer SERVER s',
  'CREATE SERVER s FOREIGN DATA WRAPPER w',
  'CREATE PUBLICATION p FOR TABLE t',
  "SET search_path = 'x'",
  "SELECT nextval('s'), set_config('a.b', 'c', true)",
  "DO $$ BEGIN EXECUTE 'CREATE TABLE x (id int)'; RAISE NOTICE 'alter table'; END $$",
  'ALTER TABLE t SET TABLESPACE ts',
  'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE x; END $$',
];

describe('what acts beyond its database', () => {
  for (const [sql, reach] of BEYOND) {
    it(`is seen in ${sql.slice(0, 100)}`, async () => {
      const judge = await loadJudge();
      const found = judge(sql);
      assert.ok(found.length > 0, 'nothing was found');
      assert.ok(
        found.some((one) => one.reach === reach),
        JSON.stringify(found),
      );
    });
  }

  for (const sql of WITHIN) {
    it(`is not seen in ${sql.slice(0, 100)}`, async () => {
      assert.deepEqual((await loadJudge())(sql), []);
    });
  }

  it('is found in existing functions and triggers, for any return type and order', async () => {
    const judge = await loadJudge();
    learnStored(judge, [
      'CREATE OR REPLACE FUNCTION public.caller() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN away(); END $f$',
      "CREATE OR REPLACE FUNCTION public.away() RETURNS text LANGUAGE sql AS $f$ SELECT dblink_exec('x', 'y') $f$",
      'CREATE OR REPLACE FUNCTION public."Tell"() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NOTIFY x; RETURN NEW; END $f$',
      'CREATE TRIGGER tells AFTER INSERT ON public.told FOR EACH ROW EXECUTE FUNCTION "Tell"()',
      "CREATE OR REPLACE FUNCTION public.harmless(OUT n int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN n := 1; EXECUTE 'CREATE TABLE x ()'; END $f$",
    ]);
    assert.match(judge('SELECT caller()')[0]?.what ?? '', /^dblink_exec\(\) in away\(\) in caller\(\)$/);
    for (const sql of [
      'INSERT INTO told VALUES (1)',
      'COPY public.told FROM STDIN',
      'WITH x AS (UPDATE told SET id = 1 RETURNING 1) SELECT 1',
    ]) {
      assert.equal(judge(sql)[0]?.what, 'NOTIFY x in Tell()', sql);
    }
    for (const sql of ['SELECT harmless()', 'INSERT INTO other VALUES (1)', 'SELECT * FROM told'])
      assert.deepEqual(judge(sql), []);
  });

  it('is seen in a statement whose words are built', async () => {
    const judge = await loadJudge();
    assert.equal(judge("DO $$ BEGIN EXECUTE 'CRE' || 'ATE ROLE x'; END $$")[0]?.reach, 'server');
  });

  it('is seen in a statement of code with replacements', async () => {
    const judge = await loadJudge();
    assert.equal(judge('ALTER ROLE writer CONNECTION LIMIT :limit')[0]?.reach, 'server');
    assert.equal(judge("SELECT dblink_exec(?, 'x')")[0]?.reach, 'outside');
  });
});
