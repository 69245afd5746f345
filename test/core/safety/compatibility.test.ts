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
    'SELECT count(*) FROM orders',
    'WITH a AS (SELECT max(id) AS id FROM orders) SELECT lower(o.note) FROM orders o JOIN a USING (id)',
    'SELECT id, row_number() OVER (ORDER BY id) FROM orders UNION SELECT 1, 2',
    'SELECT * FROM generate_series(1, 3) WHERE EXISTS (SELECT FROM orders WHERE note = pg_catalog.upper(note))',
    'SELECT id FROM orders FOR UPDATE',
    'TABLE orders',
    'VALUES (1), (2)',
    'SHOW server_version',
    'EXPLAIN ANALYZE SELECT count(*) FROM orders',
    'EXPLAIN SELECT upgrade_everything()',
    'DECLARE c CURSOR FOR SELECT sum(id) FROM orders',
    'FETCH ALL FROM c',
    'COPY (SELECT count(*) FROM orders) TO STDOUT',
    "SELECT setval('s', 7)",
    '-- db-manager:ignore nothing\nANALYZE orders',
    "SET lock_timeout = '1s'",
    'ALTER TABLE orders ALTER COLUMN note SET STATISTICS 500',
    'ALTER TABLE orders SET (fillfactor = 70)',
    'ALTER TABLE orders RESET (fillfactor), ALTER COLUMN note SET STORAGE external, ALTER COLUMN note SET (n_distinct = 5)',
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
    'SELECT count(*), max(id) FROM orders',
    'WITH a AS (SELECT count(*) AS n FROM orders) SELECT n FROM a',
    'EXPLAIN QUERY PLAN SELECT count(*) FROM orders',
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
    ['REVOKE ALL ON orders FROM PUBLIC', /revokes privileges on orders/],
    ['CREATE TABLE t (id integer)|REVOKE SELECT ON t, orders FROM PUBLIC', /revokes privileges on orders/],
    ['REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC', /revokes privileges, which older code may need/],
    ['ALTER TABLE orders RENAME CONSTRAINT c TO d', /ON CONFLICT ON CONSTRAINT in older code may name/],
    ['CREATE OR REPLACE VIEW v AS SELECT 1', /replaces the view v/],
    ['CREATE VIEW s.v AS SELECT 1|CREATE OR REPLACE VIEW t.v AS SELECT 1', /replaces the view t\.v/],
    [
      'CREATE OR REPLACE VIEW v AS SELECT 1|DROP VIEW v',
      /replaces the view v, which older code may use; drops the view v/,
    ],
    ['ALTER TABLE orders ENABLE TRIGGER g', /enables triggers of orders/],
    ['ALTER TABLE orders ENABLE TRIGGER ALL', /enables triggers of orders/],
    ['ALTER TABLE orders DISABLE TRIGGER g|ALTER TABLE orders ENABLE TRIGGER g', /enables triggers of orders/],
    ['ALTER TABLE orders ENABLE ALWAYS TRIGGER g', /enables a trigger \(ENABLE ALWAYS TRIGGER\)/],
    ['ALTER TABLE orders ENABLE REPLICA TRIGGER g', /\(ENABLE REPLICA TRIGGER\)/],
    ['ALTER TABLE orders ENABLE RULE r', /enables a rule \(ENABLE RULE\)/],
    ['ALTER TABLE orders ENABLE ALWAYS RULE r', /\(ENABLE ALWAYS RULE\)/],
    ['ALTER TABLE orders INHERIT p', /cannot be judged \(INHERIT\)/],
    ['ALTER TABLE orders ALTER COLUMN note SET DEFAULT NULL', /drops the default of orders\.note/],
    ['CREATE TABLE p PARTITION OF orders FOR VALUES IN (1)|CREATE UNIQUE INDEX i ON p (note)', /unique index to p/],
    ['CREATE TABLE p PARTITION OF orders (note NOT NULL) FOR VALUES IN (1)', /partition with constraints to orders/],
    ['CREATE TABLE p (id integer)|ALTER TABLE orders ATTACH PARTITION p DEFAULT|DROP TABLE p', /drops the table p/],
    ['CREATE TEMP TABLE orders (id integer)|DROP TABLE orders|DROP TABLE orders', /^drops the table orders$/],
    [
      'SET search_path = s|CREATE TABLE orders (id integer)|SET search_path = public|DROP TABLE orders',
      /drops the table/,
    ],
    ['CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$', /cannot be judged/],
    ["DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$", /cannot be judged/],
    ['SELECT drop_everything()', /cannot be judged/],
    ['SELECT count(*) FROM orders WHERE note = drop_everything()', /cannot be judged/],
    ['WITH a AS (SELECT drop_everything() AS d) SELECT count(*) FROM a', /cannot be judged/],
    ['SELECT app.count(1)', /cannot be judged/],
    ["SELECT query_to_xml('DROP TABLE orders', true, true, '')", /cannot be judged/],
    ['EXPLAIN ANALYZE SELECT drop_everything()', /cannot be judged/],
    ['EXPLAIN (ANALYZE, BUFFERS) SELECT drop_everything()', /cannot be judged/],
    ['DECLARE c CURSOR FOR SELECT drop_everything()', /cannot be judged/],
    ['COPY (SELECT drop_everything()) TO STDOUT', /cannot be judged/],
    ['CALL drop_everything()', /cannot be judged/],
    ['CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING', /cannot be judged/],
    ['CREATE ROLE x', /outside the database/],
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
    ["SELECT load_extension('x')", /cannot be judged/],
    ["WITH a AS (SELECT load_extension('x')) SELECT * FROM a", /cannot be judged/],
    ['PRAGMA writable_schema = ON', /edits the schema/],
    ['CREATE TABLE new (id integer)|DROP TABLE orders|ALTER TABLE new RENAME TO orders', /drops the table orders/],
    ['CREATE SOMETHING', /cannot be read/],
  ],
};

