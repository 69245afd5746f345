import type { Step } from './observe.ts';

/** What is to be seen at a step: all of it at once. */
export interface Evidence {
  /** Table to the mode in which it is locked. */
  locks?: Record<string, string>;
  /** A table whose rows are all read. */
  reads?: string;
  /** A table that is rewritten. */
  rewrites?: string;
  /** Refused with this. */
  refused?: RegExp;
}

/** The bad form shows the evidence; no step of the advised one does. */
export interface Proof {
  rule: string;
  setup?: string;
  bad: Step;
  advised: readonly Step[];
  shows: Evidence;
}

const EXCLUSIVE = 'AccessExclusiveLock';
const inside = (sql: string): Step => ({ sql });
const beside = (besideWriterOf: string, sql: string): Step => ({ sql, besideWriterOf });

export const PROOFS: readonly Proof[] = [
  {
    rule: 'create-index-without-concurrently',
    bad: inside('CREATE INDEX orders_note ON orders (note)'),
    advised: [beside('orders', 'CREATE INDEX CONCURRENTLY orders_note ON orders (note)')],
    shows: { locks: { orders: 'ShareLock' } },
  },
  {
    rule: 'create-index-without-concurrently',
    setup:
      'CREATE TABLE ticks (day date) PARTITION BY RANGE (day); CREATE TABLE ticks_all PARTITION OF ticks DEFAULT; INSERT INTO ticks VALUES (now())',
    bad: inside('CREATE INDEX ticks_day ON ticks (day)'),
    advised: [
      inside('CREATE INDEX ticks_day ON ONLY ticks (day)'),
      beside('ticks_all', 'CREATE INDEX CONCURRENTLY ticks_all_day ON ticks_all (day)'),
      inside('ALTER INDEX ticks_day ATTACH PARTITION ticks_all_day'),
    ],
    shows: { locks: { ticks_all: 'ShareLock' }, reads: 'ticks_all' },
  },
  {
    rule: 'drop-index-without-concurrently',
    bad: inside('DROP INDEX orders_account'),
    advised: [beside('orders', 'DROP INDEX CONCURRENTLY orders_account')],
    shows: { locks: { orders: EXCLUSIVE } },
  },
  {
    rule: 'reindex-without-concurrently',
    bad: inside('REINDEX INDEX orders_account'),
    advised: [beside('orders', 'REINDEX INDEX CONCURRENTLY orders_account')],
    shows: { locks: { orders: 'ShareLock', orders_account: EXCLUSIVE } },
  },
  {
    rule: 'concurrently-in-transaction',
    bad: inside('CREATE INDEX CONCURRENTLY orders_note ON orders (note)'),
    advised: [beside('orders', 'CREATE INDEX CONCURRENTLY orders_note ON orders (note)')],
    shows: { refused: /CONCURRENTLY cannot run inside a transaction block/ },
  },
  {
    rule: 'refused-in-transaction',
    bad: inside('VACUUM orders'),
    advised: [beside('orders', 'VACUUM orders')],
    shows: { refused: /VACUUM cannot run inside a transaction block/ },
  },
  {
    rule: 'foreign-key-without-not-valid',
    bad: inside('ALTER TABLE orders ADD CONSTRAINT account FOREIGN KEY (account_id) REFERENCES accounts'),
    advised: [
      inside('ALTER TABLE orders ADD CONSTRAINT account FOREIGN KEY (account_id) REFERENCES accounts NOT VALID'),
      inside('ALTER TABLE orders VALIDATE CONSTRAINT account'),
    ],
    shows: { locks: { orders: 'ShareRowExclusiveLock', accounts: 'ShareRowExclusiveLock' }, reads: 'orders' },
  },
  {
    rule: 'foreign-key-without-not-valid',
    bad: inside('ALTER TABLE orders ADD COLUMN owner bigint DEFAULT 1 REFERENCES accounts'),
    advised: [inside('ALTER TABLE orders ADD COLUMN owner bigint REFERENCES accounts')],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'check-without-not-valid',
    bad: inside('ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0)'),
    advised: [
      inside('ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0) NOT VALID'),
      inside('ALTER TABLE orders VALIDATE CONSTRAINT positive'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'check-without-not-valid',
    bad: inside('ALTER TABLE orders ADD COLUMN fee numeric CHECK (fee >= 0)'),
    advised: [
      inside('ALTER TABLE orders ADD COLUMN fee numeric'),
      inside('ALTER TABLE orders ADD CONSTRAINT fee CHECK (fee >= 0) NOT VALID'),
      inside('ALTER TABLE orders VALIDATE CONSTRAINT fee'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'validate-under-lock',
    bad: inside(
      'ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT positive',
    ),
    advised: [
      inside('ALTER TABLE orders ADD CONSTRAINT positive CHECK (quantity > 0) NOT VALID'),
      inside('ALTER TABLE orders VALIDATE CONSTRAINT positive'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'unique-without-using-index',
    bad: inside('ALTER TABLE orders ADD CONSTRAINT ref UNIQUE (exchange_ref)'),
    advised: [
      beside('orders', 'CREATE UNIQUE INDEX CONCURRENTLY ref ON orders (exchange_ref)'),
      inside('ALTER TABLE orders ADD CONSTRAINT ref UNIQUE USING INDEX ref'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'unique-without-using-index',
    bad: inside('ALTER TABLE orders ADD COLUMN code text UNIQUE'),
    advised: [
      inside('ALTER TABLE orders ADD COLUMN code text'),
      beside('orders', 'CREATE UNIQUE INDEX CONCURRENTLY code ON orders (code)'),
      inside('ALTER TABLE orders ADD CONSTRAINT code UNIQUE USING INDEX code'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'primary-key-without-using-index',
    bad: inside('ALTER TABLE fills ADD CONSTRAINT fills_pkey PRIMARY KEY (id)'),
    advised: [
      inside('ALTER TABLE fills ADD CONSTRAINT has_id CHECK (id IS NOT NULL) NOT VALID'),
      inside('ALTER TABLE fills VALIDATE CONSTRAINT has_id'),
      inside('ALTER TABLE fills ALTER COLUMN id SET NOT NULL'),
      beside('fills', 'CREATE UNIQUE INDEX CONCURRENTLY fills_pkey ON fills (id)'),
      inside('ALTER TABLE fills ADD CONSTRAINT fills_pkey PRIMARY KEY USING INDEX fills_pkey'),
    ],
    shows: { locks: { fills: EXCLUSIVE }, reads: 'fills' },
  },
  {
    rule: 'exclusion-constraint',
    bad: inside('ALTER TABLE fills ADD CONSTRAINT apart EXCLUDE USING gist (period WITH &&)'),
    advised: [
      inside('CREATE TABLE fills_new (LIKE fills, CONSTRAINT apart EXCLUDE USING gist (period WITH &&))'),
      inside('INSERT INTO fills_new SELECT * FROM fills WHERE id BETWEEN 1 AND 100'),
    ],
    shows: { locks: { fills: EXCLUSIVE }, reads: 'fills' },
  },
  {
    rule: 'set-not-null',
    bad: inside('ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL'),
    advised: [
      inside('ALTER TABLE orders ADD CONSTRAINT has_quantity CHECK (quantity IS NOT NULL) NOT VALID'),
      inside('ALTER TABLE orders VALIDATE CONSTRAINT has_quantity'),
      inside('ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL; ALTER TABLE orders DROP CONSTRAINT has_quantity'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'orders' },
  },
  {
    rule: 'change-column-type',
    bad: inside('ALTER TABLE orders ALTER COLUMN quantity TYPE bigint'),
    advised: [
      inside('ALTER TABLE orders ADD COLUMN quantity_new bigint'),
      inside('UPDATE orders SET quantity_new = quantity WHERE id BETWEEN 1 AND 100'),
      inside('ALTER TABLE orders DROP COLUMN quantity'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'volatile-default',
    bad: inside('ALTER TABLE orders ADD COLUMN key uuid DEFAULT gen_random_uuid()'),
    advised: [
      inside(
        'ALTER TABLE orders ADD COLUMN key uuid; ALTER TABLE orders ALTER COLUMN key SET DEFAULT gen_random_uuid()',
      ),
      inside('UPDATE orders SET key = gen_random_uuid() WHERE id BETWEEN 1 AND 100'),
      inside("ALTER TABLE orders ADD COLUMN source text NOT NULL DEFAULT 'app'"),
      inside('ALTER TABLE orders ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now()'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'add-auto-increment-column',
    bad: inside('ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY'),
    advised: [
      inside(
        "CREATE SEQUENCE numbers; ALTER TABLE orders ADD COLUMN number bigint; ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('numbers')",
      ),
      inside('UPDATE orders SET number = DEFAULT WHERE number IS NULL AND id BETWEEN 1 AND 100'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'add-auto-increment-column',
    bad: inside('ALTER TABLE orders ADD COLUMN number bigserial'),
    advised: [inside('ALTER TABLE orders ADD COLUMN number bigint')],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'add-stored-generated-column',
    bad: inside('ALTER TABLE orders ADD COLUMN notional numeric GENERATED ALWAYS AS (price * quantity) STORED'),
    advised: [
      inside('ALTER TABLE orders ADD COLUMN notional numeric'),
      inside('UPDATE orders SET notional = price * quantity WHERE id BETWEEN 1 AND 100'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'domain-constraint-without-not-valid',
    bad: inside('ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0)'),
    advised: [inside('ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0) NOT VALID')],
    shows: { locks: { ledger: 'ShareLock' }, reads: 'ledger' },
  },
  {
    rule: 'domain-with-check',
    bad: inside(
      'CREATE DOMAIN price AS integer CHECK (value > 0); ALTER TABLE orders ADD COLUMN limit_price price DEFAULT 1',
    ),
    advised: [
      inside('ALTER TABLE orders ADD COLUMN limit_price integer DEFAULT 1'),
      inside('ALTER TABLE orders ADD CONSTRAINT limit_price CHECK (limit_price > 0) NOT VALID'),
      inside('ALTER TABLE orders VALIDATE CONSTRAINT limit_price'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'create-partition-of',
    bad: inside("CREATE TABLE candles_2025 PARTITION OF candles FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"),
    advised: [
      inside(
        "CREATE TABLE candles_2025 (LIKE candles INCLUDING DEFAULTS INCLUDING CONSTRAINTS); ALTER TABLE candles ATTACH PARTITION candles_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
      ),
    ],
    shows: { locks: { candles: EXCLUSIVE } },
  },
  {
    rule: 'attach-partition-without-check',
    bad: inside("ALTER TABLE candles ATTACH PARTITION candles_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"),
    advised: [
      inside(
        "ALTER TABLE candles_2024 ADD CONSTRAINT bounds CHECK (day IS NOT NULL AND day >= '2024-01-01' AND day < '2025-01-01') NOT VALID",
      ),
      inside('ALTER TABLE candles_2024 VALIDATE CONSTRAINT bounds'),
      inside("ALTER TABLE candles ATTACH PARTITION candles_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"),
    ],
    shows: { locks: { candles_2024: EXCLUSIVE }, reads: 'candles_2024' },
  },
  {
    rule: 'detach-partition-without-concurrently',
    bad: inside('ALTER TABLE candles DETACH PARTITION candles_2023'),
    advised: [beside('candles', 'ALTER TABLE candles DETACH PARTITION candles_2023 CONCURRENTLY')],
    shows: { locks: { candles: EXCLUSIVE } },
  },
  {
    rule: 'refresh-without-concurrently',
    bad: inside('REFRESH MATERIALIZED VIEW daily_volume'),
    advised: [inside('REFRESH MATERIALIZED VIEW CONCURRENTLY daily_volume')],
    shows: { locks: { daily_volume: EXCLUSIVE } },
  },
  {
    rule: 'vacuum-full',
    bad: beside('orders', 'VACUUM FULL orders'),
    advised: [beside('orders', 'VACUUM (ANALYZE) orders')],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'cluster',
    bad: inside('CLUSTER orders USING orders_account'),
    advised: [
      inside('CREATE TABLE orders_new (LIKE orders INCLUDING ALL)'),
      inside('INSERT INTO orders_new SELECT * FROM orders WHERE id BETWEEN 1 AND 100 ORDER BY account_id'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'set-logged',
    bad: inside('ALTER TABLE quotes SET LOGGED'),
    advised: [
      inside('CREATE TABLE quotes_new (LIKE quotes INCLUDING ALL)'),
      inside('INSERT INTO quotes_new SELECT * FROM quotes WHERE id BETWEEN 1 AND 100'),
    ],
    shows: { locks: { quotes: EXCLUSIVE }, rewrites: 'quotes' },
  },
  {
    rule: 'set-logged',
    bad: inside('ALTER TABLE fills SET UNLOGGED'),
    advised: [inside('CREATE UNLOGGED TABLE fills_new (LIKE fills INCLUDING ALL)')],
    shows: { locks: { fills: EXCLUSIVE }, rewrites: 'fills' },
  },
  {
    rule: 'set-tablespace',
    bad: inside('ALTER TABLE orders SET TABLESPACE proof_tablespace'),
    advised: [
      inside('CREATE TABLE orders_new (LIKE orders INCLUDING ALL) TABLESPACE proof_tablespace'),
      inside('INSERT INTO orders_new SELECT * FROM orders WHERE id BETWEEN 1 AND 100'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, rewrites: 'orders' },
  },
  {
    rule: 'lock-table',
    bad: inside('LOCK TABLE orders'),
    advised: [inside('LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE')],
    shows: { locks: { orders: EXCLUSIVE } },
  },
  {
    rule: 'slow-under-exclusive-lock',
    bad: inside('ALTER TABLE orders ADD COLUMN source text; CREATE INDEX fills_order ON fills (order_id)'),
    advised: [
      beside('fills', 'CREATE INDEX CONCURRENTLY fills_order ON fills (order_id)'),
      inside('ALTER TABLE orders ADD COLUMN source text'),
    ],
    shows: { locks: { orders: EXCLUSIVE }, reads: 'fills' },
  },
  {
    rule: 'many-tables-locked',
    bad: inside(
      'ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD COLUMN source text; ALTER TABLE accounts ADD COLUMN source text',
    ),
    advised: [
      inside('ALTER TABLE orders ADD COLUMN source text'),
      inside('ALTER TABLE fills ADD COLUMN source text'),
      inside('ALTER TABLE accounts ADD COLUMN source text'),
    ],
    shows: { locks: { orders: EXCLUSIVE, fills: EXCLUSIVE, accounts: EXCLUSIVE } },
  },
];

/** Rules that are proved in another way, or cannot be here, and why. */
export const WITHOUT_PROOF: Readonly<Record<string, string>> = {
  'add-column-with-default':
    'only PostgreSQL before 11 does it, and no such server is at hand; that later ones do not is tried',
  'create-trigger': 'there is no form without the lock; that it is taken is tried',
  'timeout-turned-off': 'it is about waiting, not about a lock that is held; that nothing ends the wait is tried',
};
