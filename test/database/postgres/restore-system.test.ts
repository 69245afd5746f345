import assert from 'node:assert/strict';
import { join } from 'node:path';
import pg from 'pg';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

/** What pg_dump leaves out, or writes otherwise: as the catalogues have it. */
const STATE = `SELECT jsonb_build_object(
  'schemas', (SELECT jsonb_agg(jsonb_build_array(nspname, nspowner::regrole, obj_description(oid, 'pg_namespace'),
      (SELECT jsonb_agg(a::text ORDER BY a::text) FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) a)) ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'),
  'extensions', (SELECT jsonb_agg(jsonb_build_array(extname, extversion, extowner::regrole, extnamespace::regnamespace, obj_description(oid, 'pg_extension')) ORDER BY extname) FROM pg_extension),
  'languages', (SELECT jsonb_agg(jsonb_build_array(lanname, obj_description(oid, 'pg_language'), (SELECT jsonb_agg(a::text ORDER BY a::text) FROM unnest(lanacl) a)) ORDER BY lanname) FROM pg_language),
  'functions', (SELECT jsonb_agg(jsonb_build_array(oid::regprocedure, proowner::regrole, (SELECT jsonb_agg(a::text ORDER BY a::text) FROM unnest(proacl) a), obj_description(oid, 'pg_proc')) ORDER BY oid::regprocedure::text)
      FROM pg_proc WHERE proname IN ('pg_sleep', 'pg_read_file', 'hstore', 'nlevel', 'f')),
  'relations', (SELECT jsonb_agg(jsonb_build_array(relname, relowner::regrole, (SELECT jsonb_agg(a::text ORDER BY a::text) FROM unnest(relacl) a)) ORDER BY relname)
      FROM pg_class WHERE relkind IN ('r', 'v', 'p') AND (oid >= 16384 OR relname IN ('pg_authid', 'pg_proc', 'tables'))),
  'large objects', (SELECT jsonb_agg(jsonb_build_array(oid, lomowner::regrole, lomacl::text, md5(lo_get(oid))) ORDER BY oid) FROM pg_largeobject_metadata),
  'database', (SELECT jsonb_build_array(datistemplate, datconnlimit, shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = current_database()))::text AS state`;

interface Case {
  superuser?: string;
  owner?: string;
  damage: string;
  options?: string;
  /** Who restores, and how. */
  by: 'a superuser' | 'the owner' | 'an owner with CREATEDB';
  how: 'swap' | 'in place';
}

const EXTENSIONS = `CREATE SCHEMA "Ext S"; GRANT USAGE ON SCHEMA "Ext S" TO PUBLIC; CREATE EXTENSION QUOTED SCHEMA "Ext S"; COMMENT ON EXTENSION QUOTED IS 'ours';
  CREATE EXTENSION ltree SCHEMA "Ext S"; REVOKE EXECUTE ON FUNCTION "Ext S".nlevel("Ext S".ltree) FROM PUBLIC; COMMENT ON FUNCTION "Ext S".nlevel("Ext S".ltree) IS 'slow';
  CREATE EXTENSION pg_stat_statements SCHEMA "Ext S"; REVOKE SELECT ON "Ext S".pg_stat_statements FROM PUBLIC`;
const SYSTEM = `COMMENT ON FUNCTION pg_sleep(float8) IS 'never'; REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC; GRANT EXECUTE ON FUNCTION pg_read_file(text) TO OWNER;
  GRANT SELECT ON pg_authid TO OWNER; COMMENT ON EXTENSION plpgsql IS NULL; COMMENT ON LANGUAGE plpgsql IS 'ours'; COMMENT ON LANGUAGE sql IS 'SQL!'; REVOKE USAGE ON LANGUAGE sql FROM PUBLIC; GRANT USAGE ON LANGUAGE sql TO OWNER;
  REVOKE USAGE ON SCHEMA information_schema FROM PUBLIC; GRANT USAGE ON SCHEMA information_schema TO OWNER; GRANT SELECT ON information_schema.tables TO OWNER; COMMENT ON SCHEMA pg_catalog IS 'catalog'`;
const CHANGED = `COMMENT ON FUNCTION pg_sleep(float8) IS 'changed'; GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC; COMMENT ON EXTENSION plpgsql IS 'changed'; COMMENT ON LANGUAGE sql IS NULL;
  GRANT USAGE ON LANGUAGE sql TO PUBLIC; GRANT USAGE ON SCHEMA information_schema TO PUBLIC; COMMENT ON SCHEMA pg_catalog IS 'changed'`;

