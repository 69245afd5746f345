import assert from 'node:assert/strict';
import { lackOf } from '../../src/engine/missing-objects.ts';

/** An object in the words of pg_identify_object, a statement that names it, and one that names another with that name. */
const CASES: [object: string, names: string, others: string][] = [
  ['table public.orders', 'DROP TABLE Public.Orders', 'ALTER TABLE orders_2 ADD orders2 int'],
  ['table column public.orders.id', 'UPDATE orders SET id = 1', 'UPDATE kept SET id = id + 1'],
  ['default value for public.orders.id', 'ALTER TABLE orders ALTER id DROP DEFAULT', 'SELECT id FROM kept'],
  ['table constraint total on public.orders', 'ALTER TABLE orders DROP CONSTRAINT total', 'SELECT total FROM kept'],
  ['trigger audit on public.orders', 'DROP TRIGGER audit ON orders', 'CREATE TRIGGER audit AFTER INSERT ON kept'],
  ['policy "my policy" on public.orders', 'DROP POLICY "my policy" ON orders', 'DROP POLICY "my policy" ON kept'],
  ['function public.total(integer)', 'SELECT total(1)', 'SELECT subtotal(1), total_2(1)'],
  ['operator class public.fast USING btree', 'CREATE INDEX ON t (a fast)', 'CREATE INDEX ON t USING btree (a)'],
  ['index public."Orders id"', 'REINDEX INDEX "Orders id"', 'REINDEX INDEX orders'],
  [
    'publication relation public.orders in publication changes',
    'ALTER PUBLICATION changes DROP TABLE orders',
    'SELECT orders',
  ],
  ['schema audit', 'CREATE TABLE audit.t (a int)', 'CREATE TABLE audits (a int)'],
  ['domain constraint positive on public.money', 'ALTER DOMAIN money DROP CONSTRAINT positive', 'SELECT positive'],
];

/** They are known by signs, types or numbers, which other statements contain too. */
const WITHOUT_NAME: [object: string, statement: string][] = [
  ['cast (text AS public.mood)', "SELECT CAST('a' AS text)"],
  ['operator public.=(public.mood,text)', 'SELECT 1 = 1'],
  ['large object 16401', 'SELECT 16401'],
  ['operator of access method 1 (integer, integer) of public.ops USING btree', 'SELECT 1'],
  ['role membership membership of role a in role b', 'SELECT a, b'],
  ['default acl for role app in schema public on tables', 'CREATE TABLE public.t (tables int)'],
  ['transform for jsonb on language plpython', 'SELECT jsonb'],
];

describe('an object that the copy does not have', () => {
  const lacks = (object: string, statement: string) =>
    lackOf({ missing: [object] }, new Map([['0001_x', [statement]]]))?.message;

  for (const [object, names, others] of CASES) {
    it(`${object} ends the run that names it, and no other`, () => {
      assert.match(lacks(object, names) ?? '', /^The copy does not have .*, which 0001_x names/);
      assert.ok(lacks(object, names)?.includes(object));
      assert.equal(lacks(object, others), undefined);
    });
  }

  for (const [object, statement] of WITHOUT_NAME) {
    it(`${object} ends no run, because statements do not name it`, () => {
      assert.equal(lacks(object, statement), undefined);
    });
  }

  it('is the table, if it and its columns are missing', () => {
    const missing = ['table column public.orders.id', 'default value for public.orders.id', 'table public.orders'];
    const problem = lackOf({ missing }, new Map([['0001_x', ['SELECT 1', 'UPDATE orders SET id = 1']]]));
    assert.match(problem?.message ?? '', /does not have table public\.orders, which/);
    assert.equal(problem?.statement, 'UPDATE orders SET id = 1');
  });
});
