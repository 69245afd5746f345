import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { takeBackup } from '../../../src/backups/take.ts';
import { bytesText } from '../../../src/core/model/bytes.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import type { Scratch, ScratchSource } from '../../../src/database/port.ts';
import { findServer, startServer } from '../../../src/database/postgres/private/server.ts';
import { largestTableBytes, sizeBytes } from '../../../src/database/postgres/size.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

/** A database that belongs to an ordinary role, with what a superuser put into it. */
async function ordinary(setUp: { superuser?: string; owner?: string; role?: string } = {}) {
  const postgres = await sharedPostgres();
  const { name, drop } = await postgres.createDatabase('ordinary');
  const role = `${name}_owner`;
  await postgres.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'pw' ${setUp.role ?? ''}`);
  await postgres.query(`ALTER DATABASE "${name}" OWNER TO "${role}"`);
  const url = postgres.url(name).replace(/\/\/[^@]+@/, `//${role}:pw@`);
  const sql = (text: string) => postgres.query(text, [], name);
  if (setUp.superuser !== undefined) await sql(setUp.superuser.replaceAll('OWNER_ROLE', `"${role}"`));
  const asOwner = new pg.Client({ connectionString: url });
  await asOwner.connect();
  try {
    if (setUp.owner !== undefined) await asOwner.query(setUp.owner);
  } finally {
    await asOwner.end();
  }
  const target = targetOf(url);
  const db = await openTarget(target);
  return {
    db,
    name,
    role,
    sql,
    url,
    async close() {
      await db.close();
      await drop();
      await postgres.query(`DROP ROLE "${role}"`).catch(() => {});
    },
  };
}

type Ordinary = Awaited<ReturnType<typeof ordinary>>;

async function copyOf({ db }: Ordinary, kind: ScratchSource['kind'] = 'backup'): Promise<Scratch> {
  const folder = join(await temporaryFolder('backups'), 'b');
  const from: ScratchSource = kind === 'backup' ? { kind, backup: await takeBackup(db, folder, OPTIONS) } : { kind };
  return db.createScratch(from, { runId: 'private', server: 'Private' });
}

/** As the role that migrates. */
async function on<Row extends pg.QueryResultRow>({ database }: Scratch, sql: string): Promise<Row[]> {
  const sequelize = database.sequelize as { query(sql: string): Promise<[Row[], unknown]> };
  return (await sequelize.query(sql))[0];
}