const CASES: Record<string, Case> = {
  "changes of PostgreSQL's own objects": { by: 'a superuser', how: 'swap', superuser: SYSTEM, damage: CHANGED },
  "changes of PostgreSQL's own objects, which stay": {
    by: 'the owner',
    how: 'in place',
    superuser: SYSTEM,
    owner: 'CREATE SCHEMA s; CREATE TABLE s.t (id int); INSERT INTO s.t VALUES (1)',
    damage: 'DROP SCHEMA s CASCADE',
  },
  'a schema public with another name': {
    by: 'a superuser',
    how: 'swap',
    superuser: `ALTER SCHEMA public RENAME TO "Main"; GRANT CREATE ON SCHEMA "Main" TO OWNER; COMMENT ON SCHEMA "Main" IS 'it''s main'; CREATE TABLE "Main".t (id int)`,
    damage: 'DROP SCHEMA "Main" CASCADE; CREATE SCHEMA public',
  },
  'a schema public that was created again': {
    by: 'the owner',
    how: 'in place',
    superuser: 'DROP SCHEMA public; CREATE SCHEMA public AUTHORIZATION OWNER',
    owner: 'CREATE TABLE public.t (id int); GRANT USAGE ON SCHEMA public TO PUBLIC',
    damage: 'DROP TABLE public.t; REVOKE USAGE ON SCHEMA public FROM PUBLIC',
  },
  'a schema public of another owner, with a comment': {
    by: 'the owner',
    how: 'in place',
    superuser: `ALTER SCHEMA public OWNER TO OWNER; COMMENT ON SCHEMA public IS 'ours'`,
    owner: 'CREATE TABLE public.t (id int)',
    damage: `DROP TABLE public.t; COMMENT ON SCHEMA public IS 'changed'`,
  },
  'no schema public and no PL/pgSQL': {
    by: 'the owner',
    how: 'in place',
    superuser: 'DROP SCHEMA public; DROP EXTENSION plpgsql',
    owner: 'CREATE SCHEMA app; CREATE TABLE app.t (id int)',
    damage: `DROP TABLE app.t; CREATE EXTENSION plpgsql; CREATE FUNCTION app.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`,
  },
  'extensions of another role and of an older version, PL/pgSQL among them': {
    by: 'a superuser',
    how: 'swap',
    superuser: 'DROP EXTENSION plpgsql; CREATE SCHEMA "Ext S" AUTHORIZATION OWNER',
    owner: `CREATE EXTENSION plpgsql; CREATE EXTENSION hstore SCHEMA "Ext S" VERSION '1.4'; COMMENT ON EXTENSION hstore IS 'ours'; CREATE EXTENSION ltree SCHEMA "Ext S"; CREATE TABLE "Ext S".t (h "Ext S".hstore)`,
    damage: 'DROP EXTENSION hstore CASCADE; CREATE EXTENSION hstore; ALTER EXTENSION plpgsql UPDATE',
  },
  'extensions of the owner': {
    by: 'an owner with CREATEDB',
    how: 'swap',
    owner: `CREATE SCHEMA "Ext S"; CREATE EXTENSION hstore SCHEMA "Ext S"; COMMENT ON EXTENSION hstore IS 'ours'`,
    damage: 'DROP SCHEMA "Ext S" CASCADE',
  },
  'extensions of a superuser, with other privileges, comments and quoted names': {
    by: 'the owner',
    how: 'in place',
    superuser: EXTENSIONS,
    owner: 'CREATE SCHEMA s; CREATE TABLE s.t (id "Ext S".ltree)',
    damage: 'DROP SCHEMA s CASCADE',
  },
  'extensions that an owner with CREATEDB cannot create': {
    by: 'an owner with CREATEDB',
    how: 'in place',
    superuser: EXTENSIONS,
    owner: 'CREATE SCHEMA s; CREATE TABLE s.t (id "Ext S".ltree)',
    damage: 'DROP SCHEMA s CASCADE',
  },
  'members of extensions with another owner, and a table added to one': {
    by: 'a superuser',
    how: 'in place',
    superuser: `CREATE EXTENSION hstore; ALTER FUNCTION hstore(text, text) OWNER TO OWNER; CREATE TABLE added (id int); ALTER EXTENSION hstore ADD TABLE added`,
    damage: `CREATE TABLE extra (id int)`,
  },
  'a large object of another role, which the user may read': {
    by: 'the owner',
    how: 'in place',
    superuser: `SELECT lo_from_bytea(7301, 'of the superuser'); GRANT SELECT ON LARGE OBJECT 7301 TO OWNER`,
    owner: `SELECT lo_from_bytea(7302, 'of the owner'); CREATE SCHEMA s; CREATE TABLE s.t (id int)`,
    damage: 'DROP TABLE s.t',
  },
  'owners that need privileges on schemas, and grants of grants': {
    by: 'the owner',
    how: 'in place',
    superuser: 'GRANT CREATE, USAGE ON SCHEMA public TO OTHER, OWNER; GRANT OTHER TO OWNER',
    owner: `CREATE TABLE public.t (id int); ALTER TABLE public.t OWNER TO OTHER; CREATE SCHEMA s; GRANT USAGE, CREATE ON SCHEMA s TO OTHER; CREATE TABLE s.u (id int); ALTER TABLE s.u OWNER TO OTHER`,
    damage: 'DROP TABLE public.t, s.u',
  },
  'a template with a limit, and a comment in its encoding': {
    by: 'a superuser',
    how: 'swap',
    options: `ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 30`,
    superuser: `COMMENT ON DATABASE DATABASE_NAME IS 'größe'; ALTER DATABASE DATABASE_NAME IS_TEMPLATE true; CREATE TABLE "ü" (id int)`,
    damage: 'DROP TABLE "ü"',
  },
  'bytes without an encoding': {
    by: 'a superuser',
    how: 'swap',
    options: `ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
    superuser: String.raw`CREATE TABLE t (x text); INSERT INTO t VALUES (E'\xff\xfe')`,
    damage: 'DROP TABLE t',
  },
  'partitions that were detached': {
    by: 'a superuser',
    how: 'swap',
    superuser: `CREATE TABLE p (id int, k text, PRIMARY KEY (id, k)) PARTITION BY LIST (k); CREATE TABLE was_default PARTITION OF p DEFAULT; CREATE TABLE pb (k text NOT NULL, junk int, id int NOT NULL);
      ALTER TABLE pb DROP COLUMN junk; ALTER TABLE p ATTACH PARTITION pb FOR VALUES IN ('b'); ALTER TABLE p DETACH PARTITION was_default`,
    damage: 'DROP TABLE p, was_default',
  },
};

describe('a restore of what pg_dump leaves out', function () {
  this.timeout(120_000);

  for (const [what, case_] of Object.entries(CASES)) {
    it(`keeps ${what}: by ${case_.by}, ${case_.how}`, async () => {
      const postgres = await sharedPostgres();
      const name = `system_${process.pid}_${Object.keys(CASES).indexOf(what)}`;
      const [owner, other] = [`${name}_owner`, `${name}_other`];
      // The only one whose name is quoted is not built everywhere.
      const built = await postgres.query("SELECT FROM pg_available_extensions WHERE name = 'uuid-ossp'");
      const quoted = built.length > 0 ? '"uuid-ossp"' : 'citext';
      const text = (sql = '') =>
        sql
          .replace(/\bOWNER(?! TO)\b/g, owner)
          .replace(/OWNER TO OWNER/g, `OWNER TO ${owner}`)
          .replace(/\bOTHER\b/g, other)
          .replace(/DATABASE_NAME/g, name)
          .replace(/QUOTED/g, quoted);
      await postgres.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'x' ${/CREATEDB/.test(case_.by) ? 'CREATEDB' : ''}`);
      await postgres.query(`CREATE ROLE ${other}`);
      await postgres.query(`CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ${case_.options ?? ''}`);
      const ownersUrl = postgres.url(name).replace(/\/\/[^@]+@/, `//${owner}:x@`);
      const byOwner = case_.by !== 'a superuser';
      const as = async (sql: string, url: string) => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        await client.query(sql).finally(() => client.end());
      };
      await as(text(case_.superuser), postgres.url(name));
      await as(text(case_.owner), ownersUrl);
      const state = async () => (await postgres.query<{ state: string }>(STATE, [], name))[0]?.state;
      const before = JSON.parse((await state()) ?? '');
      const db = await openTarget(targetOf(byOwner ? ownersUrl : postgres.url(name)));
      const said: string[] = [];
      try {
        const backup = await takeBackup(db, join(await temporaryFolder('system'), 'b'), OPTIONS);
        await as(text(case_.damage), byOwner ? ownersUrl : postgres.url(name));
        assert.notDeepEqual(JSON.parse((await state()) ?? ''), before);
        await restoreBackup(db, backup, { ...RESTORE, onMessage: (line) => said.push(line) });
        assert.deepEqual(JSON.parse((await state()) ?? ''), before);
        assert.equal(
          /restored in place|large objects are not in this backup/.test(said.join(' ')) ? 'in place' : 'swap',
          case_.how,
        );
        for (const each of await db.keptDatabases()) await db.dropKept(each.name);
      } finally {
        await db.close();
        await postgres.query(`ALTER DATABASE ${name} IS_TEMPLATE false`);
        await postgres.query(`DROP DATABASE ${name} WITH (FORCE)`);
        const left = await postgres.query(`SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, [name]);
        for (const { datname } of left) await postgres.query(`DROP DATABASE ${datname} WITH (FORCE)`);
        await postgres.query(`DROP ROLE ${owner}, ${other}`);
        assert.deepEqual(left, [], 'the restore left nothing on the server');
      }
    });
  }
});
