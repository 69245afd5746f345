import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueryCheck } from '../../src/core/model/query-check.ts';
import type { RunRequest } from '../../src/core/model/request.ts';
import { runSql } from '../backups/fixtures.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { look, query, requestFor, runOn, targetOf } from './request.ts';

const ORDERS = `-- migrate:up
CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER);
-- migrate:down
DROP TABLE orders;
`;
const HALVE = `-- migrate:up
UPDATE orders SET total = total / 2;
-- migrate:down
UPDATE orders SET total = total * 2;
`;
const mustHoldAfter = (sql: string, name = 'total'): QueryCheck => ({ name, sql, when: 'After' });
const mustHoldBefore = (sql: string): QueryCheck => ({ name: 'ready', sql, when: 'Before' });

for (const dialect of DIALECTS) {
  describe(`checks of a run on ${dialect}`, function () {
    this.timeout(120_000);

    /** A table with the totals 10 and 20, and a pending migration that halves them. */
    async function seeded(change = HALVE) {
      const { url } = await temporaryDatabase(dialect);
      const [folder, backups] = [await temporaryFolder('checks'), await temporaryFolder('backups')];
      await writeFile(join(folder, '1_orders.sql'), ORDERS);
      const bare = { safety: { rehearsal: 'Disabled' as const }, backup: { enabled: false } };
      assert.equal((await runOn(url, requestFor(folder, backups, bare))).report.reason, 'Migrated');
      await runSql(targetOf(url), 'INSERT INTO orders VALUES (1, 10), (2, 20);');
      await writeFile(join(folder, '2_change.sql'), change);
      const migrate = async (checks: QueryCheck[], more: Partial<RunRequest> | typeof bare = {}) =>
        (await runOn(url, requestFor(folder, backups, { ...more, checks }))).report;
      const total = () =>
        look(url, async (database) => {
          const [row] = await query<{ n: number }>(database, 'SELECT sum(total) AS n FROM orders');
          return Number(row?.n);
        });
      return { migrate, bare, total, url };
    }

    it('are asked before and after, on the copy and on the target', async () => {
      const { migrate, total } = await seeded();
      const always = {
        name: 'rows',
        sql: '-- as sold\nSELECT count(*) = 2 FROM orders; -- both',
        when: 'Always',
      } as const;
      const report = await migrate([
        mustHoldBefore('SELECT sum(total) = 30 FROM orders'),
        mustHoldAfter('(SELECT sum(total) FROM orders) = 15'),
        always,
      ]);
      assert.equal(report.reason, 'Migrated', report.message);
      assert.equal(await total(), 15);
      const asked = report.safety?.checks.filter(({ name }) => name.includes(', on the ')) ?? [];
      assert.deepEqual(asked.map(({ name, result }) => `${name}: ${result}`).sort(), [
        'ready, before the run, on the copy: passed',
        'ready, before the run, on the target: passed',
        'rows, after the run, on the copy: passed',
        'rows, after the run, on the target: passed',
        'rows, before the run, on the copy: passed',
        'rows, before the run, on the target: passed',
        'total, after the run, on the copy: passed',
        'total, after the run, on the target: passed',
      ]);
      assert.match(report.steps.find(({ step }) => step === 'verify')?.message ?? '', /2 data checks true/);
    });

    it('stop the run on the copy, and the target stays as it was', async () => {
      const { migrate, total } = await seeded();
      const report = await migrate([mustHoldAfter('SELECT sum(total) = 30 FROM orders')]);
      assert.deepEqual([report.reason, report.result, report.touched], ['CheckNotTrue', 'blocked', false]);
      assert.match(report.message, /check total is not true \(after the run, on the copy\): SELECT sum\(total\) = 30/);
      assert.equal(await total(), 30);
      const row = report.safety?.checks.find(({ name }) => name === 'total, after the run, on the copy');
      assert.equal(row?.result, 'failed');
    });

    it('stop the run before anything, also where no copy is made', async () => {
      const { migrate, bare, total } = await seeded();
      // No row, NULL and a false are not true; an error explains the fault.
      for (const sql of [
        'SELECT total > 5 FROM orders WHERE id = 9',
        'SELECT total > NULL FROM orders WHERE id = 1',
        'SELECT count(*) = 3 FROM orders',
        'SELECT nothing FROM orders',
      ]) {
        const report = await migrate([mustHoldBefore(sql)], bare);
        assert.deepEqual([report.reason, report.result], ['CheckNotTrue', 'blocked'], sql);
        assert.match(report.message, /before the run, on the target/);
        assert.match(report.message, sql.includes('nothing') ? /cannot be evaluated: .*nothing/ : /is not true/);
        assert.ok(!report.steps.some(({ step }) => step === 'apply'), sql);
      }
      assert.equal(await total(), 30);
    });

    it('fail the run on the target, and onFailure: Downgrade reverts it', async () => {
      const { migrate, bare, total } = await seeded();
      const report = await migrate([mustHoldAfter('SELECT sum(total) = 30 FROM orders')], {
        ...bare,
        onFailure: 'Downgrade',
      });
      assert.deepEqual([report.reason, report.result, report.touched], ['CheckNotTrue', 'failed', true]);
      assert.match(report.message, /after the run, on the target/);
      assert.equal(await total(), 30);
    });

    it('cannot write, and are one query', async () => {
      const { migrate, bare, total } = await seeded();
      const writes = {
        postgres: [
          "SELECT setval(pg_get_serial_sequence('db_manager_history', 'seq'), 1) > 0",
          'WITH gone AS (DELETE FROM orders RETURNING id) SELECT count(*) > 0 FROM gone',
          'true) ; DELETE FROM orders; SELECT (true',
        ],
        sqlite: ['DELETE FROM orders RETURNING true', '1); DELETE FROM orders; SELECT (1'],
      }[dialect];
      for (const sql of writes) {
        const report = await migrate([mustHoldBefore(sql)], bare);
        assert.ok(
          ['CheckNotTrue', 'InvalidConfiguration', 'InvalidMigration', 'CheckFailed', 'PermissionDenied'].includes(
            report.reason,
          ),
          `${sql}: ${report.reason}`,
        );
        assert.equal(report.result === 'succeeded', false, sql);
      }
      for (const sql of ['SELECT 1; SELECT 2', '-- nothing', ';']) {
        const report = await migrate([mustHoldBefore(sql)], bare);
        assert.deepEqual([report.reason, report.touched], ['InvalidConfiguration', false], sql);
        assert.match(report.message, /The check ready: it has \d statements\. Write one query/);
      }
      const twice = await migrate([mustHoldBefore('SELECT true'), mustHoldBefore('SELECT true')], bare);
      assert.match(twice.message, /two checks have this name/);
      assert.equal(await total(), 30);
    });

    it('are not run on a copy without rows, by a plan that reverts, or if nothing is pending', async () => {
      const { migrate, bare } = await seeded();
      const check = mustHoldAfter('SELECT sum(total) = 15 FROM orders');
      const whole = await migrate([check], { backup: { enabled: false } } as never);
      assert.equal(whole.reason, 'Migrated', whole.message);
      assert.match(
        whole.steps.find(({ step }) => step === 'rehearse')?.message ?? '',
        /not run, because the copy has no rows/,
      );
      assert.equal((await migrate([mustHoldAfter('SELECT false')], bare)).reason, 'UpToDate');
      const down = await migrate([check], { ...bare, target: '1', allowDowngrade: true });
      assert.equal(down.reason, 'Reverted', down.message);
    });
  });
}

describe('a check on postgres', function () {
  this.timeout(60_000);

  it('obeys timeouts.statement', async () => {
    const { url } = await temporaryDatabase('postgres');
    const folder = await temporaryFolder('checks');
    await writeFile(join(folder, '1_orders.sql'), ORDERS);
    const request = requestFor(folder, await temporaryFolder('backups'), {
      safety: { rehearsal: 'Disabled' },
      backup: { enabled: false },
      timeouts: { statement: 200 },
      checks: [mustHoldBefore('SELECT pg_sleep(30) IS NOT NULL')],
    });
    const { report } = await runOn(url, request);
    assert.deepEqual([report.reason, report.touched], ['StatementTimeout', false], report.message);
  });
});
