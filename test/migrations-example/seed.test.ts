import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SEED_REVISION, seed } from '../../migrations/seed.ts';
import { DIALECTS } from '../support/databases.ts';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { openPlain, type Plain } from './plain.ts';

const ORDERS = 2_000;

/** Each query gives the rows that do not add up; SQLite's numbers are floating point, hence the margin. */
const ADDS_UP: Record<string, string> = {
  'an order’s filled quantity is that of its fills': `SELECT o.id FROM orders o LEFT JOIN fills f ON f.order_id = o.id
    GROUP BY o.id, o.filled_quantity HAVING abs(o.filled_quantity - COALESCE(sum(f.quantity), 0)) > 0.0000001`,
  'an order’s state is what its fills say': `SELECT id FROM orders WHERE
    (status = 'filled' AND filled_quantity <> quantity) OR (status IN ('open', 'rejected') AND filled_quantity <> 0) OR
    (status = 'partial' AND NOT (filled_quantity > 0 AND filled_quantity < quantity))`,
  'positions are the sum of the fills': `SELECT p.id FROM positions p
    JOIN orders o ON o.account_id = p.account_id AND o.instrument_id = p.instrument_id JOIN fills f ON f.order_id = o.id
    GROUP BY p.id, p.quantity
    HAVING abs(p.quantity - sum(CASE WHEN o.side = 'buy' THEN f.quantity ELSE -f.quantity END)) > 0.0000001`,
  'balances are the sum of the ledger': `SELECT b.id FROM balances b
    JOIN ledger_entries l ON l.account_id = b.account_id AND l.currency = b.currency
    GROUP BY b.id, b.total HAVING abs(b.total - sum(l.amount)) > 0.00001`,
  'nothing is spent twice': 'SELECT id FROM balances WHERE available < 0 OR available > total',
  'fees in the ledger are those of the fills': `SELECT 1 AS wrong WHERE abs(
    (SELECT sum(fee) FROM fills) + (SELECT sum(amount) FROM ledger_entries WHERE kind = 'fee')) > 0.00001`,
  'realised and unrealised profit explain what an account has': `SELECT a.id FROM accounts a WHERE abs(
    (SELECT sum(amount) FROM ledger_entries l WHERE l.account_id = a.id AND l.currency = 'USDT' AND kind <> 'fee') - 1000000
    - (SELECT sum(realised_pnl - quantity * COALESCE(average_price, 0)) FROM positions p WHERE p.account_id = a.id)) > 0.01`,
  'candles span what was traded': `SELECT instrument_id FROM candles
    WHERE NOT (low <= open AND low <= close AND high >= open AND high >= close AND low > 0 AND volume >= 0)`,
  'candles hold all of the volume': `SELECT 1 AS wrong WHERE abs(
    (SELECT sum(volume) FROM candles) - (SELECT sum(quantity) FROM fills)) > 0.00001`,
  'every strategy is known but the deleted one': `SELECT id FROM orders
    WHERE strategy_id IS NOT NULL AND strategy_id <> 99 AND strategy_id NOT IN (SELECT id FROM strategies)`,
};

async function seededOn(dialect: (typeof DIALECTS)[number], options: { seed?: number; orders?: number } = {}) {
  const plain = await openPlain(dialect);
  await plain.up(SEED_REVISION);
  await seed(plain.sequelize, { orders: ORDERS, ...options });
  return plain;
}

/** A sample of everything that a seed decides. */
async function sampleOf(plain: Plain): Promise<string> {
  const rows = await plain.rows(
    'SELECT id, side, status, quantity * 1 AS quantity, filled_quantity * 1 AS filled FROM orders WHERE id % 97 = 0 ORDER BY id',
  );
  return JSON.stringify(rows, (_, value) =>
    typeof value === 'string' && /^[\d.]+$/.test(value) ? Number(value) : value,
  );
}

