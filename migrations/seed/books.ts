/** What orders add up to: bookings, balances and positions. As many as there are accounts and instruments, never more. */
import { ACCOUNTS, DEPOSIT, INSTRUMENTS, ONE, START } from '../seed-data.ts';
import type { Order } from './orders.ts';

export interface Booking {
  account: number;
  order: number | null;
  kind: 'deposit' | 'trade' | 'fee';
  currency: string;
  amount: number;
  at: number;
}

export interface Balance {
  account: number;
  currency: string;
  total: number;
  /** The total without what open orders have reserved. */
  available: number;
  at: number;
}

export interface Position {
  account: number;
  instrument: number;
  quantity: number;
  /** What the quantity was bought for, without fees. */
  cost: number;
  realised: number;
  at: number;
}

export interface Books {
  balances: Map<string, Balance>;
  positions: Map<string, Position>;
}

export function openBooks(): { books: Books; deposits: Booking[] } {
  const books: Books = { balances: new Map(), positions: new Map() };
  const deposits = ACCOUNTS.map(
    (_, index): Booking => ({
      account: index + 1,
      order: null,
      kind: 'deposit',
      currency: 'USDT',
      amount: DEPOSIT,
      at: START,
    }),
  );
  for (const deposit of deposits) enter(books, deposit);
  return { books, deposits };
}

/** Enters an order into the books; gives the bookings that it makes. */
export function book(books: Books, order: Order): Booking[] {
  const { account, id, instrument, side, fills, placed } = order;
  const { base = '', quote = '' } = INSTRUMENTS[instrument - 1] ?? {};
  const sign = side === 'buy' ? 1 : -1;
  const value = fills.reduce((sum, fill) => sum + fill.value, 0);
  const fee = fills.reduce((sum, fill) => sum + fill.fee, 0);
  const at = fills.at(-1)?.at ?? placed;
  const bookings: Booking[] =
    order.filled === 0
      ? []
      : [
          { account, order: id, kind: 'trade', currency: base, amount: sign * order.filled, at },
          { account, order: id, kind: 'trade', currency: quote, amount: -sign * value, at },
          ...(fee === 0 ? [] : [{ account, order: id, kind: 'fee' as const, currency: quote, amount: -fee, at }]),
        ];
  for (const booking of bookings) enter(books, booking);
  if (bookings.length > 0) hold(books, order, sign, value, at);
  if (order.status === 'open' || order.status === 'partial') {
    const rest = order.quantity - order.filled;
    const reserved = side === 'buy' ? Math.round((rest / ONE) * (order.limit ?? order.price)) : rest;
    balanceOf(books, account, side === 'buy' ? quote : base, placed).available -= reserved;
  }
  return bookings;
}

function enter(books: Books, { account, currency, amount, at }: Booking): void {
  const balance = balanceOf(books, account, currency, at);
  balance.total += amount;
  balance.available += amount;
  balance.at = at;
}

function balanceOf({ balances }: Books, account: number, currency: string, at: number): Balance {
  const key = `${account}/${currency}`;
  const balance = balances.get(key) ?? { account, currency, total: 0, available: 0, at };
  balances.set(key, balance);
  return balance;
}

/** Average cost: a sale realises the difference to what its share was bought for. */
function hold({ positions }: Books, order: Order, sign: 1 | -1, value: number, at: number): void {
  const key = `${order.account}/${order.instrument}`;
  const held = positions.get(key) ?? {
    account: order.account,
    instrument: order.instrument,
    quantity: 0,
    cost: 0,
    realised: 0,
    at,
  };
  const quantity = held.quantity + sign * order.filled;
  const share = sign === 1 ? -value : Math.round(held.cost * (order.filled / held.quantity));
  const cost = quantity === 0 ? 0 : held.cost - share;
  const realised = held.realised + (sign === 1 ? 0 : value - (held.cost - cost));
  positions.set(key, { ...held, quantity, cost, realised, at });
}
