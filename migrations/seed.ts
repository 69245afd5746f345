/**
 * Fills the trading bot's database with realistic data, at the revision that `SEED_REVISION` names.
 *   node migrations/seed.ts --database-url sqlite:///data/trading.db --orders 100000
 */
import { parseArgs } from 'node:util';
import { Sequelize, type Transaction } from 'sequelize';
import { ACCOUNTS, INSTRUMENTS, type Order, orders, round, STRATEGIES } from './seed-data.ts';

/** The schema that the seed fills; the migrations after it then run on real data. */
export const SEED_REVISION = '20240219090000_create_positions_and_ledger';

export interface SeedOptions {
  orders?: number;
  seed?: number;
  onProgress?(done: number, total: number): void;
}

const ROWS_PER_STATEMENT = 500;
const ORDERS_PER_TRANSACTION = 20_000;

/** Streams the rows in batches, so that a million orders need no more memory than a thousand. */
export async function seed(
  target: string | Sequelize,
  { orders: count = 100_000, seed = 42, onProgress }: SeedOptions = {},
): Promise<void> {
  const sequelize = typeof target === 'string' ? connect(target) : target;
  try {
    await writeReference(sequelize);
    const books = new Books();
    let batch: Order[] = [];
    for (const order of orders(count, seed)) {
      books.add(order);
      batch.push(order);
      if (batch.length === ORDERS_PER_TRANSACTION || order.id === count) {
        await writeOrders(sequelize, batch);
        onProgress?.(order.id, count);
        batch = [];
      }
    }
    await writePositions(sequelize, books);
    if (sequelize.getDialect() === 'postgres') await advanceSequences(sequelize);
  } finally {
    if (typeof target === 'string') await sequelize.close();
  }
}

function connect(url: string): Sequelize {
  const file = /^sqlite:\/\/\/(.*)$/.exec(url)?.[1];
  return file === undefined
    ? new Sequelize(url, { logging: false })
    : new Sequelize({ dialect: 'sqlite', storage: file, logging: false });
}

type Value = string | number | boolean | null;

/** Rows of our own making: numbers, and texts without a quote in them. */
async function insert(
  sequelize: Sequelize,
  table: string,
  columns: string,
  rows: Value[][],
  transaction?: Transaction,
): Promise<void> {
  const text = (value: Value) => (typeof value === 'string' ? `'${value}'` : String(value));
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const values = rows.slice(at, at + ROWS_PER_STATEMENT).map((row) => `(${row.map(text).join(',')})`);
    await sequelize.query(`INSERT INTO ${table} (${columns}) VALUES ${values.join(',')}`, { raw: true, transaction });
  }
}

/** Sequelize's own form of a time on SQLite, which PostgreSQL reads too. */
function time(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', ' +00:00');
}

async function writeReference(sequelize: Sequelize): Promise<void> {
  const now = time(Date.UTC(2023, 0, 1));
  const bool = (value: boolean) => (sequelize.getDialect() === 'sqlite' ? Number(value) : value);
  await insert(
    sequelize,
    'accounts',
    'id, name, exchange, base_currency, is_paper, api_key_reference, created_at, updated_at',
    ACCOUNTS.map((name, index) => [
      index + 1,
      name,
      'binance',
      'USDT',
      bool(name === 'paper'),
      `vault/trading/${name}`,
      now,
      now,
    ]),
  );
  await insert(
    sequelize,
    'instruments',
    'id, exchange, symbol, base_currency, quote_currency, tick_size, lot_size, is_active',
    INSTRUMENTS.map(({ id, symbol, base }) => [id, 'binance', symbol, base, 'USDT', 0.01, 0.00001, bool(true)]),
  );
  await insert(
    sequelize,
    'strategies',
    'id, name, version',
    STRATEGIES.map((name, index) => [index + 1, name, '1.0.0']),
  );
}

