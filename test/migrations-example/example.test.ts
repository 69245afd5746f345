import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BaseError } from 'sequelize';
import { defineModels } from '../../migrations/models/index.ts';
import { SEED_REVISION, seed } from '../../migrations/seed.ts';
import { ACCOUNTS, DELETED_STRATEGY, INSTRUMENTS } from '../../migrations/seed-data.ts';
import { compareSnapshots, describeDifference } from '../../src/core/schema/compare.ts';
import { upgradeDatabase } from '../../src/index.ts';
import { readModels } from '../../src/models/read.ts';
import { look } from '../engine/request.ts';
import { DIALECTS } from '../support/databases.ts';
import { openPlain, type Plain, REBUILDS_A_PARENT, REVISIONS, statementsOf } from './plain.ts';

const ORDERS = 2_000;
const TABLES = [
  ...['accounts', 'api_keys', 'instruments', 'strategies', 'orders', 'fills'],
  ...['candles', 'positions', 'balances', 'ledger_entries'],
];

async function countsOf(plain: Plain): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of TABLES) counts[table] = await plain.number(`SELECT count(*) FROM ${table}`);
  return counts;
}

/** Rows whose foreign key leads nowhere, on either database. */
const DANGLING = `SELECT
  (SELECT count(*) FROM fills WHERE order_id NOT IN (SELECT id FROM orders)) +
  (SELECT count(*) FROM ledger_entries WHERE order_id IS NOT NULL AND order_id NOT IN (SELECT id FROM orders)) +
  (SELECT count(*) FROM orders WHERE account_id NOT IN (SELECT id FROM accounts)) +
  (SELECT count(*) FROM orders WHERE instrument_id NOT IN (SELECT id FROM instruments)) +
  (SELECT count(*) FROM orders WHERE strategy_id IS NOT NULL AND strategy_id NOT IN (SELECT id FROM strategies))`;

const EXCHANGE_SYMBOLS = INSTRUMENTS.map(({ symbol }) => symbol);

for (const dialect of DIALECTS) {
  describe(`the trading-bot example on ${dialect}, with plain Sequelize and Umzug`, () => {
    let plain: Plain;
    let seeded: Record<string, number>;
    let filled: number;

    before(async () => {
      plain = await openPlain(dialect);
      await plain.up(SEED_REVISION);
      await seed(plain.sequelize, { orders: ORDERS });
      seeded = await countsOf(plain);
      filled = await plain.number('SELECT sum(quantity * price) FROM fills');
    });
    after(() => plain.close());

    const symbols = async () =>
      (await plain.rows<{ symbol: string }>('SELECT symbol FROM instruments ORDER BY id')).map(({ symbol }) => symbol);

    it('is seeded in the middle, with orders of a deleted strategy', async () => {
      assert.equal(seeded.orders, ORDERS);
      assert.ok(
        (seeded.fills ?? 0) > ORDERS / 2 && (seeded.ledger_entries ?? 0) > ORDERS && (seeded.candles ?? 0) > 50,
      );
      assert.deepEqual(await symbols(), EXCHANGE_SYMBOLS);
      assert.ok((await plain.number(`SELECT count(*) FROM orders WHERE strategy_id = ${DELETED_STRATEGY}`)) > 10);
    });

    it('continues to the head with those rows, and loses none', async () => {
      await plain.up();
      assert.deepEqual(await countsOf(plain), seeded);
      assert.equal(await plain.number('SELECT sum(quantity * price) FROM fills'), filled);
      assert.equal(await plain.number(DANGLING), 0);
    });

    it('has an exact notional on every order that is worth something', async () => {
      const wrong = `SELECT count(*) FROM orders o WHERE abs(COALESCE(notional, -1) - COALESCE(
        (SELECT sum(price * quantity) FROM fills f WHERE f.order_id = o.id), limit_price * quantity, -1)) > 0.00001`;
      assert.equal(await plain.number(wrong), 0);
      assert.ok((await plain.number('SELECT count(notional) FROM orders')) > ORDERS * 0.9);
    });

    it('writes symbols one way, and keeps each exchange’s own', async () => {
      assert.deepEqual(
        await symbols(),
        INSTRUMENTS.map(({ base, quote }) => `${base}-${quote}`),
      );
      const kept = await plain.rows<{ exchange_symbol: string }>('SELECT exchange_symbol FROM instruments ORDER BY id');
      assert.deepEqual(
        kept.map(({ exchange_symbol }) => exchange_symbol),
        EXCHANGE_SYMBOLS,
      );
    });

    const refused: [string, string][] = [
      ['an order without a quantity', 'UPDATE orders SET quantity = 0, filled_quantity = 0 WHERE id = 1'],
      ['an order filled beyond its quantity', 'UPDATE orders SET filled_quantity = quantity + 1 WHERE id = 1'],
      ['an order of an unknown state', "UPDATE orders SET status = 'lost' WHERE id = 1"],
      ['an order of an unknown strategy', `UPDATE orders SET strategy_id = ${DELETED_STRATEGY} WHERE id = 1`],
      ['a fill of no order', `UPDATE fills SET order_id = ${ORDERS + 1} WHERE id = 1`],
      ['a fill that is neither maker nor taker', "UPDATE fills SET liquidity = 'both' WHERE id = 1"],
      ['a candle upside down', 'UPDATE candles SET low = high + 1'],
      ['an account that goes while it has orders', 'DELETE FROM accounts WHERE id = 1'],
      ['a second balance of a currency', 'UPDATE balances SET account_id = 1 WHERE account_id = 2'],
    ];
    for (const [what, sql] of refused) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(plain.sequelize.query(sql), (error) => {
          assert.ok(error instanceof BaseError);
          assert.match(String((error as { original?: unknown }).original), /constraint/i);
          return true;
        });
      });
    }

    it('matches the models, as plain Sequelize describes it', async () => {
      defineModels(plain.sequelize);
      const queryInterface = plain.sequelize.getQueryInterface();
      const models = Object.values(plain.sequelize.models);
      assert.deepEqual(
        models.map((model) => model.getTableName()).sort(),
        (await queryInterface.showAllTables()).map((table) => String(table)).sort(),
      );
      for (const model of models) {
        const described = await queryInterface.describeTable(String(model.getTableName()));
        const attributes = Object.values(model.getAttributes());
        assert.deepEqual(
          attributes.map(({ field, allowNull, primaryKey }) => [field, allowNull !== false && !primaryKey]).sort(),
          Object.entries(described)
            .map(([name, { allowNull, primaryKey }]) => [name, allowNull && !primaryKey])
            .sort(),
          model.name,
        );
        assert.ok((await model.findAll({ limit: 3 })).length <= 3, 'the model can read its table');
      }
    });

    it('matches the models, to the last type, default, index and action', async () => {
      const snapshot = await look(plain.url, (database) => database.snapshot());
      const expected = await readModels('migrations/models', dialect);
      assert.equal(expected.tables.length, 12);
      assert.deepEqual(compareSnapshots(expected, snapshot).map(describeDifference), []);
    });

    it('is reverted to the seeded revision with every row and every spelling', async () => {
      await plain.down(REVISIONS[REVISIONS.indexOf(SEED_REVISION) + 1] ?? 0);
      assert.deepEqual(await countsOf(plain), seeded);
      assert.equal(await plain.number('SELECT sum(quantity * price) FROM fills'), filled);
      assert.deepEqual(await symbols(), EXCHANGE_SYMBOLS);
      const orders = await plain.sequelize.getQueryInterface().describeTable('orders');
      assert.ok('comment' in orders && !('note' in orders) && !('notional' in orders));
      assert.equal(await plain.number('SELECT count(comment) FROM orders'), ORDERS / 50);
      await plain.sequelize.query(`UPDATE orders SET strategy_id = ${DELETED_STRATEGY}, quantity = 0 WHERE id = 1`);
    });

    it('goes down to nothing, and up again', async () => {
      await plain.down(0);
      assert.deepEqual(await plain.sequelize.getQueryInterface().showAllTables(), []);
      await plain.up();
      assert.equal(await plain.number('SELECT count(*) FROM orders'), 0);
      await plain.down(0);
    });
  });
}