/** Older code may fail with what these statements together leave, of each dialect or of PostgreSQL alone. */
const ADDED = 'ALTER TABLE orders ADD COLUMN a integer';
const BOTH_REFUSED: [string, RegExp][] = [
  [`${ADDED} DEFAULT 0 UNIQUE`, /adds the unique column orders\.a/],
  [`${ADDED} DEFAULT 0|CREATE UNIQUE INDEX i ON orders (a)`, /unique index to orders\.a/],
  [`${ADDED} NOT NULL DEFAULT 0|CREATE UNIQUE INDEX i ON orders (a) WHERE a IS NOT NULL`, /unique index to orders\.a/],
  [
    `${ADDED}|${ADDED.replace(' a ', ' b ')} DEFAULT 0|CREATE UNIQUE INDEX i ON orders (b)`,
    /unique index to orders\.b/,
  ],
  [`${ADDED}|CREATE UNIQUE INDEX i ON orders (a, note)`, /unique index to orders,/],
  [`${ADDED}|CREATE UNIQUE INDEX i ON orders (a, lower(note))`, /unique index to orders,/],
  [`${ADDED}|CREATE UNIQUE INDEX i ON orders (a) WHERE note IS NULL`, /unique index to orders,/],
  [
    `${ADDED} DEFAULT 0|ALTER TABLE orders RENAME COLUMN a TO b|CREATE UNIQUE INDEX i ON orders (b)`,
    /index to orders\.b/,
  ],
  [`${ADDED} CHECK (a IS NOT NULL)`, /adds the column orders\.a with a check/],
  [`${ADDED} CHECK (note IS NOT NULL)`, /adds the column orders\.a with a check/],
  [`${ADDED} CONSTRAINT c CHECK (a > id)`, /adds the column orders\.a with a check/],
  [`${ADDED} CHECK (note IS NOT NULL)|ALTER TABLE orders DROP COLUMN a`, /with a check/],
  ['CREATE TABLE t (id integer)|DROP TABLE t|DROP TABLE t', /^drops the table t$/],
  [`${ADDED}|ALTER TABLE orders DROP COLUMN a|ALTER TABLE orders DROP COLUMN a`, /^drops the column orders\.a$/],
  ['CREATE VIEW v AS SELECT 1|DROP INDEX v', /drops the index v/],
  ['CREATE TABLE t (id integer)|CREATE INDEX v ON t (id)|DROP VIEW v', /drops the view v/],
];
const TOGETHER_REFUSED: Record<Dialect, [string, RegExp][]> = {
  postgres: [
    ...BOTH_REFUSED,
    [
      `${ADDED}|UPDATE orders SET a = 1|ALTER TABLE orders ALTER COLUMN a SET NOT NULL`,
      /^requires a value in orders\.a, which older code does not write$/,
    ],
    [`${ADDED}, ALTER COLUMN a SET NOT NULL`, /requires a value in orders\.a/],
    [
      `${ADDED}|ALTER TABLE orders RENAME a TO b|ALTER TABLE orders ALTER b SET NOT NULL`,
      /requires a value in orders\.b/,
    ],
    [`${ADDED} DEFAULT NULL|ALTER TABLE orders ALTER a SET NOT NULL`, /requires a value in orders\.a/],
    [`${ADDED} NOT NULL DEFAULT 0|ALTER TABLE orders ALTER COLUMN a DROP DEFAULT`, /^drops the default of orders\.a/],
    [`${ADDED} NOT NULL DEFAULT 0|ALTER TABLE orders ALTER a SET DEFAULT NULL`, /drops the default of orders\.a/],
    [
      'ALTER TABLE orders ADD COLUMN a serial|ALTER TABLE orders ALTER a DROP DEFAULT',
      /drops the default of orders\.a/,
    ],
    [
      `${ADDED} DEFAULT 0|ALTER TABLE orders ALTER a SET NOT NULL|ALTER TABLE orders ALTER a DROP DEFAULT`,
      /the default/,
    ],
    [`${ADDED} GENERATED ALWAYS AS (id * 2) STORED NOT NULL`, /computed from what older code writes/],
    [`${ADDED} UNIQUE NULLS NOT DISTINCT`, /adds the unique column orders\.a/],
    [`${ADDED}|CREATE UNIQUE INDEX ON orders (a) NULLS NOT DISTINCT`, /unique index to orders\.a/],
    [`${ADDED}|ALTER TABLE orders ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)`, /makes orders\.a unique/],
    [`${ADDED} DEFAULT 0|ALTER TABLE orders ADD CONSTRAINT u UNIQUE (a)`, /makes orders\.a unique/],
    [`${ADDED} UNIQUE|ALTER TABLE orders ALTER a SET DEFAULT 1`, /adds the unique column orders\.a/],
    [`${ADDED}|ALTER TABLE orders ADD PRIMARY KEY (a)`, /adds a primary key constraint to orders/],
    [
      `${ADDED}|ALTER TABLE orders ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID`,
      /adds a check constraint to orders/,
    ],
    ['CREATE DOMAIN d AS integer NOT NULL|ALTER TABLE orders ADD COLUMN a d', /required column orders\.a/],
    ['CREATE DOMAIN d AS integer CHECK (VALUE > 0)|ALTER TABLE orders ADD COLUMN a d', /orders\.a with a check/],
    [
      'CREATE TABLE t (id integer)|ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0)|ALTER TABLE orders DROP CONSTRAINT c',
      /^drops the constraint c of orders$/,
    ],
    [
      'CREATE TABLE t (id integer)|CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()|DROP TRIGGER g ON orders',
      /^drops the trigger orders\.g$/,
    ],
    [
      'CREATE TABLE t (id integer)|CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()|DROP TRIGGER g ON s.t',
      /^drops the trigger s\.t\.g$/,
    ],
    ['CREATE TABLE s.t (id integer)|CREATE INDEX i ON s.t (id)|DROP INDEX public.i', /^drops the index public\.i$/],
    ['CREATE OR REPLACE TRIGGER g BEFORE INSERT ON orders EXECUTE FUNCTION f()|DROP TRIGGER g ON orders', /a trigger/],
  ],
  sqlite: [...BOTH_REFUSED, [`${ADDED} GENERATED ALWAYS AS (id * 2) VIRTUAL NOT NULL`, /computed from/]],
};

