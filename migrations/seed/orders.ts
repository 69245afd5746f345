/** The bot at work: orders in the order of their placement, with their fills, out of prices that walk at random. */
import {
  ACCOUNTS,
  DELETED_STRATEGY,
  INSTRUMENTS,
  type Instrument,
  ONE,
  randomFrom,
  START,
  STRATEGIES,
} from '../seed-data.ts';

export interface Fill {
  price: number;
  quantity: number;
  /** price times quantity. */
  value: number;
  fee: number;
  at: number;
}

/** Prices, quantities and money in units; times in milliseconds since 1970. */
export interface Order {
  id: number;
  account: number;
  instrument: number;
  strategy: number | null;
  side: 'buy' | 'sell';
  type: 'limit' | 'market';
  status: 'open' | 'partial' | 'filled' | 'cancelled' | 'rejected';
  quantity: number;
  limit: number | null;
  filled: number;
  fills: Fill[];
  /** What the market asked for when it was placed. */
  price: number;
  placed: number;
}

/** An account's instrument: what it may trade, and how much of it it holds and has not offered. */
interface Slot {
  account: number;
  instrument: number;
  rules: Instrument;
  free: number;
}

const MEAN_GAP_MS = 30_000;
/** Only the last orders can still be open: the bot cancels what has waited too long. */
const MAY_BE_OPEN = 400;
/** The value from which the bot sells rather than buys more. */
const FULL_POSITION = 40_000 * ONE;

export function* orders(count: number, seed: number): Generator<Order> {
  const random = randomFrom(seed);
  const prices = INSTRUMENTS.map(({ price }) => price);
  const slots: Slot[] = ACCOUNTS.flatMap(({ exchange }, account) =>
    INSTRUMENTS.flatMap((rules, index) =>
      rules.exchange === exchange ? [{ account: account + 1, instrument: index + 1, rules, free: 0 }] : [],
    ),
  );
  let placed = START;
  for (let id = 1; id <= count; id += 1) {
    placed += 1 + Math.floor(random() * 2 * MEAN_GAP_MS);
    const slot = slots[Math.floor(random() * slots.length)];
    if (slot === undefined) return;
    const at = slot.instrument - 1;
    const price = walk(prices[at] ?? slot.rules.price, slot.rules, random);
    prices[at] = price;
    yield place(id, slot, price, placed, count - id < MAY_BE_OPEN, random);
  }
}

/** A step of about 0.1 %, drawn back to where it started, so that a million orders end on believable prices too. */
function walk(price: number, { tick, price: start }: Instrument, random: () => number): number {
  const noise = (random() + random() + random() - 1.5) * 0.002;
  const next = price * (1 + noise - 0.0002 * Math.log(price / start));
  return Math.max(tick, Math.round(next / tick) * tick);
}

function place(id: number, slot: Slot, price: number, placed: number, recent: boolean, random: () => number): Order {
  const { rules } = slot;
  const wanted = Math.max(rules.lot, step(((10 + random() * 490) * ONE * ONE) / price, rules.lot));
  const side = chooseSide(slot, wanted, price, random);
  const quantity = side === 'sell' ? Math.min(wanted, slot.free) : wanted;
  const limited = random() < 0.7;
  const limit = limited
    ? Math.max(rules.tick, Math.round((price * (1 + (random() - 0.5) * 0.001)) / rules.tick) * rules.tick)
    : null;
  const { status, share } = fate(limited, recent, random());
  const filled = share === 1 ? quantity : step(quantity * share, rules.lot);
  const fills = fillsOf(filled, limit ?? price, placed, rules, random);
  const offered = status === 'open' || status === 'partial' ? quantity : filled;
  slot.free += side === 'buy' ? filled : -offered;
  const strategy = random();
  return {
    id,
    account: slot.account,
    instrument: slot.instrument,
    strategy:
      strategy < 0.02
        ? DELETED_STRATEGY
        : strategy < 0.1
          ? null
          : 1 + Math.floor(((strategy - 0.1) / 0.9) * STRATEGIES.length),
    side,
    type: limited ? 'limit' : 'market',
    status: status === 'partial' && filled === 0 ? 'open' : status,
    quantity,
    limit,
    filled,
    fills,
    price,
    placed,
  };
}

/** The bot trades what it has: it sells nothing that it does not hold. */
function chooseSide({ free }: Slot, wanted: number, price: number, random: () => number): Order['side'] {
  const draw = random();
  if (free < wanted) return 'buy';
  if ((free / ONE) * price > FULL_POSITION) return 'sell';
  return draw < 0.5 ? 'buy' : 'sell';
}

function fate(limited: boolean, recent: boolean, luck: number): { status: Order['status']; share: number } {
  if (luck < 0.02) return { status: 'rejected', share: 0 };
  if (!limited || luck < 0.72) return { status: 'filled', share: 1 };
  const share = luck < 0.82 ? (luck - 0.72) * 10 : 0;
  if (recent) return { status: share > 0 ? 'partial' : 'open', share };
  return { status: 'cancelled', share };
}

function fillsOf(filled: number, price: number, placed: number, rules: Instrument, random: () => number): Fill[] {
  if (filled === 0) return [];
  const first = random() < 0.7 ? filled : step(filled * (0.2 + random() * 0.6), rules.lot);
  return [first, filled - first]
    .filter((quantity) => quantity > 0)
    .map((quantity, index) => {
      // Through steps, because price times quantity in units is beyond what a number holds exactly.
      const value =
        Math.round(price / rules.tick) * Math.round(quantity / rules.lot) * ((rules.tick * rules.lot) / ONE);
      return { price, quantity, value, fee: Math.round(value / 1_000), at: placed + 250 + 650 * index };
    });
}

/** The multiple of `size` below or at `value`. */
function step(value: number, size: number): number {
  return Math.floor(value / size) * size;
}