describe('the seed', () => {
  const samples: string[] = [];
  for (const dialect of DIALECTS) {
    describe(`on ${dialect}`, () => {
      let plain: Plain;
      before(async () => {
        plain = await seededOn(dialect);
      });
      after(() => plain.close());

      for (const [what, sql] of Object.entries(ADDS_UP)) {
        it(`adds up: ${what}`, async () => {
          assert.deepEqual(await plain.rows(sql), []);
        });
      }

      it('has orders in every state', async () => {
        const rows = await plain.rows<{ status: string }>('SELECT DISTINCT status FROM orders ORDER BY status');
        assert.deepEqual(
          rows.map(({ status }) => status),
          ['cancelled', 'filled', 'open', 'partial', 'rejected'],
        );
        const partly = "SELECT count(*) FROM orders WHERE status = 'cancelled' AND filled_quantity > 0";
        assert.ok((await plain.number(partly)) > 20, 'cancelled when partly filled');
      });

      it('leaves ids for later rows', async () => {
        const [columns, values] = [
          'account_id, instrument_id, client_order_id, side, type, quantity, placed_at, updated_at',
          "1, 1, 'next', 'buy', 'market', 1, '2024-01-01 00:00:00', '2024-01-01 00:00:00'",
        ];
        await plain.sequelize.query(`INSERT INTO orders (${columns}) VALUES (${values})`);
        assert.equal(await plain.number("SELECT id FROM orders WHERE client_order_id = 'next'"), ORDERS + 1);
        await plain.sequelize.query("DELETE FROM orders WHERE client_order_id = 'next'");
      });

      it('writes all rows or none: a second seed fails and changes nothing', async () => {
        await assert.rejects(seed(plain.sequelize, { orders: 10 }), { name: 'SequelizeUniqueConstraintError' });
        assert.equal(await plain.number('SELECT count(*) FROM orders'), ORDERS);
        assert.equal(await plain.number('SELECT count(*) FROM accounts'), 4);
      });

      it('gives the same rows for the same number, and others for another', async () => {
        samples.push(await sampleOf(plain));
        assert.equal(new Set(samples).size, 1, 'on both databases');
        const other = await seededOn(dialect, { seed: 7 });
        assert.notEqual(await sampleOf(other), samples[0]);
        await other.close();
      });

      it('reports its progress, also if there is nothing to do', async () => {
        const empty = await openPlain(dialect);
        await empty.up(SEED_REVISION);
        const told: [number, number][] = [];
        await seed(empty.sequelize, { orders: 0, onProgress: (done, total) => told.push([done, total]) });
        assert.deepEqual(told, [[0, 0]]);
        assert.equal(await empty.number('SELECT count(*) FROM balances'), 4, 'deposits only');
        await empty.close();
      });

      it('runs as a program, with plain lines', async () => {
        const empty = await openPlain(dialect);
        const early = await program('--database-url', empty.url, '--orders', '10');
        assert.equal(early.code, 1);
        assert.match(early.err, /The database was not seeded: .*accounts.* db-manager migrate upgrade 20240219090000/s);
        assert.doesNotMatch(early.err, /\n\s+at /);
        await empty.up(SEED_REVISION);
        const done = await program('--database-url', empty.url, '--orders', '1000');
        assert.equal(done.code, 0, done.err);
        assert.match(done.out, /^1000 of 1000 orders\nseeded in \d+\.\d s\n$/);
        assert.ok(!`${early.out}${early.err}${done.out}${done.err}`.includes(TEST_PASSWORD));
        assert.equal(await empty.number('SELECT count(*) FROM orders'), 1_000);
        await empty.close();
      });
    });
  }

  it('refuses an invalid number of orders', async () => {
    const { code, err } = await program('--database-url', 'sqlite:///never.db', '--orders', 'many');
    assert.equal(code, 1);
    assert.match(err, /--orders takes a whole number, not many/);
  });
});

async function program(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['migrations/seed.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    seen.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    seen.err += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...seen };
}