/** They undo or change only what the same migrations created, or require nothing that older code does not write. */
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
  ['CREATE UNIQUE INDEX i ON orders (note)', 'DROP INDEX i'],
  [ADDED, 'CREATE UNIQUE INDEX i ON orders (a)'],
  [ADDED, 'CREATE UNIQUE INDEX i ON orders (a) WHERE a IS NOT NULL'],
  [`${ADDED} DEFAULT 0`, 'CREATE UNIQUE INDEX i ON orders (a)', 'DROP INDEX i'],
  [`${ADDED} CHECK (a > 0)`, 'ALTER TABLE orders DROP COLUMN a'],
  [`${ADDED} NOT NULL DEFAULT 0`, 'ALTER TABLE orders RENAME COLUMN a TO b', 'ALTER TABLE orders DROP COLUMN b'],
  ['CREATE TABLE t (id integer)', 'ALTER TABLE t RENAME TO u', 'CREATE UNIQUE INDEX i ON u (id)', 'DROP TABLE u'],
];

/** The same, of PostgreSQL alone. */
const POSTGRES_OWN = [
  [`${ADDED} UNIQUE`],
  ['ALTER TABLE orders ADD COLUMN a bigserial UNIQUE'],
  ['ALTER TABLE orders ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE'],
  [`${ADDED} GENERATED BY DEFAULT AS IDENTITY`, 'CREATE UNIQUE INDEX ON orders (a)'],
  [ADDED, 'ALTER TABLE orders ADD CONSTRAINT u UNIQUE (a)'],
  [ADDED, 'ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES t (id)'],
  [
    ADDED,
    'UPDATE orders SET a = 1',
    'ALTER TABLE orders ALTER a SET NOT NULL',
    'ALTER TABLE orders ALTER a SET DEFAULT 1',
  ],
  [ADDED, 'ALTER TABLE orders ALTER a SET DEFAULT 1', 'ALTER TABLE orders ALTER a SET NOT NULL'],
  [ADDED, 'ALTER TABLE orders ALTER a SET NOT NULL', 'ALTER TABLE orders ALTER a DROP NOT NULL'],
  [`${ADDED} NOT NULL`, 'ALTER TABLE orders DROP COLUMN a'],
  [`${ADDED} DEFAULT 0`, 'ALTER TABLE orders ALTER a DROP DEFAULT'],
  [
    'ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID',
    'ALTER TABLE orders RENAME CONSTRAINT c TO d',
    'ALTER TABLE orders DROP CONSTRAINT d',
  ],
  ['CREATE TRIGGER g BEFORE INSERT ON orders EXECUTE FUNCTION f()', 'DROP TRIGGER g ON public.orders'],
  [
    'CREATE VIEW v AS SELECT 1',
    'CREATE OR REPLACE VIEW public.v AS SELECT 2',
    'ALTER VIEW v RENAME TO w',
    'DROP VIEW w',
  ],
  [
    'CREATE TABLE t (id integer)',
    'ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE t ADD CONSTRAINT c UNIQUE (id)',
    'ALTER TABLE t RENAME CONSTRAINT c TO d',
    'ALTER TABLE t ENABLE TRIGGER ALL',
    'REVOKE ALL ON t FROM PUBLIC',
  ],
];

