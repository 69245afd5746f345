import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { LoadedMigration } from '../../src/core/model/migration.ts';
import type { Database } from '../../src/database/port.ts';
import { loadOne } from '../migrations/files.ts';
import { DIALECTS, temporaryDatabase } from '../support/databases.ts';
import { assertDone, failureOf, migrate, migration, numbers, openReady, sql, states } from './migration-fixtures.ts';

/** Each puts 1 into `t` in a way that the function's own promise does not wait for. */
const BEGUN: Record<string, string> = {
  'a query that is neither awaited nor returned': "up: (q) => { q.bulkInsert('t', [{ n: 1 }]); }",
  'a table with an enum': "up: (q, S) => { q.createTable('f', { id: S.INTEGER, s: S.ENUM('x', 'y') }); add(q); }",
  'a managed transaction that is not returned':
    "up: (q) => { q.sequelize.transaction(async (transaction) => { await pause(20); await q.bulkInsert('t', [{ n: 1 }], { transaction }); }); }",
  'a transaction of its own in a function that is not awaited':
    "up: (q) => { (async () => { const transaction = await q.sequelize.transaction(); await pause(5); await q.bulkInsert('t', [{ n: 1 }], { transaction }); await transaction.commit(); })(); }",
  'a chain with gaps':
    "up: (q) => { q.sequelize.query('SELECT 1').then(() => pause(30)).then(() => { q.sequelize.query('SELECT 2').then(() => add(q)); }); }",
  'a timer': 'up: (q) => { setTimeout(() => add(q), 50); }',
  'a timer in a timer in a setImmediate':
    'up: (q) => { setImmediate(() => setTimeout(() => setTimeout(() => add(q), 20), 20)); }',
  'an interval that ends':
    'up: (q) => { let n = 0; const i = setInterval(() => { n += 1; if (n < 3) return; clearInterval(i); add(q); }, 10); }',
  'a list of promises': 'up: (q) => [pause(30).then(() => add(q)), [pause(1)]]',
  'a list of promises of an async function': 'up: async (q) => [pause(30).then(() => add(q))]',
  'a promise that is no Promise': 'up: (q) => ({ then: (ok) => { setTimeout(() => { add(q); ok(); }, 20); } })',
  'a callback at the end': 'up: (q, S, done) => { setTimeout(() => { add(q).then(() => done()); }, 20); }',
  'a callback that comes before the end': 'up: (q, S, done) => { done(); setTimeout(() => add(q), 20); }',
  'a callback that is never called by an async function': 'up: async (q, S, done) => { pause(20).then(() => add(q)); }',
  'a file that is read': "up: (q) => { require('node:fs').readFile(__filename, () => add(q)); }",
  'a file that is read by promise':
    "up: (q) => { require('node:fs/promises').readFile(__filename).then(() => add(q)); }",
  'a file that is closed': `up: (q) => { const fs = require('node:fs/promises'); fs.open(__filename).then((file) => file.close()).then(() => add(q)); }`,
  'a text that is hashed by the Web Cryptography API':
    "up: (q) => { crypto.subtle.digest('SHA-512', Buffer.alloc(5e7)).then(() => add(q)); }",
  'a pair of keys':
    "up: (q) => { require('node:crypto').generateKeyPair('rsa', { modulusLength: 2048 }, () => add(q)); }",
  'a text that is compressed': "up: (q) => { require('node:zlib').gzip(Buffer.alloc(2e7, 'ab1'), () => add(q)); }",
  'a key that is derived': "up: (q) => { require('node:crypto').hkdf('sha512', 'k', 's', 'i', 8, () => add(q)); }",
  'a query of another database, by a native module': `up: (q) => { const other = new (require(${JSON.stringify(createRequire(import.meta.url).resolve('sqlite3'))}).Database)(':memory:'); other.get('WITH RECURSIVE c(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM c WHERE x < 300000) SELECT count(*) FROM c', () => other.close(() => add(q))); }`,
  'a child process': "up: (q) => { require('node:child_process').exec('sleep 0.1', () => add(q)); }",
  'a name that is looked up': "up: (q) => { require('node:dns').lookup('localhost', () => add(q)); }",
};

const HELP = `
const pause = (ms) => new Promise((ok) => setTimeout(ok, ms));
const add = (q) => q.sequelize.query('INSERT INTO t VALUES (1)');
`;

let count = 0;
function file(exports: string): Promise<LoadedMigration> {
  count += 1;
  return loadOne(`${count}_code.cjs`, `${HELP}module.exports = { ${exports} };\n`);
}

