import assert from 'node:assert/strict';
import { type LockMode, locksOf } from '../../src/core/safety/locks.ts';
import { loadParser } from '../../src/migrations/statements/parser.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { GROUND } from './fixtures.ts';
import { observe } from './observe.ts';

/** From the strongest to the weakest that another session waits for. */
const MODES: readonly [LockMode, string][] = [
  ['ACCESS EXCLUSIVE', 'AccessExclusiveLock'],
  ['EXCLUSIVE', 'ExclusiveLock'],
  ['SHARE ROW EXCLUSIVE', 'ShareRowExclusiveLock'],
  ['SHARE', 'ShareLock'],
];

const STATEMENTS = [
  'ALTER TABLE orders ADD COLUMN source text',
  'ALTER TABLE orders ADD COLUMN owner bigint REFERENCES accounts',
  'ALTER TABLE orders DROP COLUMN note',
  'ALTER TABLE orders ALTER COLUMN note TYPE text',
  'ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL',
  'ALTER TABLE orders ALTER COLUMN account_id DROP NOT NULL',
  'ALTER TABLE orders ALTER COLUMN quantity SET DEFAULT 0',
  'ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (account_id) REFERENCES accounts NOT VALID',
  'ALTER TABLE orders ADD CONSTRAINT q CHECK (quantity > 0) NOT VALID',
  'ALTER TABLE orders ADD CONSTRAINT r UNIQUE (exchange_ref)',
  'ALTER TABLE orders DROP CONSTRAINT orders_pkey',
  'ALTER TABLE orders RENAME COLUMN note TO remark',
  'ALTER TABLE orders RENAME TO trades',
  'ALTER TABLE orders DISABLE TRIGGER USER',
  'ALTER TABLE fills SET UNLOGGED',
  'ALTER TABLE quotes SET LOGGED',
  'ALTER TABLE candles DETACH PARTITION candles_2023',
  "ALTER TABLE candles ATTACH PARTITION candles_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
  'CREATE TABLE candles_rest PARTITION OF candles DEFAULT',
  'CREATE TABLE audits (order_id bigint REFERENCES orders)',
  'CREATE INDEX orders_note ON orders (note)',
  'REINDEX TABLE orders',
  'CLUSTER orders USING orders_account',
  'CREATE TRIGGER orders_audit AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit()',
  'LOCK TABLE orders, fills',
  'LOCK TABLE orders IN SHARE MODE',
  'LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE',
  'TRUNCATE fills',
  'DROP TABLE fills',
  'REFRESH MATERIALIZED VIEW daily_volume',
  'REFRESH MATERIALIZED VIEW CONCURRENTLY daily_volume',
  'UPDATE orders SET note = NULL WHERE id = 1',
  'DELETE FROM fills WHERE id = 1',
  "INSERT INTO accounts VALUES (99, 'new')",
  'SELECT FROM orders FOR UPDATE',
  'ANALYZE orders',
];

describe('what is taken for locked', () => {
  for (const sql of STATEMENTS) {
    it(`is what the server locks: ${sql}`, async () => {
      const parsed = (await loadParser('postgres'))(sql);
      assert.ok('actions' in parsed);
      const expected = new Map<string, LockMode>();
      for (const { table, mode } of parsed.actions.flatMap(locksOf)) {
        expected.set(table.name, stronger(expected.get(table.name), mode));
      }
      const postgres = await sharedPostgres();
      const database = await postgres.createDatabase('locks');
      try {
        await postgres.query(GROUND, [], database.name);
        const tables = await postgres.query<{ relname: string }>(
          "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm')",
          [],
          database.name,
        );
        const { locks } = await observe(database.url, { sql });
        const inUse = new Set([...tables.map(({ relname }) => relname), 'trades']);
        const held = [...locks]
          .filter(([table]) => inUse.has(table))
          .flatMap(([table, modes]) => {
            const strongest = MODES.find(([, name]) => modes.has(name));
            return strongest === undefined ? [] : [[table === 'trades' ? 'orders' : table, strongest[0]] as const];
          });
        const names = new Set(held.map(([table]) => table));
        assert.deepEqual(Object.fromEntries(held), Object.fromEntries([...expected].filter(isHere)));
        function isHere([table]: [string, LockMode]) {
          // A table that was dropped has no name to be listed under.
          return names.has(table) || !sql.startsWith('DROP TABLE');
        }
      } finally {
        await database.drop();
      }
    });
  }
});

function stronger(one: LockMode | undefined, other: LockMode): LockMode {
  return MODES.find(([mode]) => mode === one || mode === other)?.[0] ?? other;
}
