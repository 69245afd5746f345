import type { Scenario } from './scenario.ts';

const table = (columns: string) => `CREATE TABLE t (id INTEGER PRIMARY KEY, ${columns})`;
const ROWS = "INSERT INTO t (id, a) VALUES (1, '10'), (2, '20')";
const NO_SQLITE = { sqlite: 'SQLite has none' };
const NO_POSTGRES = { postgres: 'SQLite only' };

/** One table, its columns before and after; the rows of `id` and `a` survive both ways. */
function change(name: string, before: string, after: string, more: Partial<Scenario> = {}): Scenario {
  return { name, before: table(before), after: table(after), ...more };
}

/** The same with two rows, where `a` keeps its values. */
function withRows(name: string, before: string, after: string, more: Partial<Scenario> = {}): Scenario {
  return change(name, before, after, { rows: ROWS, keeps: 'id, CAST(a AS TEXT) AS a FROM t ORDER BY id', ...more });
}

export const COLUMN_SCENARIOS: Scenario[] = [
  withRows('a column added', 'a TEXT', 'a TEXT, b INTEGER'),
  withRows('three columns added', 'a TEXT', 'a TEXT, b INTEGER, c NUMERIC(10,2), d VARCHAR(9)'),
  withRows('a column with a default added', 'a TEXT', "a TEXT, b TEXT DEFAULT 'it''s'"),
  withRows('a NOT NULL column with a default added', 'a TEXT', 'a TEXT, b INTEGER NOT NULL DEFAULT 0'),
  change('a NOT NULL column without a default added', 'a TEXT', 'a TEXT, b INTEGER NOT NULL'),
  withRows('a column with a default that is computed added', 'a TEXT', 'a TEXT, b TIMESTAMP DEFAULT CURRENT_TIMESTAMP'),
  withRows('a column with an expression as default added', 'a TEXT', 'a TEXT, b INTEGER DEFAULT (1 + 2)'),
  withRows('a UNIQUE column added', 'a TEXT', 'a TEXT, b INTEGER UNIQUE'),
  withRows('a column with a CHECK added', 'a TEXT', 'a TEXT, b INTEGER CHECK (b > 0)'),
  withRows('a column that references its own table added', 'a TEXT', 'a TEXT, b INTEGER REFERENCES t (id)'),
  withRows('a column dropped, with a warning', 'a TEXT, b INTEGER', 'a TEXT', {
    says: /WARNING: drops.* t\.b with its values/,
  }),
  change('a NOT NULL column dropped', 'a TEXT, b INTEGER NOT NULL', 'a TEXT'),
  withRows('a UNIQUE column dropped', 'a TEXT, b INTEGER UNIQUE', 'a TEXT'),
  withRows('a column with a CHECK dropped', 'a TEXT, b INTEGER CHECK (b > 0)', 'a TEXT'),
  withRows('a column of a foreign key dropped', 'a TEXT, b INTEGER REFERENCES t (id)', 'a TEXT'),
  withRows('a column with a default dropped', 'a TEXT, b INTEGER NOT NULL DEFAULT 5', 'a TEXT'),
  withRows('a column renamed', 'a TEXT, b INTEGER', 'a TEXT, c INTEGER', {
    renames: [{ kind: 'column', table: 't', from: 'b', to: 'c' }],
    says: /RENAME COLUMN "b" TO "c"/,
  }),
  withRows('a column that may be renamed, flagged where nobody says so', 'a TEXT, b INTEGER', 'a TEXT, c INTEGER', {
    says: /Is t\.c the column b under a new name/,
  }),
  withRows(
    'a column renamed that a CHECK, a UNIQUE and a foreign key name',
    'a TEXT, b INTEGER UNIQUE CHECK (b > 0) REFERENCES t (id)',
    'a TEXT, c INTEGER UNIQUE CHECK (c > 0) REFERENCES t (id)',
    { renames: [{ kind: 'column', table: 't', from: 'b', to: 'c' }] },
  ),
  withRows(
    'two columns renamed, one of them retyped',
    'a TEXT, b INTEGER, c VARCHAR(5)',
    'a TEXT, x INTEGER, y VARCHAR(9)',
    {
      renames: [
        { kind: 'column', table: 't', from: 'b', to: 'x' },
        { kind: 'column', table: 't', from: 'c', to: 'y' },
      ],
    },
  ),
  withRows('a VARCHAR widened', 'a VARCHAR(10)', 'a VARCHAR(40)'),
  withRows('a VARCHAR narrowed', 'a VARCHAR(40)', 'a VARCHAR(10)'),
  withRows('VARCHAR to TEXT', 'a VARCHAR(10)', 'a TEXT'),
  withRows('CHAR to VARCHAR', 'a CHAR(2)', 'a VARCHAR(2)'),
  withRows('SMALLINT to BIGINT', 'a SMALLINT', 'a BIGINT'),
  withRows('BIGINT to INTEGER', 'a BIGINT', 'a INTEGER'),
  withRows('a NUMERIC made more precise', 'a NUMERIC(10,0)', 'a NUMERIC(20,0)'),
  withRows('INTEGER to NUMERIC', 'a INTEGER', 'a NUMERIC(12,0)'),
  withRows('INTEGER to TEXT', 'a INTEGER', 'a TEXT'),
  withRows('TEXT to INTEGER', 'a TEXT', 'a INTEGER'),
  withRows('a type changed under a default', "a VARCHAR(10) DEFAULT '5'", 'a INTEGER DEFAULT 5'),
  withRows('a type changed under an index', 'a VARCHAR(10) UNIQUE', 'a TEXT UNIQUE'),
  change('a type changed under a CHECK', 'a INTEGER CHECK (a > 0)', 'a BIGINT CHECK (a > 0)'),
  change('TIMESTAMP to TIMESTAMPTZ', 'a TEXT, b TIMESTAMP', 'a TEXT, b TIMESTAMPTZ'),
  change('DATE to TIMESTAMP', 'a TEXT, b DATE', 'a TEXT, b TIMESTAMP'),
  change('JSON to JSONB', 'a TEXT, b JSON', 'a TEXT, b JSONB'),
  change('REAL to DOUBLE PRECISION', 'a TEXT, b REAL', 'a TEXT, b DOUBLE PRECISION'),
  change('INTEGER to BOOLEAN', 'a TEXT, b INTEGER', 'a TEXT, b BOOLEAN', { says: /boolean|BOOLEAN/ }),
  change('BOOLEAN to SMALLINT', 'a BOOLEAN DEFAULT false', 'a SMALLINT DEFAULT 0'),
  change('BOOLEAN to NUMERIC', 'a BOOLEAN', 'a NUMERIC(5,0)'),
  change('BIGINT to BOOLEAN', 'a BIGINT', 'a BOOLEAN'),
  change('a TEXT array added', 'a TEXT', "a TEXT, b TEXT[] DEFAULT '{}'", { not: NO_SQLITE }),
  change('a scalar made an array', 'a TEXT, b INTEGER[]', 'a TEXT, b BIGINT[]', { not: NO_SQLITE }),
  change(
    'a range, an inet and a uuid added',
    'a TEXT',
    'a TEXT, b INT4RANGE, c INET, d UUID DEFAULT gen_random_uuid()',
    { not: NO_SQLITE },
  ),
  change('the precision of a timestamp changed', 'a TEXT, b TIMESTAMP(3)', 'a TEXT, b TIMESTAMP(6)', {
    not: NO_SQLITE,
  }),
  change('BYTEA to TEXT columns side by side', 'a TEXT, b BYTEA', 'a TEXT, c TEXT', { not: NO_SQLITE }),
  withRows('NOT NULL added', 'a TEXT', 'a TEXT NOT NULL'),
  withRows('NOT NULL removed', 'a TEXT NOT NULL', 'a TEXT'),
  withRows('NOT NULL added with a default', 'a TEXT', "a TEXT NOT NULL DEFAULT 'x'"),
  withRows('NOT NULL and the type changed at once', 'a VARCHAR(5)', 'a TEXT NOT NULL'),
  withRows('NOT NULL comes validated, not scanned under a lock', 'a TEXT', 'a TEXT NOT NULL', {
    not: { sqlite: 'there is one lock' },
    says: /NOT VALID[\s\S]*VALIDATE CONSTRAINT[\s\S]*SET NOT NULL[\s\S]*DROP CONSTRAINT/,
  }),
  withRows('a default added', 'a TEXT', "a TEXT DEFAULT 'x'"),
  withRows('a default changed', "a TEXT DEFAULT 'x'", "a TEXT DEFAULT 'y'"),
  withRows('a default removed', "a TEXT DEFAULT 'x'", 'a TEXT'),
  withRows(
    'a default changed from a literal to an expression',
    'a TEXT, b INTEGER DEFAULT 1',
    'a TEXT, b INTEGER DEFAULT (1 + 1)',
  ),
  change('a default that only spells the same thing differently', 'a INTEGER DEFAULT 0', "a INTEGER DEFAULT '0'", {
    nothing: true,
  }),
  change('a default of NULL is none', 'a INTEGER', 'a INTEGER DEFAULT NULL', { nothing: true }),
  change(
    'CURRENT_TIMESTAMP is now()',
    'a TEXT, b TIMESTAMPTZ DEFAULT now()',
    'a TEXT, b TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP',
    { not: NO_SQLITE, nothing: true },
  ),
  change('numeric zeros that say nothing', 'a NUMERIC(10,2) DEFAULT 0', 'a NUMERIC(10,2) DEFAULT 0.00', {
    nothing: true,
  }),
  change('jsonb with other spaces', `a TEXT, b JSONB DEFAULT '{"a": 1}'`, `a TEXT, b JSONB DEFAULT '{"a":1}'`, {
    not: NO_SQLITE,
    nothing: true,
  }),
  change('types under other names', 'a VARCHAR(5), b INT', 'a CHARACTER VARYING(5), b INT4', {
    not: NO_SQLITE,
    nothing: true,
  }),
  change('types in lower case', 'a varchar(5), b int', 'a VARCHAR(5), b INT', { nothing: true }),
  change('a text that looks like a number is no number', "a TEXT DEFAULT '007'", "a TEXT DEFAULT '7'"),
  change('a boolean default changed', 'a BOOLEAN DEFAULT false', 'a BOOLEAN DEFAULT true'),
  change('a JSONB default changed', `a TEXT, b JSONB DEFAULT '{"a": 1}'`, `a TEXT, b JSONB DEFAULT '{"a": 2}'`, {
    not: NO_SQLITE,
  }),
  change('a default with quotes, semicolons and backslashes', 'a TEXT', "a TEXT DEFAULT 'it''s; `x` ${y} \\ z'"),
  withRows('a collation added', 'a TEXT', 'a TEXT COLLATE "C"', { not: { sqlite: 'its collations have other names' } }),
  withRows('a collation added', 'a TEXT', 'a TEXT COLLATE NOCASE', {
    not: { postgres: 'its collations have other names' },
  }),
  withRows('a collation removed', 'a TEXT COLLATE "C"', 'a TEXT', {
    not: { sqlite: 'its collations have other names' },
  }),
  withRows('a collation removed', 'a TEXT COLLATE NOCASE', 'a TEXT', {
    not: { postgres: 'its collations have other names' },
  }),
  withRows('a stored generated column added', 'a TEXT', 'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) STORED'),
  withRows('a virtual generated column added', 'a TEXT', 'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) VIRTUAL', {
    not: { postgres: 'PostgreSQL has them from version 18' },
  }),
  withRows('a generated column dropped', 'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) STORED', 'a TEXT'),
  withRows(
    'a generated expression changed',
    'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) STORED',
    'a TEXT, b TEXT GENERATED ALWAYS AS (lower(a)) STORED',
  ),
  withRows('a plain column made generated', 'a TEXT, b TEXT', 'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) STORED'),
  withRows(
    'stored made virtual',
    'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) STORED',
    'a TEXT, b TEXT GENERATED ALWAYS AS (upper(a)) VIRTUAL',
    { not: { postgres: 'PostgreSQL has them from version 18' } },
  ),
  withRows(
    'the type changed that a generated column reads',
    'a VARCHAR(5), b TEXT GENERATED ALWAYS AS (upper(a)) STORED',
    'a VARCHAR(9), b TEXT GENERATED ALWAYS AS (upper(a)) STORED',
  ),
  change(
    'a generated column with a UNIQUE and a CHECK changed',
    'a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED UNIQUE CHECK (b > 0)',
    'a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 3) STORED UNIQUE CHECK (b > 0)',
  ),
  {
    name: 'a serial key',
    not: NO_SQLITE,
    before: '',
    after: 'CREATE TABLE s (id bigserial PRIMARY KEY, n smallserial)',
  },
  {
    name: 'an integer key made serial, going on after the rows',
    not: NO_SQLITE,
    before: table('a TEXT'),
    rows: ROWS,
    keeps: 'id FROM t ORDER BY id',
    after: 'CREATE TABLE t (id serial PRIMARY KEY, a TEXT)',
  },
  {
    name: 'a serial key made plain',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id serial PRIMARY KEY, a TEXT)',
    after: table('a TEXT'),
  },
  {
    name: 'a serial key made an identity',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id serial PRIMARY KEY, a TEXT)',
    rows: ROWS,
    keeps: 'id FROM t ORDER BY id',
    after: 'CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a TEXT)',
  },
  {
    name: 'an identity added',
    not: NO_SQLITE,
    before: table('a TEXT'),
    rows: ROWS,
    after: 'CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a TEXT)',
  },
  {
    name: 'an identity removed',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a TEXT)',
    after: table('a TEXT'),
  },
  {
    name: 'ALWAYS made BY DEFAULT',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
    after: 'CREATE TABLE t (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)',
  },
  {
    name: 'the options of an identity changed',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
    after:
      'CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 10 CACHE 5) PRIMARY KEY)',
  },
  {
    name: 'an identity column of another type',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
    after: 'CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
  },
  {
    name: 'a serial column of another type',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id serial PRIMARY KEY)',
    after: 'CREATE TABLE t (id bigserial PRIMARY KEY)',
    says: /ALTER SEQUENCE \S*t_id_seq AS bigint/,
  },
  {
    name: 'a comment on a column added',
    not: NO_SQLITE,
    before: table('a TEXT'),
    after: `${table('a TEXT')};\nCOMMENT ON COLUMN t.a IS 'it''s a'`,
  },
  {
    name: 'a comment on a column changed',
    not: NO_SQLITE,
    before: `${table('a TEXT')};\nCOMMENT ON COLUMN t.a IS 'x'`,
    after: `${table('a TEXT')};\nCOMMENT ON COLUMN t.a IS 'y'`,
  },
  {
    name: 'a comment on a new column',
    not: NO_SQLITE,
    before: table('a TEXT'),
    after: `${table('a TEXT, b TEXT')};\nCOMMENT ON COLUMN t.b IS 'b'`,
  },
  { name: 'a column without a type', not: NO_POSTGRES, before: table('a TEXT'), after: table('a TEXT, b') },
];