describe('a private server', function () {
  this.timeout(60_000);
  let target: Ordinary;
  let scratch: Scratch | undefined;
  afterEach(async () => {
    await scratch?.drop();
    scratch = undefined;
    await target.close();
  });

  it('serves a role that may do nothing but own its database, which it is there too', async () => {
    target = await ordinary({ owner: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)' });
    scratch = await copyOf(target);
    assert.equal(scratch.place.kind, 'Private');
    assert.deepEqual(await on(scratch, 'SELECT current_user::text AS u, current_database()::text AS d'), [
      { u: target.role, d: target.name },
    ]);
    assert.deepEqual(await on(scratch, 'SELECT count(*)::int AS n FROM t'), [{ n: 2 }]);
    const [roles] = await on(scratch, 'SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user');
    assert.deepEqual(roles, { rolsuper: false, rolcreatedb: false });
    await assert.rejects(on(scratch, 'CREATE ROLE x'), /permission denied/);
  });

  it('has the settings of database and role, and missing privileges are missing', async () => {
    target = await ordinary({
      superuser: `CREATE SCHEMA "my.tenant" AUTHORIZATION OWNER_ROLE; CREATE TABLE public.closed (id int); GRANT SELECT ON public.closed TO OWNER_ROLE;
        DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = "my.tenant", public', current_database());
        EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database());
        EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''20s''', current_database()); END $$;
        ALTER ROLE OWNER_ROLE SET intervalstyle = 'iso_8601'`,
    });
    scratch = await copyOf(target, 'schema');
    const settings = `SELECT current_setting('search_path') AS path, current_setting('timezone') AS zone,
      current_setting('statement_timeout') AS timeout, current_setting('intervalstyle') AS style`;
    const client = new pg.Client({ connectionString: target.url });
    await client.connect();
    const { rows } = await client.query(settings);
    await client.end();
    const here = await onNewConnection(scratch, target, settings);
    assert.deepEqual(here, rows);
    assert.equal(rows[0]?.path, '"my.tenant", public');
    await assert.rejects(onNewConnection(scratch, target, 'INSERT INTO public.closed VALUES (1)'), /permission denied/);
  });

  const HARD = {
    'an extension in a schema of its own (F9)': {
      superuser:
        'CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC; CREATE EXTENSION citext SCHEMA extensions',
      owner: "CREATE TABLE t (id int PRIMARY KEY, e extensions.citext DEFAULT 'X'); INSERT INTO t VALUES (1)",
    },
    'a foreign table (F9)': {
      superuser: `CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
        GRANT USAGE ON FOREIGN SERVER far TO OWNER_ROLE; CREATE USER MAPPING FOR OWNER_ROLE SERVER far OPTIONS (user 'u', password 'hush')`,
      owner:
        'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE FOREIGN TABLE f (id int) SERVER far',
    },
    'a generated column over a cast (F9)': {
      superuser: `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE FUNCTION to_mood(text) RETURNS mood IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1::varchar::cstring; END $$;
        CREATE CAST (text AS mood) WITH FUNCTION to_mood(text); ALTER TYPE mood OWNER TO OWNER_ROLE; GRANT CREATE ON SCHEMA public TO OWNER_ROLE`,
      owner:
        'CREATE TABLE t (id int PRIMARY KEY, w text, m mood GENERATED ALWAYS AS (w::mood) STORED); INSERT INTO t VALUES (1)',
    },
    'a publication (F9)': {
      superuser: `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE PUBLICATION pb FOR TABLE t; ALTER TABLE t OWNER TO OWNER_ROLE;
        ALTER PUBLICATION pb OWNER TO OWNER_ROLE`,
      after: 'CREATE TABLE u (id int); ALTER PUBLICATION pb ADD TABLE u',
    },
    'a materialized view over a function with unqualified names (F9)': {
      owner: `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
        CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'; CREATE MATERIALIZED VIEW m AS SELECT n() AS n`,
      until: 170_000,
      note: /pg_restore alone cannot restore (?:MATERIALIZED VIEW DATA m|all objects): relation "t" does not exist.*ALTER FUNCTION public\.n\(\) SET search_path = "public";/,
      after: 'REFRESH MATERIALIZED VIEW m',
    },
    'a check over a function that reads a table (R1)': {
      owner: `CREATE TABLE kinds (word text); INSERT INTO kinds VALUES ('a');
        CREATE FUNCTION kind_known(w text) RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT 1 FROM kinds WHERE word = w) $$;
        CREATE TABLE t (kind text CHECK (kind_known(kind))); INSERT INTO t VALUES ('a')`,
      note: /pg_restore alone cannot restore TABLE DATA t: relation "kinds" does not exist.*ALTER FUNCTION public\.kind_known\(w text\) SET search_path = "public";/,
      after:
        "ALTER FUNCTION kind_known(text) SET search_path = public; INSERT INTO t VALUES ('a'); DELETE FROM t WHERE ctid <> (SELECT min(ctid) FROM t)",
    },
    'an index over a function in PL/pgSQL that reads a table (kind of R1)': {
      owner: `CREATE TABLE factors (f int); INSERT INTO factors VALUES (3);
        CREATE FUNCTION scaled(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN i * (SELECT f FROM factors); END $$;
        CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE INDEX by_scale ON t (scaled(id))`,
      until: 170_000,
      note: /pg_restore alone cannot restore (?:INDEX by_scale|all objects): relation "factors" does not exist.*ALTER FUNCTION public\.scaled\(i integer\)/,
    },
    'an untrusted extension that a superuser made (R2)': {
      superuser: 'CREATE EXTENSION pg_stat_statements',
      owner: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)',
      role: 'CREATEDB',
    },
    'untrusted extensions in a schema of their own, and a view over one (R2)': {
      superuser:
        'CREATE SCHEMA ext; GRANT USAGE ON SCHEMA ext TO PUBLIC; CREATE EXTENSION pageinspect SCHEMA ext; CREATE EXTENSION pg_stat_statements SCHEMA ext',
      owner:
        'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE VIEW slow AS SELECT query FROM ext.pg_stat_statements',
      role: 'CREATEDB',
    },
    'an event trigger and a global default privilege': {
      superuser: `CREATE FUNCTION log() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION log();
        ALTER DEFAULT PRIVILEGES FOR ROLE OWNER_ROLE GRANT SELECT ON TABLES TO pg_monitor`,
      owner: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)',
      after: 'CREATE TABLE u (id int)',
    },
  } as const;
  for (const [what, { ...case_ }] of Object.entries(HARD)) {
    it(`is filled from a backup with ${what}`, async () => {
      const hard: { superuser?: string; owner?: string; role?: string; note?: RegExp; after?: string; until?: number } =
        case_;
      if ((await sharedPostgres()).version >= (hard.until ?? Number.POSITIVE_INFINITY)) {
        // Since version 17, such an object is made and maintained with a search_path of pg_catalog alone.
        const superuser = 'GRANT CREATE ON SCHEMA public TO OWNER_ROLE';
        await assert.rejects(ordinary({ ...hard, superuser }), /relation "\w+" does not exist/);
        target = await ordinary();
        return;
      }
      target = await ordinary({
        superuser: `GRANT CREATE ON SCHEMA public TO OWNER_ROLE; ${hard.superuser ?? ''}`,
        owner: hard.owner,
        role: hard.role,
      });
      scratch = await copyOf(target);
      assert.equal(scratch.place.kind, 'Private');
      if (hard.after !== undefined) await on(scratch, hard.after);
      assert.deepEqual(await on(scratch, 'SELECT count(*)::int AS n FROM t'), [{ n: 1 }]);
      if (hard.note === undefined) assert.deepEqual(scratch.notes, []);
      else assert.match(scratch.notes.join('\n'), hard.note);
    });
  }

  it('connects to no other server: neither by a foreign table nor by dblink', async () => {
    const { host, port } = await sharedPostgres();
    target = await ordinary({
      superuser: `CREATE EXTENSION postgres_fdw; CREATE EXTENSION dblink;
        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${host}', port '${port}', dbname 'postgres');
        GRANT USAGE ON FOREIGN SERVER far TO OWNER_ROLE; GRANT CREATE ON SCHEMA public TO OWNER_ROLE;
        CREATE FUNCTION away() RETURNS text LANGUAGE sql AS $$ SELECT dblink_exec('host=${host} port=${port}', 'SELECT 1') $$`,
      owner: 'CREATE FOREIGN TABLE f (id int) SERVER far',
    });
    scratch = await copyOf(target);
    await assert.rejects(on(scratch, 'INSERT INTO f VALUES (1)'), /has no handler/);
    await assert.rejects(on(scratch, 'SELECT away()'), /reaches other servers, which are not available on a copy/);
  });

  it('is refused under Private, and left under Auto, where an extension has no files here', async () => {
    target = await ordinary({ role: 'CREATEDB' });
    const none = { runId: 'x', extensions: ['no_such_extension'] };
    scratch = await target.db.createScratch({ kind: 'empty' }, { ...none, server: 'Private' });
    assert.equal(scratch.place.kind, 'Private');
    await scratch.drop();
    scratch = undefined;
    const { PG_BIN } = process.env;
    process.env.PG_BIN = await clientsOnly();
    try {
      await assert.rejects(
        target.db.createScratch({ kind: 'empty' }, { runId: 'x', server: 'Private' }),
        (error) => error instanceof ProblemError && /server programs \(initdb, postgres\)/.test(error.problem.message),
      );
      scratch = await target.db.createScratch({ kind: 'empty' }, { runId: 'x' });
      assert.equal(scratch.place.kind, 'SameServer');
      assert.match(scratch.place.why ?? '', /no private server could be used: the server programs/);
    } finally {
      if (PG_BIN === undefined) delete process.env.PG_BIN;
      else process.env.PG_BIN = PG_BIN;
    }
  });

  for (const [what, extensions, role, result, says] of [
    [
      'one',
      ['no_files_here'],
      'NOCREATEDB',
      'warning',
      /the files of extension no_files_here are not on this machine.*CREATEDB;$/,
    ],
    [
      'two',
      ['"No ""files"', 'no_files_here'],
      'NOCREATEDB',
      'warning',
      /the files of extensions No "files, no_files_here are not/,
    ],
    [
      'one, by a role that may create databases',
      ['no_files_here'],
      'CREATEDB',
      'passed',
      /can create a database for the copy/,
    ],
    ['none', [], 'NOCREATEDB', 'passed', /a private server can be started here/],
  ] as const) {
    it(`is what the check expects, except for a database with extensions without files here: ${what}`, async () => {
      const rows = extensions.map(
        (name, index) => `INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
          VALUES (${99_000 + index}, '${name.replace(/^"|"$/g, '').replace('""', '"')}', 10, 'public'::regnamespace, true, '1')`,
      );
      target = await ordinary({ role, superuser: ['SET allow_system_table_mods = on', ...rows].join('; ') });
      const check = (await target.db.checks({})).find(({ name }) => name === 'rehearsal privileges');
      assert.equal(check?.result, result, check?.message);
      assert.match(check?.message ?? '', says);
    });
  }

  for (const path of ["''", `"my.tenant", 'a, b', "$user"`]) {
    it(`has a search_path of ${path}`, async () => {
      target = await ordinary({
        superuser: `CREATE TABLE public.t (id int); GRANT SELECT ON public.t TO OWNER_ROLE;
          DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = ${path.replaceAll("'", "''")}', current_database()); END $$`,
      });
      scratch = await copyOf(target, 'schema');
      const client = new pg.Client({ connectionString: target.url });
      await client.connect();
      const { rows } = await client.query("SELECT current_setting('search_path') AS path");
      await client.end();
      assert.deepEqual(await onNewConnection(scratch, target, "SELECT current_setting('search_path') AS path"), rows);
    });
  }

  it('is left under Auto where an extension needs a library that is loaded at the start of a server', async () => {
    // The extension's own message, on a private server that listens on no address.
    target = await ordinary({
      role: 'CREATEDB',
      superuser: 'GRANT CREATE ON SCHEMA public TO OWNER_ROLE',
      owner: `CREATE FUNCTION loaded(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
          IF current_setting('listen_addresses') = '' THEN RAISE 'scheduler must be loaded via shared_preload_libraries'; END IF;
          RETURN true; END $$;
        CREATE TABLE t (id int CHECK (loaded(id))); INSERT INTO t VALUES (1)`,
    });
    await assert.rejects(copyOf(target), /loads no libraries of shared_preload_libraries, which TABLE DATA t needs/);
    const folder = join(await temporaryFolder('backups'), 'b');
    const backup = await takeBackup(target.db, folder, OPTIONS);
    scratch = await target.db.createScratch({ kind: 'backup', backup }, { runId: 'preload' });
    assert.equal(scratch.place.kind, 'SameServer');
    assert.match(scratch.place.why ?? '', /shared_preload_libraries/);
    assert.deepEqual(await on(scratch, 'SELECT count(*)::int AS n FROM t'), [{ n: 1 }]);
  });

  it('has the extensions with their owners and versions, and no schema that the target does not have', async () => {
    target = await ordinary({
      superuser: 'DROP SCHEMA public; CREATE EXTENSION citext SCHEMA pg_catalog',
      owner: `CREATE SCHEMA "Ext S"; CREATE EXTENSION hstore SCHEMA "Ext S" VERSION '1.4'; CREATE EXTENSION ltree SCHEMA "Ext S"`,
    });
    const extensions = `SELECT extname::text, extversion, extnamespace::regnamespace::text AS schema,
      pg_get_userbyid(extowner) = '${target.role}' AS own FROM pg_extension ORDER BY 1`;
    const schemas = "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1";
    scratch = await copyOf(target);
    const client = new pg.Client({ connectionString: target.url });
    await client.connect();
    for (const sql of [extensions, schemas]) assert.deepEqual(await on(scratch, sql), (await client.query(sql)).rows);
    await client.end();
    await on(scratch, 'ALTER EXTENSION hstore UPDATE; DROP EXTENSION ltree');
  });

  it('listens on no network, has a short socket path that others cannot access, and is removed after drop', async () => {
    target = await ordinary();
    scratch = await copyOf(target, 'empty');
    const folder = await ownFolder();
    const lines = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n');
    assert.equal(lines[5], '', 'no address');
    assert.ok((lines[4] ?? '').length + '/.s.PGSQL.5432'.length < 100);
    await scratch.drop();
    await assert.rejects(readFile(join(folder, 'owner.json')));
    assert.throws(() => process.kill(Number(lines[0]), 0), /ESRCH/);
  });
});

