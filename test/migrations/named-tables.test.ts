import assert from 'node:assert/strict';
import { DIALECTS, type Dialect } from '../../src/core/model/dialect.ts';
import { loadNamesTable } from '../../src/migrations/statements/named-tables.ts';

const CASES: [string, boolean, Dialect?][] = [
  ['DELETE FROM fills', true],
  ['DELETE FROM public.fills f USING orders', true],
  ['DELETE FROM orders USING fills WHERE 1 = 1', true],
  ['TRUNCATE orders, fills', true],
  ['DROP TABLE IF EXISTS "fills" CASCADE', true],
  ['WITH gone AS (DELETE FROM fills RETURNING 1) SELECT 1', true],
  ["DO $$ BEGIN EXECUTE format('DELETE FROM %I', 'fills'); END $$", true],
  ['DO $x$ BEGIN DELETE FROM fills; END $x$', true],
  ["SELECT prune('public.fills')", true],
  ['DELETE FROM `fills`', true, 'sqlite'],
  ['DELETE FROM main.[fills]', true, 'sqlite'],
  ['DELETE FROM orders -- not fills', false],
  ['/* fills stay */ DELETE FROM orders', false],
  ['DO $$ BEGIN /* from fills */ DELETE FROM orders; END $$', false],
  ['UPDATE orders SET fills = 0', false],
  ['DELETE FROM orders WHERE orders.fills > 0', false],
  ["INSERT INTO log VALUES ('the fills of today')", false],
  ['DELETE FROM other.fills', false],
  ['DELETE FROM old_fills', false],
  ['CREATE TABLE a (b int REFERENCES fills)', false],
  ["DO $$ BEGIN EXECUTE 'DELETE FROM fills WHERE ' || 'true'; END $$", true],
  ["CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM fills'", true],
  ['MERGE INTO fills USING orders ON true WHEN MATCHED THEN DELETE', true],
  ['DELETE FROM orders WHERE id = :fills', false],
  ['DELETE FROM fills WHERE id = :id', true],
  ['WITH fills AS (DELETE FROM orders RETURNING id) SELECT * FROM fills', false],
  ['ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES fills ON DELETE CASCADE', false],
  ["COMMENT ON TABLE orders IS 'DELETE FROM fills'", false],
];

describe('Whether a statement names a table', () => {
  const loaded = Object.fromEntries(DIALECTS.map((dialect) => [dialect, loadNamesTable(dialect)]));
  for (const [sql, expected, dialect = 'postgres'] of CASES)
    it(`${expected ? 'it does' : 'it does not'}: ${sql}`, async () => {
      const namesTable = await loaded[dialect];
      assert.equal(namesTable?.(sql, dialect === 'sqlite' ? 'main.fills' : 'public.fills'), expected);
    });
});
