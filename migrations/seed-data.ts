/** Deterministic data for the trading bot's database: the same seed gives the same rows on every machine. */
export interface Instrument {
  id: number;
  symbol: string;
  base: string;
  price: number;
}

export const INSTRUMENTS: readonly Instrument[] = [
  { id: 1, symbol: 'BTC/USDT', base: 'BTC', price: 62_000 },
  { id: 2, symbol: 'ETH/USDT', base: 'ETH', price: 3_100 },
  { id: 3, symbol: 'sol-usdt', base: 'SOL', price: 145 },
  { id: 4, symbol: 'ADA/USDT', base: 'ADA', price: 0.45 },
  { id: 5, symbol: 'XRP/USDT', base: 'XRP', price: 0.52 },
  { id: 6, symbol: 'DOGE/USDT', base: 'DOGE', price: 0.12 },
];

export const ACCOUNTS = ['main', 'hedge', 'paper'] as const;
export const STRATEGIES = ['market-making', 'momentum', 'mean-reversion', 'rebalance'] as const;

/** mulberry32: small, fast and good enough for prices. Numbers from 0 up to 1. */
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

export interface Fill {
  price: number;
  quantity: number;
  at: number;
}

export interface Order {
  id: number;
  account: number;
  instrument: number;
  strategy: number | null;
  side: 'buy' | 'sell';
  type: 'limit' | 'market';
  status: 'filled' | 'partial' | 'cancelled' | 'open';
  quantity: number;
  limit: number | null;
  fills: Fill[];
  placed: number;
}

const START = Date.UTC(2023, 0, 1);

/** Orders in the order of their placement; prices walk at random, most orders fill, some partly, some never. */
export function* orders(count: number, seed: number): Generator<Order> {
  const random = randomFrom(seed);
  const prices = INSTRUMENTS.map(({ price }) => price);
  let now = START;
  for (let id = 1; id <= count; id += 1) {
    now += Math.floor(random() * 60_000);
    const at = Math.floor(random() * INSTRUMENTS.length);
    const price = (prices[at] ?? 1) * (1 + (random() - 0.5) * 0.004);
    prices[at] = price;
    const limit = random() < 0.7 ? round(price * (1 + (random() - 0.5) * 0.001)) : null;
    const quantity = round((10 + random() * 500) / price);
    const luck = random();
    const status = luck < 0.7 ? 'filled' : luck < 0.8 ? 'partial' : luck < 0.95 ? 'cancelled' : 'open';
    yield {
      id,
      account: 1 + Math.floor(random() * ACCOUNTS.length),
      instrument: at + 1,
      // A few orders of a strategy that was deleted long ago: the foreign key that comes later has to cope with them.
      strategy: random() < 0.02 ? 99 : random() < 0.1 ? null : 1 + Math.floor(random() * STRATEGIES.length),
      side: random() < 0.5 ? 'buy' : 'sell',
      type: limit === null ? 'market' : 'limit',
      status,
      quantity,
      limit,
      fills: fillsOf(status, limit ?? round(price), quantity, now, random),
      placed: now,
    };
  }
}

function fillsOf(status: Order['status'], price: number, quantity: number, at: number, random: () => number): Fill[] {
  if (status === 'cancelled' || status === 'open') return [];
  const total = status === 'filled' ? quantity : round(quantity * 0.4);
  if (random() < 0.7) return [{ price, quantity: total, at: at + 250 }];
  const first = round(total / 3);
  return [
    { price, quantity: first, at: at + 250 },
    { price, quantity: round(total - first), at: at + 900 },
  ];
}

export function round(value: number): number {
  return Math.max(0.00000001, Math.round(value * 1e8) / 1e8);
}
