import assert from 'node:assert/strict';
import pg from 'pg';
import type { Database } from '../../../src/database/port.ts';
import { query } from '../../engine/request.ts';
import { temporaryDatabase } from '../../support/databases.ts';
import {
  assertDone,
  code,
  failureOf,
  migrate,
  migration,
  numbers,
  openReady,
  sql,
  states,
} from '../migration-fixtures.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a migration session on PostgreSQL', function () {
  this.timeout(30_000);
  let database: Database;
  let url: string;
  const clients: pg.Client[] = [];
  const other = async () => {
    const client = new pg.Client({ connectionString: url, application_name: 'the reports' });
    await client.connect();
    clients.push(client);
    return client;
  };
  beforeEach(async () => {
    ({ url } = await temporaryDatabase('postgres'));
    database = await openReady(url);
    assertDone(await migrate(database, [migration(sql('CREATE TABLE t (n INTEGER)'), { name: '0_table' })]));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    await database.close();
  });

  it('reports the position in a statement, also in the one that is sent with BEGIN and COMMIT', async () => {
    const cases: [string[], { line: number; column: number }][] = [
      [['SELECT 1, nope'], { line: 1, column: 11 }],
      [['SELECT 1', 'SELECT\n  nöpe,\n  1'], { line: 4, column: 3 }],
      [['SELECT 1', 'SELECT 2 -- a comment', 'SELECT 1 FROM'], { line: 5, column: 14 }],
      [['INSERT INTO t VALUES (1 / 0) -- no position'], { line: 1, column: 1 }],
    ];
    for (const [statements, { line, column }] of cases) {
      const outcome = await migrate(database, [migration(sql(...statements))]);
      assert.deepEqual(outcome.kind === 'failed' && outcome.problem.position, { file: 'm.sql', line, column });
      assert.equal(outcome.kind === 'failed' && outcome.problem.statement, statements.at(-1));
    }
    assertDone(await migrate(database, [migration(sql('INSERT INTO t VALUES (1) -- and a comment'))]));
    assert.deepEqual(await numbers(database), [1]);
  });

  it('reports the error of a constraint that is checked at COMMIT, and keeps nothing', async () => {
    const schema = 'CREATE TABLE p (id INTEGER PRIMARY KEY, up INTEGER REFERENCES p DEFERRABLE INITIALLY DEFERRED)';
    assertDone(await migrate(database, [migration(sql(schema))]));
    const before = await states(database);
    for (const body of [sql('INSERT INTO p VALUES (1, 9)'), code((q) => q.bulkInsert('p', [{ id: 1, up: 9 }]))]) {
      assert.match(failureOf(await migrate(database, [migration(body)])), /violates foreign key constraint/);
      assert.deepEqual(await states(database), before);
    }
  });

  it('reports the first error if code continued after it', async () => {
    const body = code(async (q) => {
      await q.sequelize.query('INSERT INTO nowhere VALUES (1)').catch(() => {});
      await q.sequelize.query('INSERT INTO t VALUES (1)').catch(() => {});
    });
    assert.match(failureOf(await migrate(database, [migration(body)])), /"nowhere" does not exist/);
    assert.deepEqual(await numbers(database), []);
  });

  it('commits code that sends no query', async () => {
    assertDone(await migrate(database, [migration(code(async () => {}))]));
    assert.equal((await states(database)).length, 2);
  });

  it('takes back what a migration set, and writes the history as the one who runs', async () => {
    await query(database, 'CREATE SCHEMA away; CREATE ROLE nobody_here; GRANT ALL ON SCHEMA public TO nobody_here');
    try {
      assertDone(
        await migrate(database, [
          migration(sql('SET search_path = away; SET lock_timeout = 0', 'SET ROLE nobody_here')),
          migration(
            code((q) => q.sequelize.query('SET search_path = away')),
            { transaction: false },
          ),
          migration(sql('CREATE TABLE here (n INTEGER)')),
        ]),
      );
      const tables = (await database.snapshot()).tables.map(({ name }) => name);
      assert.ok(tables.includes('here'), `in public: ${tables}`);
    } finally {
      await query(database, 'DROP OWNED BY nobody_here; DROP ROLE nobody_here');
    }
  });

  it('names who blocks it', async () => {
    const blocker = await other();
    await blocker.query('BEGIN; LOCK TABLE t');
    const stop = new AbortController();
    const told: string[] = [];
    const outcome = await migrate(database, [migration(sql('ALTER TABLE t ADD COLUMN x INTEGER'))], {
      signal: stop.signal,
      onRetry: (message) => {
        told.push(message);
        stop.abort();
      },
    });
    const who = /it waited for backend \d+ \(the reports, user \w+, idle in transaction, in a transaction for \d+ s\)/;
    assert.match(failureOf(outcome), who);
    assert.equal(outcome.kind === 'failed' && outcome.problem.reason, 'LockTimeout');
    assert.match(told.join(), who);
  });

  const index = (text: string) => migration(sql(text), { transaction: false });
  const indexes = async () => (await database.snapshot()).tables.flatMap((table) => table.indexes.map((i) => i.name));

  it('waits for old transactions while an index is built, longer than the lock timeout', async () => {
    const blocker = await other();
    await blocker.query('BEGIN; INSERT INTO t VALUES (1)');
    const running = migrate(database, [index('CREATE INDEX CONCURRENTLY t_n ON t (n)')]);
    await wait(1_000);
    await blocker.query('COMMIT');
    assertDone(await running);
    assert.deepEqual(await indexes(), ['t_n']);
  });

  it('builds an index that an earlier attempt has left INVALID, also with IF NOT EXISTS', async () => {
    const client = await other();
    await client.query('INSERT INTO t VALUES (1), (1)');
    await assert.rejects(client.query('CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)'));
    await client.query('DELETE FROM t');
    const valid = () =>
      client.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 't_n'::regclass").then((r) => r.rows);
    assert.deepEqual(await valid(), [{ valid: false }]);
    assertDone(await migrate(database, [index('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "t_n" ON t (n)')]));
    assert.deepEqual(await valid(), [{ valid: true }]);
  });

  it('drops what a failed build left, from code and without a name too, and nothing else', async () => {
    const client = await other();
    await client.query('INSERT INTO t VALUES (1), (1); CREATE INDEX mine ON t (n)');
    const bodies = [
      sql('CREATE UNIQUE INDEX CONCURRENTLY ON t (n)'),
      code((q) => q.sequelize.query('/* unique */ create unique index concurrently "T n" on "public"."t" (n)')),
    ];
    for (const body of bodies) {
      const outcome = await migrate(database, [migration(body, { transaction: false, name: '5_index' })]);
      assert.match(failureOf(outcome), /INVALID index .* that it left behind was dropped/);
      await database.history.remove(['5_index']);
    }
    const taken = await migrate(database, [index('CREATE INDEX CONCURRENTLY mine ON t (n)')]);
    assert.match(failureOf(taken), /already exists/);
    assert.deepEqual(await indexes(), ['mine']);
  });

  it('lets no second session migrate while the first is at work, and names the holder', async () => {
    const slow = migrate(database, [migration(sql('SELECT pg_sleep(1)'))], { runId: 'first' });
    await wait(300);
    const second = await openReady(url);
    const told: string[] = [];
    try {
      const lock = await second.lock({
        waitMs: 5_000,
        runId: 'second',
        holder: 'x',
        onWaiting: (m) => void told.push(m),
      });
      assertDone(await slow);
      await lock.release();
      assert.match(told.join(), /waiting for run first/);
    } finally {
      await second.close();
    }
  });
});
