/** The tables as they are at SEED_REVISION, and how our data becomes their rows. */
import { ACCOUNTS, INSTRUMENTS, ONE, START, STRATEGIES } from '../seed-data.ts';
import type { Balance, Booking, Position } from './books.ts';
import { type Candle, TIMEFRAME } from './candles.ts';
import type { Order } from './orders.ts';

export type Value = string | number | boolean | null;

/** A table's name and its columns with their types in PostgreSQL. */
export interface Table {
  name: string;
  columns: Readonly<Record<string, 'integer' | 'bigint' | 'text' | 'boolean' | 'numeric' | 'timestamptz'>>;
}

export interface Rows {
  table: Table;
  rows: Value[][];
}

/** Units as a decimal number; exact up to 90 million. */
function decimal(units: number): string {
  return (units / ONE).toFixed(8);
}

/** A time as Sequelize itself writes it on SQLite; PostgreSQL reads it as well. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').slice(0, -1)} +00:00`;
}

const T = 'timestamptz';
const N = 'numeric';

const TABLES = {
  accounts: { id: 'integer', name: 'text', exchange: 'text', is_paper: 'boolean', created_at: T, updated_at: T },
  api_keys: { account_id: 'integer', vault_path: 'text', scope: 'text', created_at: T },
  instruments: {
    id: 'integer',
    exchange: 'text',
    symbol: 'text',
    base_currency: 'text',
    quote_currency: 'text',
    tick_size: N,
    lot_size: N,
  },
  strategies: { id: 'integer', name: 'text', version: 'text' },
  orders: {
    id: 'integer',
    account_id: 'integer',
    instrument_id: 'integer',
    strategy_id: 'integer',
    client_order_id: 'text',
    side: 'text',
    type: 'text',
    status: 'text',
    quantity: N,
    limit_price: N,
    filled_quantity: N,
    comment: 'text',
    placed_at: T,
    updated_at: T,
  },
  fills: {
    order_id: 'integer',
    price: N,
    quantity: N,
    fee: N,
    fee_currency: 'text',
    liquidity: 'text',
    executed_at: T,
  },
  ledger_entries: {
    account_id: 'integer',
    order_id: 'integer',
    kind: 'text',
    currency: 'text',
    amount: N,
    booked_at: T,
  },
  balances: { account_id: 'integer', currency: 'text', total: N, available: N, updated_at: T },
  positions: {
    account_id: 'integer',
    instrument_id: 'integer',
    quantity: N,
    average_price: N,
    realised_pnl: N,
    updated_at: T,
  },
  candles: {
    instrument_id: 'integer',
    timeframe: 'text',
    opened_at_ms: 'bigint',
    open: N,
    high: N,
    low: N,
    close: N,
    volume: N,
  },
} as const satisfies Record<string, Table['columns']>;

function table(name: keyof typeof TABLES, rows: Value[][]): Rows {
  return { table: { name, columns: TABLES[name] }, rows };
}

/** Tables whose rows bring their ids. */
export const NUMBERED = ['accounts', 'instruments', 'strategies', 'orders'] as const;

/** What is there before the first order. */
export function referenceRows(): Rows[] {
  const now = time(START);
  const keys = ACCOUNTS.flatMap(({ name }, index) =>
    ['read', 'trade'].map((scope) => [index + 1, `trading/${name}/${scope}`, scope, now]),
  );
  return [
    table(
      'accounts',
      ACCOUNTS.map(({ name, exchange, paper }, index) => [index + 1, name, exchange, paper, now, now]),
    ),
    table('api_keys', keys),
    table(
      'instruments',
      INSTRUMENTS.map(({ exchange, symbol, base, quote, tick, lot }, index) => [
        index + 1,
        exchange,
        symbol,
        base,
        quote,
        decimal(tick),
        decimal(lot),
      ]),
    ),
    table(
      'strategies',
      STRATEGIES.map((name, index) => [index + 1, name, '1.0.0']),
    ),
  ];
}

export function orderRows(orders: readonly Order[]): Rows[] {
  return [table('orders', orders.map(orderRow)), table('fills', orders.flatMap(fillRows))];
}

function orderRow(order: Order): Value[] {
  return [
    order.id,
    order.account,
    order.instrument,
    order.strategy,
    `bot-${order.id.toString(36).padStart(8, '0')}`,
    order.side,
    order.type,
    order.status,
    decimal(order.quantity),
    order.limit === null ? null : decimal(order.limit),
    decimal(order.filled),
    order.id % 50 === 0 ? "placed by hand, on the desk's request" : null,
    time(order.placed),
    time(order.fills.at(-1)?.at ?? order.placed),
  ];
}

function fillRows({ id, type, instrument, fills }: Order): Value[][] {
  const currency = INSTRUMENTS[instrument - 1]?.quote ?? '';
  const liquidity = type === 'limit' ? 'maker' : 'taker';
  return fills.map(({ price, quantity, fee, at }) => [
    id,
    decimal(price),
    decimal(quantity),
    decimal(fee),
    currency,
    liquidity,
    time(at),
  ]);
}

export function bookingRows(bookings: readonly Booking[]): Rows {
  const rows = bookings.map(({ account, order, kind, currency, amount, at }) => [
    account,
    order,
    kind,
    currency,
    decimal(amount),
    time(at),
  ]);
  return table('ledger_entries', rows);
}

export function balanceRows(balances: Iterable<Balance>): Rows {
  const rows = Array.from(balances, ({ account, currency, total, available, at }) => [
    account,
    currency,
    decimal(total),
    decimal(available),
    time(at),
  ]);
  return table('balances', rows);
}

export function positionRows(positions: Iterable<Position>): Rows {
  const rows = Array.from(positions, ({ account, instrument, quantity, cost, realised, at }) => [
    account,
    instrument,
    decimal(quantity),
    quantity === 0 ? null : (cost / quantity).toFixed(8),
    decimal(realised),
    time(at),
  ]);
  return table('positions', rows);
}

export function candleRows(candles: Iterable<Candle>): Rows {
  const rows = Array.from(candles, ({ instrument, opened, open, high, low, close, volume }) => [
    instrument,
    TIMEFRAME,
    opened,
    ...[open, high, low, close, volume].map(decimal),
  ]);
  return table('candles', rows);
}
