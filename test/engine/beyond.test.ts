import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Problem, ProblemError } from '../../src/core/model/problem.ts';
import { openScratch } from '../../src/engine/scratch.ts';
import { checkMigrationSafety, safeMigrate } from '../../src/library/safe-migrate.ts';
import { migrateSql } from '../../src/library/sql.ts';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { openTarget, targetOf } from '../backups/fixtures.ts';
import { temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { sizeFor } from '../support/sizes.ts';

/** One statement in seven has a run of its own in the suite; with `DB_MANAGER_FAULTS=long` each of the thirty has. */
const LONG = process.env.DB_MANAGER_FAULTS === 'long';

/** Everything that all databases of the server share, without what merely runs. */
const SHARED = `SELECT jsonb_build_object(
  'roles', (SELECT jsonb_agg(to_jsonb(a) ORDER BY oid) FROM pg_authid a),
  'members', (SELECT jsonb_agg(to_jsonb(m) ORDER BY roleid, member) FROM pg_auth_members m),
  'databases', (SELECT jsonb_agg(to_jsonb(d) - 'datfrozenxid' - 'datminmxid' ORDER BY oid) FROM pg_database d),
  'settings', (SELECT jsonb_agg(to_jsonb(s) ORDER BY setdatabase, setrole) FROM pg_db_role_setting s),
  'tablespaces', (SELECT jsonb_agg(to_jsonb(t) ORDER BY oid) FROM pg_tablespace t),
  'slots', (SELECT jsonb_agg(slot_name ORDER BY slot_name) FROM pg_replication_slots),
  'comments', (SELECT jsonb_agg(to_jsonb(c) ORDER BY objoid) FROM pg_shdescription c),
  'subscriptions', (SELECT jsonb_agg(subname ORDER BY oid) FROM pg_subscription),
  'files', (SELECT jsonb_agg(to_jsonb(f)) FROM pg_file_settings f)
)::text AS state`;

const SERVER = [
  'CREATE ROLE beyond_made',
  'ALTER ROLE beyond_writer CONNECTION LIMIT 7',
  "ALTER ROLE beyond_writer SET search_path = 'x'",
  "ALTER ROLE beyond_writer PASSWORD 'x'",
  'ALTER ROLE beyond_writer RENAME TO beyond_other',
  'DROP ROLE beyond_reader',
  'GRANT beyond_reader TO beyond_writer',
  'DROP OWNED BY beyond_writer',
  'REASSIGN OWNED BY beyond_writer TO beyond_reader',
  "COMMENT ON ROLE beyond_writer IS 'x'",
  "COMMENT ON DATABASE postgres IS 'x'",
  'ALTER DATABASE postgres SET work_mem = 1024',
  'GRANT CREATE ON DATABASE postgres TO beyond_writer',
  "SELECT pg_create_physical_replication_slot('beyond_slot')",
  'SELECT pg_reload_conf()',
  "SELECT pg_notify('beyond', 'x')",
  'NOTIFY beyond',
  'SELECT pg_switch_wal()',
  "DO $$ BEGIN EXECUTE 'CREATE ROLE beyond_made_2'; END $$",
  'DO $$ BEGIN CREATE ROLE beyond_made_3; END $$',
] as const;
/** In an order in which all of them can run. */
const LAST = /RENAME|DROP ROLE/;
const IN_ORDER = [...SERVER.filter((each) => !LAST.test(each)), ...SERVER.filter((each) => LAST.test(each))];
/** Refused inside a transaction. */
const ALONE = ["ALTER SYSTEM SET work_mem = '8MB'", 'CREATE DATABASE beyond_db', 'CHECKPOINT'] as const;
const OUTSIDE = [
  "COPY (SELECT 1) TO PROGRAM 'cat >> FOLDER/program'",
  "COPY (SELECT 1) TO 'FOLDER/file'",
  "SELECT lo_import('/etc/passwd')",
  "SELECT lo_export(lo_from_bytea(0, 'x'), 'FOLDER/lo')",
  "SELECT pg_read_file('PG_VERSION')",
  "SELECT dblink_exec('URL', 'INSERT INTO beyond_log VALUES (1)')",
  "DO $$ BEGIN PERFORM dblink_exec('URL', 'INSERT INTO beyond_log VALUES (1)'); END $$",
] as const;

/** A command for each statement takes minutes; the tests around the one that uses this send all statements. */
const EACH = sizeFor({ developer: 14, ci: 7, long: 1 });

describe('statements that act beyond the database', function () {
  this.timeout(120_000);
  let name: string;
  let url: string;
  const sql = async (text: string, database?: string) =>
    (await sharedPostgres()).query<Record<string, unknown>>(text, [], database);
  const state = async () => (await sql(SHARED))[0]?.state;

  before(async () => {
    const postgres = await sharedPostgres();
    ({ name, url } = await postgres.createDatabase('beyond'));
    await sql('CREATE EXTENSION dblink', name);
    await sql('CREATE TABLE kept (id int); CREATE TABLE beyond_log (id int)', name);
    await sql('CREATE ROLE beyond_writer; CREATE ROLE beyond_reader');
  });

  after(async () => {
    await sql('DROP ROLE beyond_writer; DROP ROLE beyond_reader');
  });

  /** A project whose migrations are these statements, each twice over: as SQL or as code. */
  async function project(statements: readonly string[], form: 'sql' | 'code', alone = false) {
    const cwd = await temporaryFolder('beyond');
    await mkdir(join(cwd, 'migrations'));
    for (const [index, statement] of statements.entries()) {
      const file = join(cwd, 'migrations', `${String(index + 1).padStart(4, '0')}_beyond`);
      const text = statement.replaceAll('FOLDER', cwd).replaceAll('URL', url);
      if (form === 'sql')
        await writeFile(`${file}.sql`, `-- migrate:up${alone ? ' transaction:false' : ''}\n${text};\n`);
      else {
        const query = JSON.stringify(text);
        const own = alone ? 'export const transaction = false;\n' : '';
        await writeFile(
          `${file}.mjs`,
          `${own}export async function up({ context }) { await context.sequelize.query(${query}); }\n`,
        );
      }
    }
    return {
      cwd,
      databaseUrl: url,
      config: false as const,
      backups: join(cwd, 'backups'),
      migrations: join(cwd, 'migrations'),
    };
  }

  /** What became of each statement, sent alone on one scratch database. */
  async function refusedOn(
    server: 'SameServer' | 'Private',
    statements: readonly string[],
    form: 'sql' | 'code',
    kind: 'empty' | 'schema' = 'empty',
  ) {
    const { migrations: folder } = await project(statements, form);
    const read = await readMigrations(folder);
    if (!read.ok) throw new Error(read.problem.message);
    const db = await openTarget(targetOf(url));
    const scratch = await openScratch(db, { kind }, { runId: 'beyond', server });
    try {
      await scratch.database.history.ensure();
      const timeouts = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };
      const found: { statement: string; problem?: Problem }[] = [];
      for (const [index, migration] of (await loadMigrations(folder, read.files, 'postgres')).entries()) {
        const work = { direction: 'up' as const, runId: 'beyond', toolVersion: '0', timeouts };
        const outcome = await scratch.database.migrate({ ...work, migrations: [migration] });
        found.push({
          statement: statements[index] ?? '',
          problem: outcome.kind === 'failed' ? outcome.problem : undefined,
        });
      }
      return Object.assign(found, { beyond: scratch.beyond });
    } finally {
      await scratch.drop();
      await db.close();
    }
  }

  for (const form of ['sql', 'code'] as const) {
    it(`in ${form} run on a private server, are reported, and leave the target's server as it was`, async () => {
      const before = await state();
      const options = await project(['CREATE TABLE made (id int)', ...IN_ORDER], form);
      const report = await safeMigrate({ ...options, dryRun: true, rehearsalServer: 'Private' });
      assert.equal(report.rehearsal?.result, 'Full', report.message);
      assert.match(
        report.rehearsal?.message ?? '',
        /on a private server; not undone by a restore: CREATE ROLE beyond_made \(0002_beyond\)/,
      );
      assert.equal(await state(), before);
      const [, more = ''] = /and (\d+) more/.exec(report.rehearsal?.message ?? '') ?? [];
      assert.ok(Number(more) >= IN_ORDER.length - 3, report.rehearsal?.message);
      await checkMigrationSafety(options);
      assert.equal(await state(), before);
      assert.equal((await migrateSql({ ...options, range: 'base:head' })).length, IN_ORDER.length + 1);
      assert.equal(await state(), before);
    });

    it(`in ${form}, outside a transaction, run on a private server alone`, async () => {
      const before = await state();
      const options = await project(ALONE, form, true);
      const report = await safeMigrate({ ...options, dryRun: true, rehearsalServer: 'Private' });
      assert.equal(report.rehearsal?.result, 'Full', report.message);
      await checkMigrationSafety(options);
      assert.equal((await migrateSql({ ...options, range: 'base:head' })).length, ALONE.length);
      assert.equal(await state(), before);
    });

    it(`in ${form}, each alone in a plan, are refused on the target's server by each command`, async function () {
      this.timeout(900_000);
      const before = await state();
      const all = [
        ...SERVER.map((each) => [each, 'SameServer', false] as const),
        ...ALONE.map((each) => [each, 'SameServer', true] as const),
        ...OUTSIDE.map((each) => [each, 'Private', false] as const),
      ];
      for (const [statement, rehearsalServer, alone] of LONG ? all : all.filter((_, index) => index % EACH === 1)) {
        const made = await project([statement], form, alone);
        const config = join(made.cwd, 'db-manager.json');
        await writeFile(config, JSON.stringify({ safety: { rehearsalServer } }));
        const options = { ...made, config };
        const run = await safeMigrate({ ...options, backup: false, report: false, dryRun: true });
        assert.equal(run.reason, 'NotRehearsable', `${statement}: ${run.reason} ${run.message}`);
        if (form === 'code') {
          await assert.rejects(
            migrateSql({ ...options, range: 'base:head' }),
            (error) => error instanceof ProblemError && error.problem.reason === 'NotRehearsable',
            statement,
          );
        }
        if (rehearsalServer === 'Private') {
          assert.notDeepEqual((await checkMigrationSafety(options)).warnings, [], statement);
        }
        assert.equal(await state(), before, statement);
      }
      assert.deepEqual(await sql('SELECT * FROM beyond_log', name), []);
    });

    it(`in ${form} are never sent to the target's server`, async () => {
      const before = await state();
      const refused = await refusedOn('SameServer', [...SERVER, ...OUTSIDE], form);
      for (const { statement, problem } of refused) {
        assert.equal(problem?.reason, 'NotRehearsable', `${statement}: ${problem?.message}`);
        assert.match(problem.message, /It was not sent\. .*safety\.rehearsal/);
      }
      assert.equal(refused.length, SERVER.length + OUTSIDE.length);
      assert.equal(await state(), before);
      assert.deepEqual(await sql('SELECT * FROM beyond_log', name), []);
    });

    it(`in ${form}, what acts outside is not run on a private server either`, async () => {
      for (const { statement, problem } of await refusedOn('Private', OUTSIDE, form)) {
        assert.equal(problem?.reason, 'NotRehearsable', `${statement}: ${problem?.message}`);
        assert.match(problem.message, /Files, programs and other servers cannot be rehearsed/);
      }
      assert.deepEqual(await sql('SELECT * FROM beyond_log', name), []);
    });
  }

  for (const place of ['SameServer', 'Private'] as const) {
    it(`all thirty in one migration that catches each refusal are sent to the ${place === 'Private' ? 'private' : "target's"} server by no command`, async () => {
      const heard: unknown[] = [];
      const listener = new pg.Client({ connectionString: (await sharedPostgres()).url('postgres') });
      await listener.connect();
      listener.on('notification', (notification) => heard.push(notification));
      await listener.query('LISTEN beyond');
      const loaded = async () => (await sql('SELECT pg_conf_load_time()::text AS at'))[0];
      const before = [await state(), await loaded()];
      const made = await project([], 'code');
      const statements = [...(place === 'Private' ? [] : [...ALONE, ...SERVER]), ...OUTSIDE].map((text) =>
        text.replaceAll('FOLDER', made.cwd).replaceAll('URL', url),
      );
      await writeFile(
        join(made.migrations, '0001_all.mjs'),
        `export const transaction = false;
        export async function up({ context }) {
          for (const sql of ${JSON.stringify(statements)}) await context.sequelize.query(sql).catch(() => {});
        }\n`,
      );
      const config = join(made.cwd, 'db-manager.json');
      await writeFile(config, JSON.stringify({ safety: { rehearsalServer: place } }));
      const options = { ...made, config };
      try {
        const commands: Record<string, () => Promise<unknown>> = {
          'the dry run': async () => (await safeMigrate({ ...options, dryRun: true })).reason,
          'the rehearsal': async () => (await safeMigrate(options)).reason,
          'migrate sql': () => migrateSql({ ...options, range: 'base:head' }).catch(({ problem }) => problem?.reason),
          'safety-check': async () =>
            (await checkMigrationSafety(options)).warnings.length > 0 ? 'NotRehearsable' : 'no finding',
        };
        for (const [command, run] of Object.entries(commands)) {
          assert.equal(await run(), 'NotRehearsable', command);
          assert.deepEqual([await state(), await loaded()], before, command);
          assert.deepEqual(await sql('SELECT * FROM beyond_log', name), [], command);
          for (const file of ['program', 'file', 'lo']) await assert.rejects(access(join(made.cwd, file)), /ENOENT/);
        }
        await listener.query('SELECT 1');
        assert.deepEqual(heard, []);
      } finally {
        await listener.end();
      }
    });
  }

  /** What no reading of the statement shows: functions that exist, and that build what they run. */
  const STORED = `
    CREATE FUNCTION makes_role() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE chr(67) || 'REATE ROLE beyond_sly'; END $$;
    CREATE FUNCTION sets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE chr(65) || 'LTER DATA' || chr(66) || 'ASE postgres SET work_mem = 1024'; RETURN NEW; END $$;
    CREATE TABLE with_trigger (id int); CREATE TRIGGER sets BEFORE INSERT ON with_trigger FOR EACH ROW EXECUTE FUNCTION sets();
    CREATE FUNCTION member() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('%s beyond_reader TO beyond_writer', upper('grant')); RETURN 1; END $$;
    CREATE FUNCTION sends() RETURNS text LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN EXECUTE 'SELECT db' || chr(108) || 'ink_exec(''URL'', ''INSERT INTO beyond_log VALUES (1)'')' INTO r; RETURN r; END $$;
    CREATE FUNCTION writes() RETURNS text LANGUAGE sql AS $$ SELECT dblink_exec('URL', 'INSERT INTO beyond_log VALUES (1)') $$;
    CREATE FUNCTION calls() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN writes(); END $$;
    CREATE FUNCTION notifies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY beyond; RETURN NEW; END $$;
    CREATE TABLE announced (id int); CREATE TRIGGER notifies AFTER INSERT ON announced FOR EACH ROW EXECUTE FUNCTION notifies();`;
  const CALLS: readonly [sql: string, sameServer: RegExp, onPrivate: RegExp | undefined][] = [
    // Since version 16 a role that creates another one is also made its member.
    ['SELECT makes_role()', /NotRehearsable.*changed (?:pg_auth_members, )?pg_authid/, undefined],
    ['INSERT INTO with_trigger VALUES (1)', /NotRehearsable.*changed pg_db_role_setting/, undefined],
    ['SELECT member()', /NotRehearsable.*changed pg_auth_members/, undefined],
    ['SELECT sends()', /dblink_exec\(\) reaches other servers/, /dblink_exec\(\) reaches other servers/],
    ['SELECT calls()', /NotRehearsable.*in calls\(\)/, /NotRehearsable.*in calls\(\)/],
    ['INSERT INTO announced VALUES (1)', /NotRehearsable.*NOTIFY beyond in notifies\(\)/, undefined],
  ];

  it('in functions that exist, in triggers and in text built at run time, change nothing on the target', async () => {
    await sql(STORED.replaceAll('URL', url), name);
    const before = await state();
    const statements = CALLS.map(([statement]) => statement);
    const text = (problem: Problem | undefined) => problem && `${problem.reason} ${problem.message}`;
    for (const form of ['sql', 'code'] as const) {
      const same = await refusedOn('SameServer', statements, form, 'schema');
      for (const [index, [statement, expected]] of CALLS.entries()) {
        assert.match(text(same[index]?.problem) ?? `${statement} ran`, expected);
      }
      assert.equal(await state(), before);
      const there = await refusedOn('Private', statements, form, 'schema');
      for (const [index, [statement, , expected]] of CALLS.entries()) {
        if (expected === undefined) assert.equal(text(there[index]?.problem), undefined);
        else assert.match(text(there[index]?.problem) ?? `${statement} ran`, expected);
      }
      const reported = there.beyond.join('; ');
      assert.match(
        reported,
        /a change of (?:pg_auth_members, )?pg_authid \(0001_beyond\); a change of pg_db_role_setting \(0002_beyond\)/,
      );
    }
    assert.equal(await state(), before);
    assert.deepEqual(await sql('SELECT * FROM beyond_log', name), []);
  });

  it('are refused also where code catches what is thrown at it', async () => {
    const options = await project([], 'code');
    await writeFile(
      join(options.migrations, '0001_sly.mjs'),
      "export async function up({ context }) { await context.sequelize.query('CREATE ROLE beyond_sly').catch(() => {}); }\n",
    );
    const report = await safeMigrate({ ...options, dryRun: true, backup: false, rehearsalServer: 'SameServer' });
    assert.equal(report.reason, 'NotRehearsable', report.message);
  });

  it('F1: a role is made by the migration, and the next run does not meet it', async () => {
    const fresh = await (await sharedPostgres()).createDatabase('f1');
    const options = {
      ...(await project(['CREATE TABLE t1 (id int PRIMARY KEY); CREATE ROLE beyond_f1'], 'sql')),
      databaseUrl: fresh.url,
    };
    const report = await safeMigrate(options);
    assert.equal(report.result, 'succeeded', report.message);
    await sql('DROP ROLE beyond_f1');
  });

  it('F1: a run that fails in its rehearsal has changed no role', async () => {
    const options = await project(['ALTER ROLE beyond_writer CONNECTION LIMIT 7', 'SELECT 1/0'], 'sql');
    const fresh = await (await sharedPostgres()).createDatabase('f1');
    const report = await safeMigrate({ ...options, databaseUrl: fresh.url });
    assert.equal(report.reason, 'RehearsalFailed', report.message);
    assert.match(report.message, /production was not changed/);
    assert.deepEqual(await sql("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'beyond_writer'"), [
      { rolconnlimit: -1 },
    ]);
  });
});
