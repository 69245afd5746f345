import assert from 'node:assert/strict';
import pg from 'pg';
import { ProblemError } from '../../../src/core/model/problem.ts';
import { connect } from '../../../src/database/postgres/connection.ts';
import { dropDatabase } from '../../../src/database/postgres/drop-database.ts';
import { createScratchDatabase, dropStale } from '../../../src/database/postgres/scratch-database.ts';
import { safeMigrate } from '../../../src/index.ts';
import { targetOf } from '../../backups/fixtures.ts';
import { type Deployment, deployment, VERSION_1 } from '../../library/going-back-fixtures.ts';
import { type PrivatePostgres, startPostgres } from '../../support/postgres.ts';
import { eventually } from '../../support/processes.ts';

const TIMEOUTS = { connect: 10_000, lock: 10_000, statement: 0, run: 0 };

/** A user who owns databases and nothing else, on a server whose other sessions belong to superusers. */
describe('a database is dropped by an owner without SUPERUSER', function () {
  this.timeout(120_000);

  let server: PrivatePostgres;
  before(async () => {
    // Autovacuum begins at once and takes minutes.
    const settings = {
      autovacuum_naptime: '1s',
      autovacuum_vacuum_cost_delay: '100ms',
      autovacuum_vacuum_cost_limit: '1',
      autovacuum_vacuum_threshold: '1',
    };
    server = await startPostgres({ settings });
    await server.query("CREATE ROLE app LOGIN PASSWORD 'x' CREATEDB; CREATE ROLE other LOGIN PASSWORD 'x'");
  });
  after(() => server.stop());

  const url = (database: string, role = 'app') => server.url(database).replace(/\/\/[^@]+@/, `//${role}:x@`);
  const session = async (connectionString: string, application_name = 'test') => {
    const client = new pg.Client({ connectionString, application_name });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const exists = async (name: string) =>
    (await server.query('SELECT FROM pg_database WHERE datname = $1', [name])).length > 0;
  /** With what a test does as the owner. */
  const withDatabase = async (name: string, work: (owner: pg.Client) => Promise<void>) => {
    const owner = await session(url('postgres'));
    try {
      await owner.query(`CREATE DATABASE ${name}`);
      await work(owner);
    } finally {
      await owner.end();
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    }
  };

  it('while autovacuum is at work in it', () =>
    withDatabase('vacuumed', async (owner) => {
      const inside = await session(url('vacuumed'));
      await inside.query(`CREATE TABLE t AS SELECT repeat('x', 500) AS x FROM generate_series(1, 50000)`);
      await inside.query('DELETE FROM t');
      await inside.end();
      const worker = `SELECT FROM pg_stat_activity WHERE datname = 'vacuumed' AND backend_type = 'autovacuum worker'`;
      await eventually('autovacuum', async () => (await server.query(worker)).length > 0);
      await assert.rejects(owner.query('DROP DATABASE vacuumed WITH (FORCE)'), { code: '42501' });
      await dropDatabase(owner, 'vacuumed');
      assert.equal(await exists('vacuumed'), false);
    }));

  it('that is a template, with its own sessions, and a missing one is not an error', () =>
    withDatabase('own', async (owner) => {
      await owner.query('ALTER DATABASE own IS_TEMPLATE true');
      const inside = await session(url('own'));
      await dropDatabase(owner, 'own');
      assert.equal(await exists('own'), false);
      await dropDatabase(owner, 'own');
      await inside.end().catch(() => {});
    }));

  it("not while a superuser's session or another role's stays, which is named; connections are allowed as before", () =>
    withDatabase('watched', async (owner) => {
      const exporter = await session(server.url('watched'), 'postgres_exporter');
      const other = await session(url('watched', 'other'), 'reports');
      const inside = await session(url('watched'), 'ours');
      const gone = new Promise((done) => inside.once('end', done));
      await assert.rejects(dropDatabase(owner, 'watched'), (error) => {
        assert.ok(error instanceof ProblemError);
        assert.equal(error.problem.reason, 'ActiveSessions');
        assert.match(
          error.message,
          /^The database watched could not be dropped: it is used by postgres_exporter of tester \(backend \d+\), reports of other \(backend \d+\)\. As a superuser, run: DROP DATABASE "watched" WITH \(FORCE\);$/,
        );
        return true;
      });
      // What the owner may terminate was terminated, although sessions that it may not terminate come first.
      await gone;
      await (await session(url('watched'))).end();
      await exporter.end();
      await other.end();
      await dropDatabase(owner, 'watched');
      assert.equal(await exists('watched'), false);
    }));

  it('as a scratch copy that is still used: by the next run', () =>
    withDatabase('shop', async () => {
      const open = await connect(targetOf(url('shop')) as never, { timeouts: TIMEOUTS, applicationName: 'db-manager' });
      try {
        const scratch = await createScratchDatabase(open, open, 'one');
        const exporter = await session(server.url(scratch.name));
        await assert.rejects(scratch.drop(), ProblemError);
        const messages: string[] = [];
        assert.deepEqual(await dropStale(open, (message) => messages.push(message)), []);
        assert.match(messages.join(' '), /_rehearsal_one_\S+ could not be dropped: it is used by test of tester/);
        await exporter.end();
        assert.deepEqual(await dropStale(open), [scratch.name]);
        await scratch.drop();
      } finally {
        await open.closeSequelize();
        await open.client.end();
      }
    }));

  it('of a rehearsal: the run succeeds, reports what is left, and the next run removes it', () =>
    withDatabase('orders', async () => {
      const here: Deployment = await deployment('postgres', VERSION_1);
      const options = {
        ...here.options,
        databaseUrl: url('orders'),
        safety: { rehearsalServer: 'SameServer' },
      } as const;
      const found: pg.Client[] = [];
      const watcher = eventually(
        'the scratch copy',
        async () => {
          const [row] = await server.query<{ name: string }>(
            "SELECT datname AS name FROM pg_database WHERE datname LIKE 'orders_rehearsal_%'",
          );
          if (row === undefined) return false;
          found.push(await session(server.url(row.name), 'postgres_exporter'));
          return true;
        },
        { everyMs: 5 },
      );
      const report = await safeMigrate(options);
      await watcher;
      assert.equal(report.result, 'succeeded', report.message);
      assert.match(
        report.message,
        /\(the rehearsal copy could not be cleaned up: The database orders_rehearsal_\S+ could not be dropped: it is used by postgres_exporter of tester/,
      );
      await found[0]?.end();
      const next = await safeMigrate(options);
      assert.equal(next.result, 'succeeded', next.message);
      assert.match(JSON.stringify(next.steps), /removed leftovers of a crashed run: orders_rehearsal_/);
      assert.deepEqual(await server.query("SELECT FROM pg_database WHERE datname LIKE 'orders_rehearsal_%'"), []);
    }));
});
