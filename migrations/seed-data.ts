/** What the seed starts from. Money and quantities are counted in units of 0.00000001, so that every sum is exact. */

/** One, in units of DECIMAL(20,8). */
export const ONE = 100_000_000;

export interface Instrument {
  exchange: string;
  /** As the exchange writes it; a later migration makes them alike. */
  symbol: string;
  base: string;
  quote: string;
  /** The steps of prices and of quantities, in units. */
  tick: number;
  lot: number;
  /** Where the price starts, in units. */
  price: number;
}

/** Row n has id n + 1. A step of price times a step of quantity is a whole number of units, as on real exchanges. */
export const INSTRUMENTS: readonly Instrument[] = [
  instrument('binance', 'BTCUSDT', 'BTC', 0.01, 0.00001, 62_000),
  instrument('binance', 'ETHUSDT', 'ETH', 0.01, 0.0001, 3_100),
  instrument('binance', 'SOLUSDT', 'SOL', 0.01, 0.001, 145),
  instrument('binance', 'DOGEUSDT', 'DOGE', 0.00001, 1, 0.12),
  instrument('kraken', 'BTC/USDT', 'BTC', 0.1, 0.0001, 62_000),
  instrument('kraken', 'ADA/USDT', 'ADA', 0.0001, 0.1, 0.45),
  instrument('coinbase', 'eth-usdt', 'ETH', 0.01, 0.0001, 3_100),
  instrument('coinbase', 'XRP-USDT', 'XRP', 0.0001, 1, 0.52),
];

function instrument(exchange: string, symbol: string, base: string, tick: number, lot: number, price: number) {
  return { exchange, symbol, base, quote: 'USDT', tick: units(tick), lot: units(lot), price: units(price) };
}

/** Row n has id n + 1; an account trades what its exchange offers. */
export const ACCOUNTS = [
  { name: 'main', exchange: 'binance', paper: false },
  { name: 'hedge', exchange: 'kraken', paper: false },
  { name: 'treasury', exchange: 'coinbase', paper: false },
  { name: 'paper', exchange: 'binance', paper: true },
] as const;

export const STRATEGIES = ['market-making', 'momentum', 'mean-reversion', 'rebalance'] as const;

/** The id of a strategy that was deleted when no foreign key watched; some old orders still name it. */
export const DELETED_STRATEGY = 99;

/** What every account starts with, in its base currency. */
export const DEPOSIT = units(1_000_000);

/** When the bot was switched on, in milliseconds since 1970. */
export const START = Date.UTC(2023, 0, 1);

function units(value: number): number {
  return Math.round(value * ONE);
}

/** mulberry32: small, fast and good enough for prices. Numbers from 0 up to 1; the same seed gives the same ones. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