for (const dialect of ['postgres', 'sqlite'] as const) {
  describe(`Whether older code can run with a statement of ${dialect}`, () => {
    for (const sql of FINE[dialect]) it(`yes: ${sql}`, async () => assert.deepEqual(await judge(dialect, sql), []));
    for (const [sql, why] of REFUSED[dialect]) {
      it(`no: ${sql}`, async () => assert.match((await judge(dialect, ...sql.split('|'))).join('; '), why));
    }
    for (const [sql, why] of TOGETHER_REFUSED[dialect]) {
      it(`no, together: ${sql}`, async () => assert.match((await judge(dialect, ...sql.split('|'))).join('; '), why));
    }
    for (const statements of dialect === 'postgres' ? [...OWN, ...POSTGRES_OWN] : OWN) {
      it(`yes, of what is new itself: ${statements.join('; ')}`, async () =>
        assert.deepEqual(await judge(dialect, ...statements), []));
    }
  });
}

describe('Whether older code can run with several migrations', () => {
  it('is judged by what they leave together, and names the migration that requires it', async () => {
    const parse = await loadParser('postgres');
    const migration = (revision: string, sql: string) => {
      const parsed = parse(sql);
      const actions = 'actions' in parsed ? parsed.actions : undefined;
      const statements = [{ sql, actions, ignore: [] }];
      return {
        revision,
        file: '',
        direction: 'up' as const,
        statements,
        transactional: true,
        reversible: true,
        opaque: false,
      };
    };
    const added = migration('2', `${ADDED} NOT NULL`);
    const filled = migration('3', 'ALTER TABLE orders ALTER a SET DEFAULT 0');
    const emptied = migration('4', 'ALTER TABLE orders ALTER a DROP DEFAULT');
    const found = (...all: (typeof added)[]) => incompatibilities(all).map((one) => one.migration);
    assert.deepEqual(found(added), ['2']);
    assert.deepEqual(found(added, filled), []);
    assert.deepEqual(found(added, filled, emptied), ['4']);
    const temporary = migration('2', 'CREATE TEMP TABLE orders (id integer)');
    assert.deepEqual(found(temporary, migration('3', 'DROP TABLE orders')), ['3']);
  });
});

describe('Whether older code can run with code', () => {
  it('cannot be confirmed if its statements are not all known', () => {
    const migration = { revision: '2_x', file: '2_x.ts', direction: 'up' as const, statements: [] };
    const rest = { transactional: true, reversible: true };
    assert.match(
      incompatibilities([{ ...migration, ...rest, opaque: true }])[0]?.why ?? '',
      /not all of its statements/,
    );
    assert.deepEqual(incompatibilities([{ ...migration, ...rest, opaque: false }]), []);
  });
});
