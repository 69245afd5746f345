import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import pg from 'pg';
import type { LoadedMigration } from '../../../src/core/model/migration.ts';
import type { Database, MigrationWork } from '../../../src/database/port.ts';
import { keyOf } from '../../../src/database/postgres/advisory.ts';
import { query } from '../../engine/request.ts';
import { temporaryDatabase } from '../../support/databases.ts';
import { assertDone, failureOf, migrate, migration, numbers, openReady, sql, states } from '../migration-fixtures.ts';

const COUNT = 40;
const nameOf = (n: number) => `${n}`.padStart(2, '0');
const insert = (n: number, ...more: string[]) =>
  migration(sql(...more, `INSERT INTO t VALUES (${n})`), { name: nameOf(n) });
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);
/** As many that insert their number, some of them others. */
const inserts = (others: Record<number, LoadedMigration> = {}) => upTo(COUNT).map((n) => others[n] ?? insert(n));

describe('SQL migrations on PostgreSQL that are sent together', function () {
  this.timeout(60_000);
  let database: Database;
  let url: string;
  const clients: pg.Client[] = [];
  const other = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    clients.push(client);
    return client;
  };
  const run = (migrations: LoadedMigration[], more: Partial<MigrationWork> = {}) => migrate(database, migrations, more);
  /** Only the first so many are applied, and the history has exactly these. */
  const assertFirst = async (count: number) => {
    assert.deepEqual(await numbers(database), upTo(count));
    assert.deepEqual(
      (await states(database)).slice(1),
      upTo(count).map((n) => `${nameOf(n)} applied`),
    );
  };

  beforeEach(async () => {
    ({ url } = await temporaryDatabase('postgres'));
    database = await openReady(url);
    assertDone(await run([migration(sql('CREATE TABLE t (n INTEGER)'), { name: '00' })]));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end().catch(() => {});
    await database.close();
  });

  it('take fewer messages than there are, and each is reported when it starts and when it is committed', async () => {
    const { write } = Socket.prototype;
    let writes = 0;
    const seen: string[] = [];
    Socket.prototype.write = function (this: Socket, ...given: unknown[]) {
      writes += 1;
      return write.apply(this, given as Parameters<typeof write>);
    } as typeof write;
    try {
      const outcome = await run(inserts(), {
        onStart: ({ revision }, index) => void seen.push(`start ${index} ${revision}`),
        onDone: ({ revision }, index) => void seen.push(`done ${index} ${revision}`),
      });
      assertDone(outcome);
      assert.ok(outcome.done.every(({ seconds }) => seconds < 30));
    } finally {
      Socket.prototype.write = write;
    }
    assert.ok(writes < COUNT, `${writes} writes`);
    assert.deepEqual(
      seen,
      upTo(COUNT).flatMap((n) => [`start ${n - 1} ${nameOf(n)}`, `done ${n - 1} ${nameOf(n)}`]),
    );
    await assertFirst(COUNT);
    const times = (await database.history.read()).slice(1).map(({ appliedAt }) => Date.parse(appliedAt));
    assert.ok(Math.abs((times.at(-1) ?? 0) - Date.now()) < 60_000);
    for (const [index, time] of times.entries()) {
      assert.ok(index === 0 || time >= (times[index - 1] ?? 0) - 20, `in the order of their commits: ${times}`);
    }
  });

  it('end at the first that fails, which is named with the place; none after it is applied', async () => {
    const wrong = migration(sql('INSERT INTO t VALUES (99)', 'SELECT 1,\n  nope'), { name: nameOf(27) });
    const outcome = await run(inserts({ 27: wrong }));
    assert.match(failureOf(outcome), /"nope" does not exist/);
    assert.ok(outcome.kind === 'failed');
    const { migration: named, position, statement } = outcome.problem;
    assert.deepEqual([named, position, statement], ['27', { file: 'm.sql', line: 4, column: 3 }, 'SELECT 1,\n  nope']);
    assert.deepEqual([outcome.retry, outcome.touched, outcome.done.length], ['never', false, 26]);
    await assertFirst(26);
    assertDone(await run(inserts().slice(26)));
    await assertFirst(COUNT);
  });

  it('end at one whose constraint fails at COMMIT', async () => {
    const key = 'CREATE TABLE p (id INTEGER PRIMARY KEY, up INTEGER REFERENCES p DEFERRABLE INITIALLY DEFERRED)';
    await query(database, key);
    const outcome = await run(inserts({ 21: insert(21, 'INSERT INTO p VALUES (1, 9)') }));
    assert.match(failureOf(outcome), /violates foreign key constraint/);
    assert.equal(outcome.kind === 'failed' && outcome.problem.migration, '21');
    await assertFirst(20);
  });

  it('go on after one that waited for a lock, which is tried again', async () => {
    await query(database, 'CREATE TABLE busy (n INTEGER)');
    const blocker = await other();
    await blocker.query('BEGIN; LOCK TABLE busy');
    const told: string[] = [];
    const outcome = await run(inserts({ 18: insert(18, 'ALTER TABLE busy ADD COLUMN x INTEGER') }), {
      onRetry: (message) => {
        told.push(message);
        if (/waited for/.test(message)) void blocker.query('COMMIT');
      },
    });
    assertDone(outcome);
    assert.match(told.at(-1) ?? '', /^18: canceling statement due to lock timeout; it waited for backend \d+/);
    await assertFirst(COUNT);
  });

  it('keep their order with one outside a transaction among them, and one that is several statements to the server', async () => {
    await query(
      database,
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$",
    );
    const index = 'CREATE INDEX CONCURRENTLY t_n ON t (n)';
    const outcome = await run(
      inserts({
        15: migration(sql('INSERT INTO t VALUES (15)', index), { name: '15', transaction: false }),
        25: migration(sql('INSERT INTO t VALUES (25); SELECT 1'), { name: '25' }),
      }),
    );
    assertDone(outcome);
    assert.deepEqual(
      outcome.done.map(({ revision }) => revision),
      upTo(COUNT).map(nameOf),
    );
    await assertFirst(COUNT);
  });

  it('stop after the one that runs, although others were already sent', async () => {
    const stop = new AbortController();
    const outcome = await run(inserts({ 20: insert(20, 'SELECT pg_sleep(0.5)') }), {
      signal: stop.signal,
      onStart: ({ revision }) => void (revision === '20' && stop.abort()),
    });
    assert.equal(outcome.kind, 'stopped');
    assert.equal(outcome.done.length, 20);
    await assertFirst(20);
  });

  it('report what is committed where a stop comes among quick ones', async () => {
    const stop = new AbortController();
    const outcome = await run(inserts(), {
      signal: stop.signal,
      onDone: (_, index) => void (index === 4 && stop.abort()),
    });
    assert.equal(outcome.kind, 'stopped');
    assert.ok(outcome.done.length >= 5 && outcome.done.length < COUNT, `${outcome.done.length}`);
    await assertFirst(outcome.done.length);
  });

  it('end where the server ends the session, and the next run continues there', async () => {
    const end = 'SELECT pg_terminate_backend(pg_backend_pid())';
    const outcome = await run(inserts({ 22: insert(22, end) }));
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual([outcome.problem.reason, outcome.problem.migration], ['ConnectionLost', '22']);
    assert.deepEqual([outcome.retry, outcome.touched, outcome.done.length], ['safe', false, 21]);
    await assertFirst(21);
    assertDone(await run(inserts().slice(21)));
    await assertFirst(COUNT);
  });

  it('never give up the lock of their session in between', async () => {
    const [high, low] = keyOf('migrating', 'public');
    const waiter = await other();
    let found: Promise<number> | undefined;
    const count = async () => {
      await waiter.query('SELECT pg_advisory_lock($1, $2)', [high, low]);
      return Number((await waiter.query('SELECT count(*) AS n FROM t')).rows[0].n);
    };
    const outcome = await run(inserts(), {
      onStart(_, index) {
        if (index === 0) found = count();
      },
    });
    assertDone(outcome);
    assert.equal(await found, COUNT);
  });

  it('begin with the settings of the session, whichever one before has set, also one that no RESET knows', async () => {
    const path = 'a "b\\ c';
    const quoted = `"${path.replaceAll('"', '""')}"`;
    await query(database, `CREATE SCHEMA ${quoted}; CREATE TABLE ${quoted}.t (n INTEGER, seen text)`);
    const there = new URL(url);
    there.searchParams.set('options', `-c search_path=${quoted.replace(/[\\ ]/g, '\\$&')} -c app.tenant=7`);
    await database.close();
    database = await openReady(there.href);
    const change = "SELECT set_config('search_path', 'pg_catalog', false), set_config('app.tenant', '8', false)";
    const see = (n: number) =>
      migration(
        sql(
          `INSERT INTO t SELECT ${n}, current_setting('app.tenant') || reset_val FROM pg_settings WHERE name = 'lock_timeout'`,
          change,
        ),
      );
    assertDone(await run(upTo(12).map(see)));
    const rows = await query(database, `SELECT seen, count(*)::int AS n FROM ${quoted}.t GROUP BY 1`);
    assert.deepEqual(rows, [{ seen: '7400', n: 12 }]);
  });

  it('revert together too, in the reverse order', async () => {
    const both = upTo(COUNT).map((n) => ({ ...insert(n), down: sql(`DELETE FROM t WHERE n = ${n}`) }));
    assertDone(await run(both));
    const outcome = await run(both.slice(10).reverse(), { direction: 'down' });
    assertDone(outcome);
    assert.equal(outcome.done[0]?.revision, nameOf(COUNT));
    await assertFirst(10);
  });
});
