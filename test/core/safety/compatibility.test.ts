import assert from 'node:assert/strict';
import type { Dialect } from '../../../src/core/model/dialect.ts';
import { incompatibilities } from '../../../src/core/safety/compatibility.ts';
import { loadParser } from '../../../src/migrations/statements/parser.ts';

async function judge(dialect: Dialect, ...statements: string[]) {
  const parse = await loadParser(dialect);
  const migration = {
    revision: '2_x',
    file: '2_x.sql',
    direction: 'up' as const,
    statements: statements.map((sql) => {
      const parsed = parse(sql);
      return {
        sql,
        actions: 'actions' in parsed ? parsed.actions : undefined,
        ignore: [{ rule: 'drop-table', why: 'x' }],
      };
    }),
    transactional: true,
    reversible: true,
    opaque: false,
  };
  return incompatibilities([migration]).map(({ why }) => why);
}

/** Older code can run with each of these. */
const FINE: Record<Dialect, string[]> = {
  postgres: [
    'CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL UNIQUE)',
    'CREATE VIEW v AS SELECT 1',
    'ALTER TABLE orders ADD COLUMN a integer',
    'ALTER TABLE orders ADD COLUMN a integer NOT NULL DEFAULT 0',
    'ALTER TABLE orders ADD COLUMN a bigserial',
    'ALTER TABLE orders ADD COLUMN a integer GENERATED ALWAYS AS (id * 2) STORED',
    'ALTER TABLE orders ALTER COLUMN note DROP NOT NULL',
    'ALTER TABLE orders ALTER COLUMN note SET DEFAULT 1',
    'CREATE INDEX i ON orders (note)',
    'CREATE INDEX CONCURRENTLY i ON orders (note)',
    "ALTER TYPE mood ADD VALUE 'ok'",
    'CREATE EXTENSION IF NOT EXISTS pg_trgm',
    'CREATE SEQUENCE s',
    "CREATE TYPE mood AS ENUM ('a')",
    'CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
    "UPDATE orders SET note = 'x'",
    'DELETE FROM orders',
    'INSERT INTO orders SELECT * FROM old',
    "COMMENT ON TABLE orders IS 'x'",
    'GRANT SELECT ON orders TO PUBLIC',
    'SELECT 1',
    "SELECT setval('s', 7)",
    '-- db-manager:ignore nothing\nANALYZE orders',
    "SET lock_timeout = '1s'",
  ],
  sqlite: [
    'CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL UNIQUE)',
    'CREATE VIEW v AS SELECT 1',
    'ALTER TABLE orders ADD COLUMN a integer',
    'ALTER TABLE orders ADD COLUMN a integer NOT NULL DEFAULT 0',
    'CREATE INDEX i ON orders (note)',
    "UPDATE orders SET note = 'x'",
    'DELETE FROM orders',
    'SELECT 1',
    'PRAGMA foreign_keys = ON',
    'ANALYZE',
  ],
};