describe('the one migration that rebuilds a parent on SQLite', () => {
  it('loses every fill with plain Sequelize, and none with db-manager', async () => {
    const plain = await openPlain('sqlite', { keysOff: false });
    await plain.up(SEED_REVISION);
    await seed(plain.sequelize, { orders: 200 });
    await plain.up(REBUILDS_A_PARENT);
    assert.equal(await plain.number('SELECT count(*) FROM fills'), 0, 'or this example shows nothing any more');
    await plain.close();

    const ours = await openPlain('sqlite');
    const options = { databaseUrl: ours.url, migrations: 'migrations/versions', config: false } as const;
    await ours.sequelize.query('SELECT 1');
    await upgradeDatabase({ ...options, target: SEED_REVISION });
    await seed(ours.sequelize, { orders: 200 });
    const before = await countsOf(ours);
    await upgradeDatabase(options);
    assert.deepEqual(await countsOf(ours), before);
    assert.ok((before.fills ?? 0) > 100);
    assert.equal((await ours.rows('PRAGMA foreign_key_check')).length, 0);
    await ours.close();
  });
});

describe('the example’s files', () => {
  it('are twelve, in every style, each with a description in its first line and a down', async () => {
    const texts = readdirSync('migrations/versions').map((file) => ({
      file,
      text: readFileSync(join('migrations/versions', file), 'utf8'),
    }));
    assert.equal(texts.length, 12);
    for (const { file, text } of texts) {
      assert.match(file, /^\d{14}_[a-z_]+\.(ts|sql)$/);
      assert.match(text, /^(\/\/|--) [A-Z].*\.\n/, `${file} begins with its description`);
      if (file.endsWith('.ts')) assert.match(text, /export async function down\(/, file);
      else assert.ok(statementsOf(text, 'down').length > 0 && statementsOf(text, 'up').length > 0, file);
    }
    for (const style of [
      /context: queryInterface/,
      /queryInterface: QueryInterface, /,
      /^-- migrate:up/m,
      /^-- \+goose Up/m,
    ])
      assert.ok(
        texts.some(({ text }) => style.test(text)),
        String(style),
      );
  });

  it('give every account something to trade on its exchange', () => {
    for (const { exchange } of ACCOUNTS) assert.ok(INSTRUMENTS.some((instrument) => instrument.exchange === exchange));
  });
});
