import assert from 'node:assert/strict';
import type { SchemaAction } from '../../../src/core/safety/action.ts';
import { sqliteActions } from '../../../src/core/safety/actions/sqlite.ts';
import { closeFile, exec, openFile } from '../../../src/database/sqlite/driver.ts';

const read = sqliteActions;

/** What is there before each statement that is run. */
const GIVEN = `
  CREATE TABLE t (a INTEGER, b TEXT, c TEXT, d INTEGER, e INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE p (id INTEGER PRIMARY KEY);
  CREATE INDEX i ON t (b);
  CREATE VIEW v AS SELECT a FROM t;
  CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM p; END`;

const t = { name: 't' };
const since = (feature: string, version: number): SchemaAction => ({ kind: 'feature', feature, since: version });
const plain = { name: 'x', type: 'integer', notNull: false, identity: false };
const free = { primaryKey: false, unique: false, check: false };
const column = { ...plain, ...free };
const own = { notValid: false, usingIndex: false };

const CASES: [sql: string, actions: SchemaAction[]][] = [
  [
    'CREATE TABLE n (x int)',
    [
      {
        kind: 'createTable',
        table: { name: 'n' },
        columns: [column],
        constraints: [],
        temporary: false,
        derived: false,
      },
    ],
  ],
  [
    `CREATE TEMP TABLE IF NOT EXISTS "a ""n""" (
       id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key, (
       x VARCHAR(20) UNIQUE ON CONFLICT IGNORE, y INT CONSTRAINT k NOT NULL CHECK (y > x AND y < 9),
       z INT GENERATED ALWAYS AS (y + 1) STORED REFERENCES p,
       UNIQUE (x, y COLLATE nocase), CHECK (length(x) > 0), FOREIGN KEY (y) REFERENCES p (id) ON DELETE CASCADE
     )`,
    [
      {
        kind: 'createTable',
        table: { name: 'a "n"' },
        columns: [
          { ...column, name: 'id', primaryKey: true },
          { ...column, type: 'varchar(20)', unique: true },
          { ...column, name: 'y', notNull: true, check: true },
          { ...column, name: 'z', generated: 'stored', references: { name: 'p' } },
        ],
        constraints: [
          { constraint: 'primary key', columns: ['id'], ...own },
          { constraint: 'unique', columns: ['x'], ...own },
          { constraint: 'check', columns: ['x'], ...own },
          { constraint: 'foreign key', columns: ['z'], references: { name: 'p' }, ...own },
          { constraint: 'unique', columns: ['x', 'y'], ...own },
          { constraint: 'check', columns: ['x'], ...own },
          { constraint: 'foreign key', columns: ['y'], references: { name: 'p' }, ...own },
        ],
        temporary: true,
        derived: false,
      },
      since('a generated column', 3031000),
    ],
  ],
  [
    'CREATE TABLE n (x int PRIMARY KEY) STRICT, WITHOUT ROWID',
    [
      {
        kind: 'createTable',
        table: { name: 'n' },
        columns: [{ ...column, primaryKey: true }],
        constraints: [{ constraint: 'primary key', columns: ['x'], ...own }],
        temporary: false,
        derived: false,
      },
      since('a STRICT table', 3037000),
    ],
  ],
  [
    'CREATE TABLE n AS SELECT a FROM t',
    [{ kind: 'createTable', table: { name: 'n' }, columns: [], constraints: [], temporary: false, derived: true }],
  ],
  ['ALTER TABLE t ADD COLUMN x integer', [{ kind: 'addColumn', table: t, column }]],
  ['ALTER TABLE main.t ADD x INT', [{ kind: 'addColumn', table: { schema: 'main', name: 't' }, column }]],
  [
    'ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT -1.5e-3',
    [{ kind: 'addColumn', table: t, column: { ...column, notNull: true, default: 'constant' } }],
  ],
  [
    "ALTER TABLE t ADD COLUMN x int DEFAULT x'00' COLLATE nocase",
    [{ kind: 'addColumn', table: t, column: { ...column, default: 'constant' } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int DEFAULT (-1)',
    [{ kind: 'addColumn', table: t, column: { ...column, default: 'constant' } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int DEFAULT NULL',
    [{ kind: 'addColumn', table: t, column: { ...column, default: undefined } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int DEFAULT CURRENT_TIMESTAMP',
    [{ kind: 'addColumn', table: t, column: { ...column, default: 'volatile' } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int DEFAULT (1 + 1)',
    [{ kind: 'addColumn', table: t, column: { ...column, default: 'volatile' } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int REFERENCES p (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED CHECK (x > 0)',
    [{ kind: 'addColumn', table: t, column: { ...column, check: true, references: { name: 'p' } } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int AS (a * 2)',
    [{ kind: 'addColumn', table: t, column: { ...column, generated: 'virtual' } }],
  ],
  [
    'ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL',
    [
      { kind: 'addColumn', table: t, column: { ...column, generated: 'virtual' } },
      since('a generated column', 3031000),
    ],
  ],
  [
    'ALTER TABLE t DROP COLUMN c',
    [{ kind: 'dropColumn', table: t, column: 'c', cascade: false }, since('ALTER TABLE DROP COLUMN', 3035000)],
  ],
  [
    'ALTER TABLE t RENAME COLUMN c TO "to"',
    [{ kind: 'renameColumn', table: t, from: 'c', to: 'to' }, since('ALTER TABLE RENAME COLUMN', 3025000)],
  ],
  [
    'ALTER TABLE t RENAME c TO x',
    [{ kind: 'renameColumn', table: t, from: 'c', to: 'x' }, since('ALTER TABLE RENAME COLUMN', 3025000)],
  ],
  ['ALTER TABLE t RENAME TO `u`', [{ kind: 'renameTable', table: t, to: 'u', view: false }]],
  [
    'ALTER TABLE t ALTER COLUMN a SET NOT NULL',
    [{ kind: 'setNotNull', table: t, column: 'a' }, since('ALTER TABLE ALTER COLUMN', 3052000)],
  ],
  [
    'ALTER TABLE t ALTER e DROP NOT NULL',
    [{ kind: 'dropNotNull', table: t, column: 'e' }, since('ALTER TABLE ALTER COLUMN', 3052000)],
  ],
  [
    'ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0 OR d IS NULL)',
    [
      { kind: 'addConstraint', table: t, constraint: 'check', name: 'k', columns: ['a', 'd'], ...own },
      since('ALTER TABLE ADD CONSTRAINT', 3052000),
    ],
  ],
  [
    'CREATE UNIQUE INDEX IF NOT EXISTS main.j ON t (a DESC, lower(b), c COLLATE nocase) WHERE d > 0',
    [
      {
        kind: 'createIndex',
        name: 'j',
        table: t,
        columns: ['a', 'c'],
        unique: true,
        partial: true,
        concurrently: false,
        mentions: 'a desc lower b c collate nocase d'.split(' '),
      },
    ],
  ],
  ['DROP INDEX i', [{ kind: 'dropIndex', name: 'i', concurrently: false }]],
  ['DROP TABLE IF EXISTS main.p', [{ kind: 'dropTable', table: { schema: 'main', name: 'p' }, cascade: false }]],
  ['DROP VIEW v', [{ kind: 'dropObject', what: 'view', name: 'v', cascade: false }]],
  ['DROP TRIGGER tr', [{ kind: 'dropObject', what: 'trigger', name: 'tr', cascade: false }]],
  [
    'CREATE VIEW w AS SELECT a FROM t WHERE b = 1',
    [
      {
        kind: 'createView',
        view: { name: 'w' },
        materialized: false,
        mentions: 'create view w as select a from t where b'.split(' '),
      },
    ],
  ],
  [
    'CREATE TRIGGER n AFTER UPDATE OF a ON t BEGIN UPDATE p SET id = 1; DELETE FROM p; END',
    [
      {
        kind: 'createTrigger',
        table: t,
        name: 'n',
        mentions: 'create trigger n after update of a on t begin p set id delete from end'.split(' '),
      },
    ],
  ],
  ["UPDATE t SET a = (SELECT 1 WHERE 1), b = 'WHERE' -- WHERE", [{ kind: 'update', table: t, filtered: false }]],
  ['UPDATE OR IGNORE t SET a = 1 WHERE b = 2', [{ kind: 'update', table: t, filtered: true }]],
  [
    'UPDATE t SET a = p.id FROM p WHERE p.id = t.d',
    [{ kind: 'update', table: t, filtered: true }, since('UPDATE FROM', 3033000)],
  ],
  ['WITH w AS (SELECT 1 WHERE 1) UPDATE t SET a = 1', [{ kind: 'update', table: t, filtered: false }]],
  [
    'WITH w AS MATERIALIZED (SELECT 1 AS one) DELETE FROM t WHERE a IN w RETURNING a',
    [{ kind: 'delete', table: t, filtered: true }, since('MATERIALIZED in WITH', 3035000), since('RETURNING', 3035000)],
  ],
  ['DELETE FROM t', [{ kind: 'delete', table: t, filtered: false }]],
  ['INSERT INTO t (a, b) VALUES (1, (SELECT b FROM t))', [{ kind: 'insert', table: t, fromSelect: false }]],
  ['INSERT OR REPLACE INTO t (a) SELECT id FROM p', [{ kind: 'insert', table: t, fromSelect: true }]],
  ['REPLACE INTO t DEFAULT VALUES', [{ kind: 'insert', table: t, fromSelect: false }]],
  [
    'INSERT INTO p VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2 RETURNING id',
    [
      { kind: 'insert', table: { name: 'p' }, fromSelect: false },
      since('UPSERT (ON CONFLICT DO)', 3024000),
      since('RETURNING', 3035000),
    ],
  ],
  [
    "SELECT b ->> '$.x', iif(a, 1, 2) FROM t RIGHT JOIN p ON true",
    [
      { kind: 'read' },
      since('the operator -> or ->>', 3038000),
      since('the function iif()', 3032000),
      since('RIGHT JOIN', 3039000),
    ],
  ],
  [
    'SELECT row_number() OVER (ORDER BY a NULLS LAST) FROM t',
    [{ kind: 'read' }, since('a window function', 3025000), since('NULLS FIRST or NULLS LAST', 3030000)],
  ],
  ['PRAGMA foreign_keys = OFF;', [{ kind: 'pragma', name: 'foreign_keys', value: 'OFF' }]],
  ['PRAGMA main.cache_size(-2000)', [{ kind: 'pragma', name: 'cache_size', value: '-2000' }]],
  ['PRAGMA Foreign_Key_Check', [{ kind: 'pragma', name: 'foreign_key_check' }]],
  ['/* now */ BEGIN IMMEDIATE', [{ kind: 'transaction', verb: 'BEGIN' }]],
  ['VACUUM', [{ kind: 'outsideOnly', command: 'VACUUM' }]],
  ['ANALYZE', []],
];

/** Not SQL, or none of SQLite's. */
const REFUSED = [
  'TRUNCATE t',
  'ALTER TABLE t ADD COLUMN',
  'ALTER TABLE t RENAME a',
  'ALTER TABLE t ALTER COLUMN a TYPE int',
  'ALTER INDEX i RENAME TO j',
  'CREATE SCHEMA s',
  'CREATE TABLE n ()',
  'CREATE TABLE n (x int',
  "UPDATE t SET a = 'open",
  'UPDATE t a = 1',
  'DROP COLUMN a',
  'CREATE INDEX n (a)',
];

describe('what a statement of SQLite does', () => {
  for (const [sql, actions] of CASES) {
    it(`is read from: ${sql.replace(/\s+/g, ' ')}`, async () => {
      assert.deepEqual(plainJson(read(sql)), plainJson(actions));
      assert.equal(await complaint(sql), undefined);
    });
  }

  for (const sql of REFUSED) {
    it(`is not known of what SQLite cannot parse: ${sql}`, async () => {
      assert.equal(read(sql), undefined);
      assert.match((await complaint(sql)) ?? 'none', /syntax error|incomplete input|unrecognized token/);
    });
  }

  it('is read, or not, of any text without an error', () => {
    const random = mulberry(20_240_601);
    for (let round = 0; round < 10_000; round += 1) {
      const [sql = ''] = CASES[Math.floor(random() * CASES.length)] ?? [];
      const from = Math.floor(random() * sql.length);
      const length = Math.floor(random() * 8);
      const insert = sql.slice(Math.floor(random() * sql.length)).slice(0, Math.floor(random() * 6));
      const mutated = sql.slice(0, from) + insert + sql.slice(from + length);
      const actions = read(mutated);
      assert.ok(actions === undefined || actions.every(({ kind }) => kind.length > 0), mutated);
    }
  });
});

/** SQLite's own error; undefined if the statement runs. */
async function complaint(sql: string): Promise<string | undefined> {
  const connection = await openFile(':memory:');
  try {
    await exec(connection, GIVEN);
    await exec(connection, sql);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await closeFile(connection);
  }
}

/** Without keys that are undefined. */
function plainJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** A small generator of numbers that gives the same ones each time. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