/** Older code may fail with each of these, and why. */
const REFUSED: Record<Dialect, [string, RegExp][]> = {
  postgres: [
    ['DROP TABLE orders', /drops the table orders/],
    ['DROP TABLE IF EXISTS orders CASCADE', /drops the table orders/],
    ['ALTER TABLE orders DROP COLUMN note', /drops the column orders\.note/],
    ['ALTER TABLE orders ADD COLUMN a integer, DROP COLUMN note', /drops the column orders\.note/],
    ['DROP VIEW v', /drops the view v/],
    ['DROP TYPE mood', /drops the type mood/],
    ['DROP INDEX i', /drops the index i/],
    ['DROP SCHEMA s', /drops the schema s/],
    ['DROP FUNCTION f()', /drops the function f/],
    ['DROP POLICY p ON orders', /cannot be judged/],
    ['ALTER TABLE orders DROP CONSTRAINT c', /drops the constraint c/],
    ['ALTER TABLE orders ALTER COLUMN note DROP DEFAULT', /drops the default of orders\.note/],
    ['ALTER TABLE orders RENAME TO sales', /renames orders to sales/],
    ['ALTER TABLE orders RENAME COLUMN note TO text', /renames the column orders\.note to text/],
    ["ALTER TYPE mood RENAME VALUE 'a' TO 'b'", /renames the value a/],
    ['ALTER TABLE orders SET SCHEMA archive', /moves orders/],
    ['ALTER TABLE orders ALTER COLUMN note TYPE varchar(5)', /changes the type of orders\.note/],
    ['ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID', /adds a check constraint to orders/],
    ['ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES x (id)', /foreign key/],
    ['CREATE UNIQUE INDEX i ON orders (note)', /unique index to orders/],
    ['CREATE TRIGGER g BEFORE INSERT ON orders EXECUTE FUNCTION f()', /trigger to orders/],
    ['ALTER TABLE orders ALTER COLUMN note SET NOT NULL', /requires a value in orders\.note/],
    ['ALTER TABLE orders ADD COLUMN a integer NOT NULL', /required column orders\.a/],
    ['ALTER TABLE orders ADD COLUMN a integer, ENABLE ROW LEVEL SECURITY', /cannot be judged/],
    ['ALTER TABLE orders ENABLE ROW LEVEL SECURITY', /cannot be judged/],
    ['CREATE POLICY p ON orders USING (false)', /cannot be judged/],
    ['REVOKE ALL ON orders FROM PUBLIC', /cannot be judged/],
    ['CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$', /cannot be judged/],
    ["DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$", /cannot be judged/],
    ['SELECT drop_everything()', /cannot be judged/],
    ['CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING', /cannot be judged/],
    ['CREATE ROLE x', /beyond the database/],
    ['CREATE TABLE IF NOT EXISTS orders (id integer)|DROP TABLE orders', /drops the table orders/],
    ['this is not SQL', /cannot be read/],
  ],
  sqlite: [
    ['DROP TABLE orders', /drops the table orders/],
    ['ALTER TABLE orders DROP COLUMN note', /drops the column orders\.note/],
    ['DROP VIEW v', /drops the view v/],
    ['ALTER TABLE orders RENAME TO sales', /renames orders to sales/],
    ['ALTER TABLE orders RENAME COLUMN note TO text', /renames the column/],
    ['CREATE UNIQUE INDEX i ON orders (note)', /unique index/],
    ['CREATE TRIGGER g BEFORE INSERT ON orders BEGIN SELECT 1; END', /trigger to orders/],
    ['PRAGMA writable_schema = ON', /edits the schema/],
    ['CREATE TABLE new (id integer)|DROP TABLE orders|ALTER TABLE new RENAME TO orders', /drops the table orders/],
    ['CREATE SOMETHING', /cannot be read/],
  ],
};

/** They undo or change only what the same migrations created. */
const OWN = [
  [
    'CREATE TABLE t (id integer)',
    'ALTER TABLE t ADD COLUMN a integer NOT NULL',
    'CREATE UNIQUE INDEX i ON t (id)',
    'DROP TABLE t',
  ],
  ['ALTER TABLE orders ADD COLUMN a integer', 'ALTER TABLE orders RENAME COLUMN a TO b'],
  ['CREATE VIEW v AS SELECT 1', 'DROP VIEW v'],
  ['CREATE INDEX i ON orders (id)', 'DROP INDEX i'],
];

for (const dialect of ['postgres', 'sqlite'] as const) {
  describe(`Whether older code can run with a statement of ${dialect}`, () => {
    for (const sql of FINE[dialect]) it(`yes: ${sql}`, async () => assert.deepEqual(await judge(dialect, sql), []));
    for (const [sql, why] of REFUSED[dialect]) {
      it(`no: ${sql}`, async () => assert.match((await judge(dialect, ...sql.split('|'))).join('; '), why));
    }
    for (const statements of OWN) {
      it(`yes, of what is new itself: ${statements.join('; ')}`, async () =>
        assert.deepEqual(await judge(dialect, ...statements), []));
    }
  });
}

describe('Whether older code can run with code', () => {
  it('is no if its statements are not all known', () => {
    const migration = { revision: '2_x', file: '2_x.ts', direction: 'up' as const, statements: [] };
    const rest = { transactional: true, reversible: true };
    assert.match(
      incompatibilities([{ ...migration, ...rest, opaque: true }])[0]?.why ?? '',
      /not all of its statements/,
    );
    assert.deepEqual(incompatibilities([{ ...migration, ...rest, opaque: false }]), []);
  });
});