for (const dialect of DIALECTS) {
  describe(`what a code migration begins, on ${dialect}`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await openReady((await temporaryDatabase(dialect)).url);
      assertDone(await migrate(database, [migration(sql('CREATE TABLE t (n INTEGER)'), { name: '0_table' })]));
    });
    afterEach(() => database.close());

    for (const [what, body] of Object.entries(BEGUN)) {
      for (const transaction of [true, false]) {
        it(`is finished before it is recorded: ${what}${transaction ? '' : ', outside our transaction'}`, async () => {
          const made = await file(transaction ? body : `${body}, transaction: false`);
          const next = migration(sql('INSERT INTO t SELECT 10 + count(*) FROM t'), { name: '9_next' });
          assertDone(await migrate(database, [made, next]));
          assert.deepEqual(await numbers(database), [1, 11]);
          assert.deepEqual((await states(database)).at(1), `${made.revision} applied`);
        });
      }
    }

    const LEFT: [string, string, RegExp][] = [
      ['a function that it returns', 'up: (q) => () => add(q)', /returned a function, which is not called/],
      [
        'an async function that it returns',
        'up: async (q) => async function () { await add(q); }',
        /returned a function/,
      ],
      ['a function for the queryInterface', 'up: () => (q) => add(q)', /returned a function/],
      ['a list of functions', 'up: (q) => [pause(1), [() => add(q)]]', /returned a function/],
      [
        'a stream that nothing reads',
        "up: (q) => require('node:stream').Readable.from((async function* () { yield add(q); })())",
        /returned a stream, which is not read/,
      ],
      [
        'an iterable that nothing iterates over',
        'up: (q) => ({ async *[Symbol.asyncIterator]() { yield add(q); } })',
        /returned an asynchronous iterable/,
      ],
      ['a generator in a promise', 'up: async (q) => (function* () { yield add(q); })()', /is a generator/],
      [
        'a transaction that it does not end',
        "up: async (q) => { const transaction = await q.sequelize.transaction(); await q.bulkInsert('t', [{ n: 1 }], { transaction }); }",
        /left a transaction open/,
      ],
      ['a generator', 'up: function* (q) { yield add(q); }', /is a generator/],
      ['an async generator', 'up: async function* (q) { yield add(q); }', /is a generator/],
      [
        'a query that fails in a transaction that is not awaited',
        "up: async (q) => { await add(q); q.sequelize.transaction(async () => { await q.sequelize.query('SELECT nope FROM t'); }); }",
        /nope/,
      ],
    ];
    for (const [what, body, message] of LEFT) {
      it(`fails with ${what}, and nothing is recorded`, async () => {
        const made = await file(body);
        const outcome = await migrate(database, [made]);
        assert.match(failureOf(outcome), message);
        assert.equal(outcome.kind === 'failed' && outcome.problem.reason, 'MigrationFailed');
        assert.equal(outcome.kind === 'failed' && outcome.problem.migration, made.revision);
        assert.deepEqual(await numbers(database), []);
        assert.deepEqual(await states(database), ['0_table applied']);
      });
    }

    const RETURNED: Record<string, string> = {
      'a class': 'up: async (q) => { await add(q); return class { static up() {} }; }',
      'a model': "up: async (q, S) => { await add(q); return q.sequelize.define('m', { n: S.INTEGER }); }",
      Sequelize: 'up: async (q, S) => { await add(q); return S; }',
      'a function with members': 'up: async (q) => { await add(q); return Object.assign(() => {}, { raw() {} }); }',
      'a stream that was read to its end':
        "up: async (q) => { const s = require('node:stream').Readable.from([1]); for await (const n of s) await add(q); return s; }",
      'a stream that flows':
        "up: (q) => require('node:stream').Readable.from((async function* () { yield 1; await add(q); })()).resume()",
      'a stream that is written to':
        "up: (q) => require('node:stream').Readable.from([1]).pipe(new (require('node:stream').Writable)({ objectMode: true, write(n, _, done) { add(q).then(() => done(), done); } }))",
    };
    for (const [what, body] of Object.entries(RETURNED)) {
      it(`may return ${what}`, async () => {
        assertDone(await migrate(database, [await file(body)]));
        assert.deepEqual(await numbers(database), [1]);
      });
    }

    it('fails with a timer that continues, and shows where it was set', async () => {
      const outcome = await migrate(database, [
        await file('up: async (q) => { await add(q);\nsetInterval(() => {}, 100); }'),
      ]);
      assert.match(failureOf(outcome), /left a timer running: it had not ended 10 s later/);
      assert.equal(outcome.kind === 'failed' && outcome.problem.position?.line, 5);
      assert.deepEqual(await numbers(database), []);
    }).timeout(60_000);

    it('is not waited for where it keeps no program running', async () => {
      const started = performance.now();
      assertDone(
        await migrate(database, [
          await file('up: async (q) => { await add(q); setTimeout(() => {}, 60_000).unref(); }'),
        ]),
      );
      assert.ok(performance.now() - started < 5_000);
    });

    it('is taken back where a query comes after the end that nothing could wait for', async () => {
      // It cannot be detected that a message from another thread's port is still on its way.
      let send: () => void = () => {};
      const late = migration(
        {
          kind: 'code',
          async call(queryInterface) {
            const q = queryInterface as { sequelize: { query(sql: string): Promise<unknown> } };
            await q.sequelize.query('INSERT INTO t VALUES (1)');
            send = () => void q.sequelize.query('INSERT INTO t VALUES (2)').catch(() => {});
          },
        },
        { name: '1_late' },
      );
      const next = migration({ kind: 'code', call: async () => send() }, { name: '2_next' });
      const outcome = await migrate(database, [
        late,
        next,
        migration(sql('INSERT INTO t VALUES (3)'), { name: '3_x' }),
      ]);
      assert.match(failureOf(outcome), /^1_late sent a query after its end, which was rejected/);
      assert.equal(outcome.kind === 'failed' && outcome.touched, true);
      assert.deepEqual(await numbers(database), [1]);
      assert.deepEqual((await states(database)).slice(0, 2), ['0_table applied', '1_late started']);
    });
  });
}