async function writeOrders(sequelize: Sequelize, batch: readonly Order[]): Promise<void> {
  await sequelize.transaction(async (transaction) => {
    await insert(
      sequelize,
      'orders',
      'id, account_id, instrument_id, strategy_id, client_order_id, side, type, status, quantity, limit_price, filled_quantity, comment, placed_at, updated_at',
      batch.map((order) => [
        order.id,
        order.account,
        order.instrument,
        order.strategy,
        `bot-${order.id.toString(36).padStart(8, '0')}`,
        order.side,
        order.type,
        order.status,
        order.quantity,
        order.limit,
        filled(order),
        order.id % 50 === 0 ? 'placed by hand' : null,
        time(order.placed),
        time(order.placed + 1_000),
      ]),
      transaction,
    );
    await insert(
      sequelize,
      'fills',
      'order_id, price, quantity, fee, fee_currency, liquidity, executed_at',
      batch.flatMap(({ id, fills, limit }) =>
        fills.map(({ price, quantity, at }) => [
          id,
          price,
          quantity,
          round(price * quantity * 0.001),
          'USDT',
          limit === null ? 'taker' : 'maker',
          time(at),
        ]),
      ),
      transaction,
    );
    await insert(
      sequelize,
      'ledger_entries',
      'account_id, order_id, kind, currency, amount, booked_at',
      batch
        .filter(({ fills }) => fills.length > 0)
        .map((order) => [
          order.account,
          order.id,
          'trade',
          'USDT',
          (order.side === 'buy' ? -1 : 1) * round(value(order)),
          time(order.placed + 1_000),
        ]),
      transaction,
    );
  });
}

function filled({ fills }: Order): number {
  return fills.reduce((sum, { quantity }) => sum + quantity, 0);
}

function value({ fills }: Order): number {
  return fills.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
}

const HOUR = 3_600_000;

/** What orders add up to: positions, and candles of an hour. */
class Books {
  readonly positions = new Map<string, { account: number; instrument: number; quantity: number; at: number }>();
  readonly candles = new Map<
    string,
    { instrument: number; opened: number; open: number; high: number; low: number; close: number; volume: number }
  >();

  add(order: Order): void {
    const key = `${order.account}/${order.instrument}`;
    const position = this.positions.get(key) ?? {
      account: order.account,
      instrument: order.instrument,
      quantity: 0,
      at: 0,
    };
    this.positions.set(key, {
      ...position,
      quantity: position.quantity + (order.side === 'buy' ? 1 : -1) * filled(order),
      at: order.placed,
    });
    for (const { price, quantity, at } of order.fills) {
      const opened = at - (at % HOUR);
      const candle = this.candles.get(`${order.instrument}/${opened}`);
      this.candles.set(`${order.instrument}/${opened}`, {
        instrument: order.instrument,
        opened,
        open: candle?.open ?? price,
        high: Math.max(candle?.high ?? price, price),
        low: Math.min(candle?.low ?? price, price),
        close: price,
        volume: round((candle?.volume ?? 0) + quantity),
      });
    }
  }
}

async function writePositions(sequelize: Sequelize, { positions, candles }: Books): Promise<void> {
  await insert(
    sequelize,
    'positions',
    'account_id, instrument_id, quantity, updated_at',
    [...positions.values()].map(({ account, instrument, quantity, at }) => [
      account,
      instrument,
      Math.round(quantity * 1e8) / 1e8,
      time(at),
    ]),
  );
  await insert(
    sequelize,
    'candles',
    'instrument_id, timeframe, opened_at_ms, open, high, low, close, volume',
    [...candles.values()].map((candle) => [
      candle.instrument,
      '1h',
      candle.opened,
      candle.open,
      candle.high,
      candle.low,
      candle.close,
      candle.volume,
    ]),
  );
}

/** Rows with given ids do not move PostgreSQL's sequences. */
async function advanceSequences(sequelize: Sequelize): Promise<void> {
  for (const table of ['accounts', 'instruments', 'strategies', 'orders']) {
    await sequelize.query(`SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM ${table}))`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { 'database-url': { type: 'string' }, orders: { type: 'string' }, seed: { type: 'string' } },
  });
  await seed(values['database-url'] ?? 'sqlite:///data/trading.db', {
    orders: Number(values.orders ?? 100_000),
    seed: Number(values.seed ?? 42),
    onProgress: (done, total) => console.log(`${done} of ${total} orders`),
  });
}
