import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Surroundings } from '../../../src/core/model/connection/surroundings.ts';
import { parseDatabaseUrl } from '../../../src/core/model/database-url.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import type { DatabaseTarget } from '../../../src/core/model/target.ts';
import { openDatabase } from '../../../src/database/open.ts';
import type { Database } from '../../../src/database/port.ts';
import { readHistory } from '../../../src/database/read-history.ts';
import { surroundingsOf } from '../../../src/library/settings/surroundings.ts';
import { query } from '../../engine/request.ts';
import { type Authority, createAuthority } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { freePort } from '../../support/ports.ts';
import { type PrivatePostgres, startPostgres, TEST_PASSWORD, TEST_USER } from '../../support/postgres.ts';
import { assertDone, migrate, migration, sql } from '../migration-fixtures.ts';

const TIMEOUTS = { connect: 3_000, lock: 2_000, statement: 0, run: 0 };
const SESSION = `SELECT a.ssl, s.application_name, current_setting('TimeZone') AS zone, host(s.client_addr) AS address
  FROM pg_stat_ssl a JOIN pg_stat_activity s USING (pid) WHERE pid = pg_backend_pid()`;

describe('a connection to PostgreSQL', function () {
  this.timeout(60_000);
  let server: PrivatePostgres;
  let withTls = true;
  let clientsWithTls = true;
  let authority: Authority;
  let stranger: Authority;
  let folder: string;
  before(async () => {
    folder = await temporaryFolder('tls');
    authority = await createAuthority(folder);
    stranger = await createAuthority(await temporaryFolder('stranger'), 'a stranger');
    const tls = await authority.issue({ name: 'server', commonName: 'db.test', hosts: ['db.test'] });
    server = await startPostgres({ tls }).catch((error: Error) => {
      if (!/SSL is not supported by this build/.test(error.message)) throw error;
      withTls = false;
      return startPostgres();
    });
    if (withTls)
      await reach(url('sslmode=require')).catch((error: Error) => {
        if (!/SSL support is not compiled in/.test(error.message)) throw error;
        clientsWithTls = false;
        console.warn('    left out: dumps with TLS, which this build of pg_dump does not support');
      });
  });
  after(() => server.stop());

  /** All three ways that reach a server: our driver, Sequelize's pool, and pg_dump. */
  async function reach(text: string, env: Record<string, string> = {}): Promise<Session> {
    const database = await openDatabase(target(text, env), { timeouts: TIMEOUTS, applicationName: 'db-manager test' });
    try {
      const [session] = await query<Session>(database, SESSION);
      assert.ok(session);
      if (clientsWithTls) await dumpOf(database);
      return session;
    } finally {
      await database.close();
    }
  }
  const url = (parameters: string, login = `${TEST_USER}:${TEST_PASSWORD}@`, host = server.host) =>
    `postgres://${login}${host}:${server.port}/postgres?${parameters}`;

  describe('with TLS', () => {
    before(function () {
      if (!withTls) this.skip(); // this server was built without OpenSSL
    });

    for (const [parameters, encrypted] of [
      ['sslmode=disable', false],
      ['ssl=require', true],
      ['ssl=true', true],
      ['sslmode=no-verify', true],
      ['channel_binding=require', true],
      ['sslmode=require&ssl_min_protocol_version=TLSv1.3', true],
    ] as const) {
      it(`${encrypted ? 'has' : 'has none'} for ${parameters}`, async () => {
        assert.equal((await reach(url(parameters))).ssl, encrypted);
      });
    }

    it('looks at the authority, for the driver and for pg_dump', async () => {
      const ca = encodeURIComponent(authority.certFile);
      const other = encodeURIComponent(stranger.certFile);
      for (const mode of ['require', 'verify-ca', 'prefer']) {
        assert.equal((await reach(url(`sslmode=${mode}&sslrootcert=${ca}`))).ssl, true, mode);
        assert.match(await refused(reach(url(`sslmode=${mode}&sslrootcert=${other}`))), /TLS .* failed/, mode);
      }
      assert.match(await refused(reach(url(`ssl=verify-full&sslrootcert=${ca}`))), /TLS .* failed/);
      const named = url(`ssl=verify-full&sslrootcert=${ca}&hostaddr=${server.host}`, undefined, 'db.test');
      assert.equal((await reach(named)).ssl, true);
    });

    it('begins with TLS where sslnegotiation is direct', async function () {
      if (server.version < 170_000) return this.skip(); // PostgreSQL 17 brought it
      const ca = encodeURIComponent(authority.certFile);
      assert.equal((await reach(url('sslmode=require&sslnegotiation=direct'))).ssl, true);
      assert.equal((await reach(url(`sslmode=verify-ca&sslrootcert=${ca}&sslnegotiation=direct`))).ssl, true);
    });

    it('takes the system’s authorities for verify-full without a file', async () => {
      assert.match(await refused(reach(url('sslmode=verify-full'))), /TLS .* failed/);
      assert.match(await refused(reach(url('sslrootcert=system'))), /TLS .* failed/);
    });

    it('is refused where channel binding or an authentication is asked for that there is not', async () => {
      assert.match(await refused(reach(url('channel_binding=require&sslmode=disable'))), /offers no channel binding/);
      assert.match(await refused(reach(url('require_auth=md5,password'))), /requests the authentication scram-sha-256/);
      assert.match(await refused(reach(url('require_auth=!scram-sha-256'))), /require_auth allows/);
      assert.equal((await reach(url('require_auth=scram-sha-256'))).ssl, true);
    });

    it('is not had in the clear where the server has none', async () => {
      const plain = await startPostgres();
      try {
        for (const parameters of ['ssl=require', 'ssl=true', 'sslmode=require', 'ssl=verify-full', 'requiressl=1']) {
          const text = plain.url().concat('?', parameters);
          assert.match(await refused(reach(text)), /does not support SSL/, parameters);
        }
        assert.equal((await reach(plain.url())).ssl, false);
      } finally {
        await plain.stop();
      }
    });
  });

  describe('in libpq’s other forms', () => {
    it('works through a Unix socket', async () => {
      const socket = encodeURIComponent(join(server.dataFolder, '..'));
      for (const text of [
        `postgres://${TEST_USER}:${TEST_PASSWORD}@${socket}:${server.port}/postgres`,
        `postgres://${TEST_USER}:${TEST_PASSWORD}@/postgres?host=${socket}&port=${server.port}`,
        `host='${join(server.dataFolder, '..')}' port=${server.port} dbname=postgres user=${TEST_USER} password=${TEST_PASSWORD}`,
      ]) {
        assert.equal((await reach(text)).address, null);
      }
    });

    it('takes the first of several hosts that answers, and stays with it', async () => {
      const dead = await freePort();
      const hosts = `${TEST_USER}:${TEST_PASSWORD}@127.0.0.1:${dead},${server.host}:${server.port}`;
      assert.equal((await reach(`postgres://${hosts}/postgres?target_session_attrs=read-write`)).address, '127.0.0.1');
      assert.equal(
        (await reach(`postgres://${hosts}/postgres?target_session_attrs=prefer-standby`)).address,
        '127.0.0.1',
      );
      assert.match(await refused(reach(`postgres://${hosts}/postgres?target_session_attrs=standby`)), /is a primary/);
    });

    it('takes password, service and password file from where libpq does, for pg_dump too', async () => {
      const passFile = join(folder, 'pass');
      const services = join(folder, 'services');
      await writeFile(passFile, `*:${server.port}:postgres:${TEST_USER}:${TEST_PASSWORD}\n`, { mode: 0o600 });
      await writeFile(
        services,
        `[there]\nhost=${server.host}\nport=${server.port}\nuser=${TEST_USER}\ndbname=postgres\n`,
      );
      const bare = url('', `${TEST_USER}@`);
      await reach(bare, { PGPASSWORD: TEST_PASSWORD });
      await reach(bare, { PGPASSFILE: passFile });
      await reach(url(`passfile=${passFile}`, `${TEST_USER}@`));
      await reach('service=there', { PGSERVICEFILE: services, PGPASSWORD: TEST_PASSWORD });
      await reach('postgres://', { PGSERVICE: 'there', PGSERVICEFILE: services, PGPASSFILE: passFile });
      assert.match(await refused(reach(bare)), /requires a password, but none was given/);
      await rm(passFile);
    });

    it('shows the application’s name after ours, and has the session’s options', async () => {
      const session = await reach(url('application_name=shop&options=-c%20timezone%3DEurope%2FVienna'));
      assert.equal(session.application_name, 'db-manager test (shop)');
    });
  });

  describe('with a search path', () => {
    for (const [name, parameters] of [
      ['search_path', 'search_path=base'],
      ['options', 'options=-csearch_path%3Dbase'],
      ['currentSchema', 'currentSchema=base'],
    ] as const) {
      it(`has tables and history there (${name})`, async () => {
        const { name: database, drop } = await server.createDatabase('path');
        const where = target(`${server.url(database)}?${parameters}`);
        await withDatabase(where, async (open) => {
          await open.history.ensure();
          assertDone(await migrate(open, [migration(sql('CREATE TABLE t (n int)'), { name: '1_t' })]));
          assert.deepEqual(
            (await open.snapshot()).tables.map((table) => table.schema),
            ['base'],
          );
        });
        const rows = await server.query<{ place: string }>(
          "SELECT schemaname || '.' || tablename AS place FROM pg_tables WHERE schemaname IN ('base', 'public') ORDER BY 1",
          [],
          database,
        );
        assert.deepEqual(
          rows.map(({ place }) => place),
          ['base.db_manager_history', 'base.t'],
        );
        assert.deepEqual(
          (await readHistory(where, TIMEOUTS)).map(({ revision }) => revision),
          ['1_t'],
        );
        await drop();
      });
    }

    it('and a role in the options, owns what is made', async () => {
      const { name: database, drop } = await server.createDatabase('role');
      await server.query('CREATE ROLE tables_owner');
      await server.query('GRANT ALL ON SCHEMA public TO tables_owner', [], database);
      await withDatabase(target(`${server.url(database)}?options=-c%20role%3Dtables_owner`), async (open) => {
        await open.history.ensure();
        assertDone(
          await migrate(open, [
            migration(sql('SET lock_timeout = 7', 'CREATE TABLE one (n int)')),
            migration(sql('CREATE TABLE two (n int)')),
          ]),
        );
      });
      const rows = await server.query(
        'SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = $1',
        ['public'],
        database,
      );
      assert.deepEqual(rows, [{ tableowner: 'tables_owner' }]);
      await drop();
      await server.query('DROP ROLE tables_owner');
    });
  });

  describe('to a database that does not exist', () => {
    it('is an error that names a similar one, and creates nothing unless it is asked to', async () => {
      const { name } = await server.createDatabase('warehouse');
      const typo = name.replace('house', 'huose');
      const where = target(server.url(typo));
      for (const create of [undefined, false, 'file'] as const) {
        const open = openDatabase(where, { timeouts: TIMEOUTS, applicationName: 'test', create });
        const message = await refused(open, 'DatabaseNotFound');
        assert.match(message, new RegExp(`has no database "${typo}".*db-manager init.*Did you mean "${name}"\\?`));
      }
      assert.deepEqual(await server.query('SELECT 1 FROM pg_database WHERE datname = $1', [typo]), []);
      const created: string[] = [];
      const open = await openDatabase(where, {
        timeouts: TIMEOUTS,
        applicationName: 'test',
        create: true,
        onCreated: (message) => created.push(message),
      });
      await open.close();
      assert.match(created.join(), /created the database warehuose/);
    });
  });

  describe('with settings of the database that would hinder our own queries', () => {
    const settings: [name: string, ...sql: string[]][] = [
      ['a German DateStyle', "datestyle = 'German'"],
      ['dates as MDY', "datestyle = 'Postgres, MDY'", 'intervalstyle = sql_standard', 'bytea_output = escape'],
      ['SQL dates', "datestyle = 'SQL, DMY'", 'extra_float_digits = -15', 'quote_all_identifiers = on'],
      ['short limits', 'statement_timeout = 20', 'lock_timeout = 20', 'idle_in_transaction_session_timeout = 20'],
      ['odd strings', 'standard_conforming_strings = off', 'client_encoding = latin1', 'backslash_quote = on'],
      ['an odd search path', 'search_path = nowhere, "Other One"', "timezone = 'Asia/Kathmandu'"],
      ['hidden rows', 'row_security = off', 'default_transaction_isolation = serializable'],
    ];
    for (const [name, ...all] of settings) {
      it(`works with ${name}`, async () => {
        const { name: database, url: there, drop } = await server.createDatabase('settings');
        for (const setting of all) await server.query(`ALTER DATABASE ${database} SET ${setting}`);
        await withDatabase(target(there), async (open) => {
          const before = Date.now();
          await open.history.ensure();
          const lock = await open.lock({ waitMs: 5_000, runId: 'one', holder: 'me' });
          assertDone(await migrate(open, [migration(sql('CREATE TABLE t (n int, at timestamptz)'), { name: '1_t' })]));
          const [row] = await open.history.read();
          assert.match(row?.appliedAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
          assert.ok(Math.abs(Date.parse(row?.appliedAt ?? '') - before) < 60_000);
          await withDatabase(target(there), async (second) => {
            const held = await refused(second.lock({ waitMs: 1, runId: 'two', holder: 'you' }), 'LockHeld');
            assert.match(held, /connected since \d{4}-/);
          });
          await lock.release();
          assert.deepEqual(
            (await open.snapshot()).tables.map((table) => table.name),
            ['t'],
          );
          assert.equal((await open.rowCounts()).get('public.t'), 0);
          await open.checks({});
        });
        assert.equal((await readHistory(target(there), TIMEOUTS)).length, 1);
        await drop();
      });
    }

    it('lets a migration see them, as psql does', async () => {
      const { name: database, url: there, drop } = await server.createDatabase('seen');
      await server.query(`ALTER DATABASE ${database} SET datestyle = 'SQL, DMY'`);
      await server.query(`ALTER DATABASE ${database} SET timezone = 'Asia/Kathmandu'`);
      await withDatabase(target(there), async (open) => {
        await open.history.ensure();
        const text = "CREATE TABLE t AS SELECT '03/04/2024'::date AS day, current_setting('TimeZone') AS zone";
        assertDone(await migrate(open, [migration(sql(text))]));
        const rows = await query<object>(open, "SELECT to_char(day, 'YYYY-MM-DD') AS day, zone FROM t");
        assert.deepEqual(rows, [{ day: '2024-04-03', zone: 'Asia/Kathmandu' }]);
      });
      await drop();
    });

    it('reads a database that is read-only by default, and reports what would stop a run', async () => {
      const { name: database, url: there, drop } = await server.createDatabase('readonly');
      await server.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      await withDatabase(target(there), async (open) => {
        await open.history.ensure();
        assert.deepEqual(await open.history.read(), []);
        const writable = (await open.checks({})).find(({ name }) => name === 'database writable');
        assert.equal(writable?.result, 'failed');
        assert.match(writable?.message ?? '', /read-only by default/);
      });
      await drop();
    });
  });
});

interface Session {
  ssl: boolean;
  application_name: string;
  zone: string;
  address: string | null;
}

function target(text: string, env: Record<string, string> = {}): DatabaseTarget {
  const surroundings: Surroundings = surroundingsOf(env);
  const parsed = parseDatabaseUrl(text, surroundings);
  if (!parsed.ok) throw new ProblemError(parsed.problem);
  return parsed.target;
}

async function withDatabase(where: DatabaseTarget, use: (database: Database) => Promise<void>): Promise<void> {
  const database = await openDatabase(where, { timeouts: TIMEOUTS, applicationName: 'db-manager test' });
  try {
    await use(database);
  } finally {
    await database.close();
  }
}

async function dumpOf(database: Database): Promise<void> {
  const file = join(await temporaryFolder('dump'), 'dump');
  await database.dump(file, { compression: 'none' });
}

async function refused(work: Promise<unknown>, reason?: string): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProblemError, String(error));
  if (reason !== undefined) assert.equal(error.problem.reason, reason);
  assert.doesNotMatch(error.message, new RegExp(TEST_PASSWORD));
  return error.message;
}
