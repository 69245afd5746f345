/**
 * Fills the trading bot's database with realistic data, at the revision that `SEED_REVISION` names.
 *   node migrations/seed.ts --database-url sqlite:///data/trading.db --orders 100000
 * `seed-data.ts` is what it starts from; `seed/` makes orders, books and candles of it and writes them in batches.
 */
import { parseArgs } from 'node:util';
import { Sequelize } from 'sequelize';
import { type Booking, book, openBooks } from './seed/books.ts';
import { type Candle, chart, type OpenCandles } from './seed/candles.ts';
import { type Order, orders } from './seed/orders.ts';
import { balanceRows, bookingRows, candleRows, orderRows, positionRows, referenceRows } from './seed/tables.ts';
import { openWriter, type Writer } from './seed/write.ts';

/** The schema that the seed fills; the migrations after it then run on real data. */
export const SEED_REVISION = '20240219090000_create_positions_and_ledger';

export interface SeedOptions {
  /** Number of orders; all other rows are derived from them. Default 100,000. */
  orders?: number;
  /** The same seed produces the same rows. Default 42. */
  seed?: number;
  /** Called after every batch, with the number of orders so far. */
  onProgress?(done: number, total: number): void;
}

const ORDERS_PER_BATCH = 10_000;

/**
 * Fills a database (a Sequelize, or `postgresql://…`, `sqlite:///file`) at SEED_REVISION whose tables are empty.
 * One transaction: all rows or none. Rows are written in batches: a million orders need no more memory than ten
 * thousand. Throws the error of Sequelize, for example if a table is missing or contains rows.
 */
export async function seed(
  target: string | Sequelize,
  { orders: count = 100_000, seed: number = 42, onProgress }: SeedOptions = {},
): Promise<void> {
  const sequelize = typeof target === 'string' ? connect(target) : target;
  try {
    await sequelize.transaction(async (transaction) => {
      const writer = openWriter(sequelize, transaction);
      for (const rows of referenceRows()) await writer.write(rows);
      await trade(writer, orders(count, number), (done) => onProgress?.(done, count));
      await writer.finish();
    });
  } finally {
    if (typeof target === 'string') await sequelize.close();
  }
}

async function trade(writer: Writer, stream: Iterable<Order>, onBatch: (done: number) => void): Promise<void> {
  const { books, deposits } = openBooks();
  const open: OpenCandles = new Map();
  let batch: Order[] = [];
  let bookings: Booking[] = deposits;
  let candles: Candle[] = [];
  let done = 0;
  const flush = async () => {
    for (const rows of [...orderRows(batch), bookingRows(bookings), candleRows(candles)]) await writer.write(rows);
    done += batch.length;
    [batch, bookings, candles] = [[], [], []];
    onBatch(done);
  };
  for (const order of stream) {
    batch.push(order);
    bookings.push(...book(books, order));
    const finished = chart(open, order);
    if (finished !== undefined) candles.push(finished);
    if (batch.length === ORDERS_PER_BATCH) await flush();
  }
  candles.push(...open.values());
  await flush();
  await writer.write(balanceRows(books.balances.values()));
  await writer.write(positionRows(books.positions.values()));
}

function connect(url: string): Sequelize {
  const file = /^sqlite:\/\/\/(.*)$/.exec(url)?.[1];
  return file === undefined
    ? new Sequelize(url.replace(/^postgresql\+\w+:/, 'postgresql:'), { logging: false })
    : new Sequelize({ dialect: 'sqlite', storage: file, logging: false });
}

/** Says what is wrong in a sentence, never a stack, and nothing of the URL. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'database-url': { type: 'string' }, orders: { type: 'string' }, seed: { type: 'string' } },
  });
  const url = values['database-url'] ?? process.env.DATABASE_URL;
  if (url === undefined) throw new Error('No database is named. Give --database-url sqlite:///data/trading.db.');
  const [count, number] = [Number(values.orders ?? 100_000), Number(values.seed ?? 42)];
  if (!Number.isSafeInteger(count) || count < 0)
    throw new Error(`--orders takes a whole number, not ${values.orders}.`);
  if (!Number.isSafeInteger(number)) throw new Error(`--seed takes a whole number, not ${values.seed}.`);
  const began = performance.now();
  await seed(url, { orders: count, seed: number, onProgress: (done) => console.log(`${done} of ${count} orders`) });
  console.log(`seeded in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(
      `The database was not seeded: ${error.message} The seed fills empty tables at ${SEED_REVISION}: db-manager migrate upgrade ${SEED_REVISION}`,
    );
    process.exitCode = 1;
  });
}