async function onNewConnection(scratch: Scratch, { role, name }: Ordinary, sql: string) {
  const host = /\?host=(\/.+)$/.exec(scratch.database.identity.display)?.[1];
  const client = new pg.Client({ host, port: 5432, user: role, database: name });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function clientsOnly(): Promise<string> {
  const { symlink } = await import('node:fs/promises');
  const { bin } = await sharedPostgres();
  const folder = await temporaryFolder('clients');
  for (const program of ['pg_dump', 'pg_restore', 'psql']) await symlink(join(bin, program), join(folder, program));
  return folder;
}

async function ownFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith('db-manager-pg-')) continue;
    const path = join(tmpdir(), name);
    const owner = await readFile(join(path, 'owner.json'), 'utf8').catch(() => '{}');
    const serving = await readFile(join(path, 'data', 'postmaster.pid')).catch(() => undefined);
    if (JSON.parse(owner).pid === process.pid && serving !== undefined) return path;
  }
  throw new Error('no folder');
}

describe('the space of a private server', function () {
  this.timeout(60_000);

  it('is that of the database, of its largest table once more, and of an empty server; less is reported', async () => {
    const { name, url, drop } = await (await sharedPostgres()).createDatabase('space');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`CREATE TABLE small (id int); CREATE TABLE large (id int, text text);
        INSERT INTO large SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i; CREATE INDEX ON large (id)`);
      const { rows } = await client.query<{ table: string; all: string }>(
        "SELECT pg_total_relation_size('large') AS table, pg_database_size($1) AS all",
        [name],
      );
      assert.equal(await largestTableBytes(client), Number(rows[0]?.table));
      assert.equal(await sizeBytes(client), Number(rows[0]?.all));
      assert.ok(Number(rows[0]?.table) > 10_000_000);
      const { version } = await sharedPostgres();
      const programs = await findServer(Math.floor(version / 10_000));
      await assert.rejects(startServer(programs, { settings: {}, bytes: 1e15 - 200_000_000 }), (error) =>
        (error as Error).message.startsWith(`the copy needs about ${bytesText(1e15)}, and ${tmpdir()} has `),
      );
    } finally {
      await client.end();
      await drop();
    }
  });
});
