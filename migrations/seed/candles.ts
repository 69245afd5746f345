/** Candles of an hour out of the walk; only the one that is open of each instrument is kept in memory. */
import type { Order } from './orders.ts';

export interface Candle {
  instrument: number;
  opened: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export const TIMEFRAME = '1h';
const HOUR = 3_600_000;

/** The candles that are still open, by instrument. */
export type OpenCandles = Map<number, Candle>;

/** Adds what an order shows of the market; gives the candle that is finished by it. */
export function chart(candles: OpenCandles, { instrument, placed, price, fills, filled }: Order): Candle | undefined {
  const opened = placed - (placed % HOUR);
  const before = candles.get(instrument);
  const current =
    before?.opened === opened
      ? before
      : { instrument, opened, open: price, high: price, low: price, close: price, volume: 0 };
  const traded = fills.map((fill) => fill.price);
  candles.set(instrument, {
    ...current,
    high: Math.max(current.high, price, ...traded),
    low: Math.min(current.low, price, ...traded),
    close: price,
    volume: current.volume + filled,
  });
  return before === undefined || before.opened === opened ? undefined : before;
}
