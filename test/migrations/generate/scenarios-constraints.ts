import type { Scenario } from './scenario.ts';

const P = 'CREATE TABLE p (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER, UNIQUE (x, y))';
const P_ROWS = 'INSERT INTO p VALUES (1, 1, 1), (2, 2, 2)';
const child = (constraints: string) =>
  `${P};\nCREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER${constraints && `, ${constraints}`})`;
const table = (constraints: string) =>
  `CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER${constraints && `, ${constraints}`})`;
const ROWS = 'INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)';
const KEEPS = '* FROM t ORDER BY id';
const NO_SQLITE = { sqlite: 'SQLite has none' };

function change(name: string, before: string, after: string, more: Partial<Scenario> = {}): Scenario {
  return { name, before: table(before), after: table(after), rows: ROWS, keeps: KEEPS, ...more };
}

function reference(name: string, before: string, after: string, more: Partial<Scenario> = {}): Scenario {
  return { name, before: child(before), after: child(after), rows: `${P_ROWS};\n${ROWS}`, keeps: KEEPS, ...more };
}

const FK = 'FOREIGN KEY (a) REFERENCES p (id)';

export const CONSTRAINT_SCENARIOS: Scenario[] = [
  change('a UNIQUE added', '', 'UNIQUE (a)'),
  change('a UNIQUE dropped', 'UNIQUE (a)', ''),
  change('a named UNIQUE added', '', 'CONSTRAINT t_once UNIQUE (a)'),
  change('a composite UNIQUE added', '', 'UNIQUE (a, b)'),
  change('a composite UNIQUE reordered', 'UNIQUE (a, b)', 'UNIQUE (b, a)'),
  change('a UNIQUE gets one more column', 'UNIQUE (a)', 'UNIQUE (a, b)'),
  change('two UNIQUEs in another order are the same', 'UNIQUE (a), UNIQUE (b)', 'UNIQUE (b), UNIQUE (a)', {
    nothing: true,
  }),
  change('a UNIQUE under another name is the same', 'CONSTRAINT one UNIQUE (a)', 'CONSTRAINT two UNIQUE (a)', {
    nothing: true,
  }),
  change('NULLS NOT DISTINCT added', 'UNIQUE (a)', 'UNIQUE NULLS NOT DISTINCT (a)', { not: NO_SQLITE }),
  change('NULLS NOT DISTINCT removed', 'UNIQUE NULLS NOT DISTINCT (a)', 'UNIQUE (a)', { not: NO_SQLITE }),
  change('a UNIQUE made deferrable', 'UNIQUE (a)', 'UNIQUE (a) DEFERRABLE INITIALLY DEFERRED', { not: NO_SQLITE }),
  change('INCLUDE added to a UNIQUE', 'UNIQUE (a)', 'UNIQUE (a) INCLUDE (b)', { not: NO_SQLITE }),
  change('a CHECK added', '', 'CHECK (a > 0)'),
  change('a CHECK added by name', '', 'CONSTRAINT a_positive CHECK (a > 0)'),
  change('a CHECK dropped', 'CONSTRAINT a_positive CHECK (a > 0)', ''),
  change('a CHECK changed', 'CONSTRAINT a_range CHECK (a > 0)', 'CONSTRAINT a_range CHECK (a > -5)'),
  change('two CHECKs without names added', '', 'CHECK (a > 0), CHECK (b > 0)'),
  change('a CHECK over two columns', '', 'CHECK (a <= b)'),
  change('a CHECK with IN', '', 'CHECK (a IN (1, 2, 3))'),
  change('a CHECK with a string that has quotes and a semicolon', '', "CHECK (CAST(a AS TEXT) <> 'it''s; x')"),
  change(
    'a CHECK that only spells the same thing differently',
    'CHECK (a > 0 AND b > 0)',
    'CHECK ((a > 0) and ((b)>0))',
    { nothing: true },
  ),
  change('BETWEEN is two comparisons', 'CHECK (a BETWEEN 1 AND 5)', 'CHECK (a >= 1 AND a <= 5)', { nothing: true }),
  change('a CHECK comes NOT VALID and is validated afterwards', '', 'CONSTRAINT a_positive CHECK (a > 0)', {
    not: NO_SQLITE,
    says: /NOT VALID[\s\S]*VALIDATE CONSTRAINT "a_positive"/,
  }),
  change('a CHECK with NO INHERIT', '', 'CHECK (a > 0) NO INHERIT', { not: NO_SQLITE }),
  {
    name: 'a CHECK that stays NOT VALID',
    not: NO_SQLITE,
    before: table(''),
    after: `${table('')};\nALTER TABLE t ADD CONSTRAINT later CHECK (a > 0) NOT VALID`,
  },
  change('an exclusion added', '', 'EXCLUDE USING gist (int4range(a, b) WITH &&)', {
    not: NO_SQLITE,
    rows: undefined,
    keeps: undefined,
  }),
  change('an exclusion dropped', 'CONSTRAINT no_overlap EXCLUDE USING gist (int4range(a, b) WITH &&)', '', {
    not: NO_SQLITE,
    rows: undefined,
    keeps: undefined,
  }),
  reference('a foreign key added', '', FK),
  reference('a foreign key dropped', FK, ''),
  reference('a named foreign key added', '', `CONSTRAINT to_p ${FK}`),
  reference("a foreign key's ON DELETE changed", `${FK} ON DELETE CASCADE`, `${FK} ON DELETE SET NULL`),
  reference("a foreign key's ON DELETE added", FK, `${FK} ON DELETE RESTRICT`),
  reference("a foreign key's ON UPDATE changed", `${FK} ON UPDATE CASCADE`, FK),
  reference('a foreign key SET DEFAULT', FK, `${FK} ON DELETE SET DEFAULT ON UPDATE SET DEFAULT`),
  reference('a foreign key made deferrable', FK, `${FK} DEFERRABLE INITIALLY DEFERRED`),
  reference(
    'a foreign key made immediate',
    `${FK} DEFERRABLE INITIALLY DEFERRED`,
    `${FK} DEFERRABLE INITIALLY IMMEDIATE`,
  ),
  reference('a composite foreign key added', '', 'FOREIGN KEY (a, b) REFERENCES p (x, y)'),
  reference('a composite foreign key dropped', 'FOREIGN KEY (a, b) REFERENCES p (x, y)', ''),
  reference('a foreign key to other columns', 'FOREIGN KEY (a, b) REFERENCES p (x, y)', FK),
  reference('a foreign key of another column', FK, 'FOREIGN KEY (b) REFERENCES p (id)'),
  reference('two foreign keys to one table', FK, `${FK}, FOREIGN KEY (b) REFERENCES p (id) ON DELETE CASCADE`),
  reference('a foreign key under another name is the same', FK, `CONSTRAINT other ${FK}`, { nothing: true }),
  reference(
    'MATCH FULL',
    'FOREIGN KEY (a, b) REFERENCES p (x, y)',
    'FOREIGN KEY (a, b) REFERENCES p (x, y) MATCH FULL',
    { not: { sqlite: 'SQLite parses MATCH and ignores it' } },
  ),
  reference(
    'ON DELETE SET NULL of one column',
    'FOREIGN KEY (a, b) REFERENCES p (x, y)',
    'FOREIGN KEY (a, b) REFERENCES p (x, y) ON DELETE SET NULL (b)',
    { not: NO_SQLITE },
  ),
  reference('a foreign key comes NOT VALID and is validated afterwards', '', `CONSTRAINT to_p ${FK}`, {
    not: NO_SQLITE,
    says: /NOT VALID[\s\S]*VALIDATE CONSTRAINT "to_p"/,
  }),
  reference('a self-reference added', '', 'FOREIGN KEY (a) REFERENCES t (id) ON DELETE SET NULL'),
  {
    name: 'a foreign key from an old table to a new one',
    before: table(''),
    after: `CREATE TABLE z (id INTEGER PRIMARY KEY);\n${table('FOREIGN KEY (a) REFERENCES z (id)')}`,
  },
  {
    name: 'a foreign key moved from one table to another',
    before: `CREATE TABLE y (id INTEGER PRIMARY KEY);\nCREATE TABLE z (id INTEGER PRIMARY KEY);\n${table('FOREIGN KEY (a) REFERENCES y (id)')}`,
    after: `CREATE TABLE y (id INTEGER PRIMARY KEY);\nCREATE TABLE z (id INTEGER PRIMARY KEY);\n${table('FOREIGN KEY (a) REFERENCES z (id)')}`,
  },
  {
    name: 'foreign keys in a cycle added to tables that are there',
    before: 'CREATE TABLE a (id INTEGER PRIMARY KEY, o INTEGER);\nCREATE TABLE b (id INTEGER PRIMARY KEY, o INTEGER)',
    after: {
      sqlite:
        'CREATE TABLE a (id INTEGER PRIMARY KEY, o INTEGER REFERENCES b (id));\nCREATE TABLE b (id INTEGER PRIMARY KEY, o INTEGER REFERENCES a (id))',
      postgres:
        'CREATE TABLE a (id INTEGER PRIMARY KEY, o INTEGER);\nCREATE TABLE b (id INTEGER PRIMARY KEY, o INTEGER REFERENCES a (id));\nALTER TABLE a ADD FOREIGN KEY (o) REFERENCES b (id)',
    },
  },
  {
    name: 'a primary key added',
    before: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL)',
    rows: 'INSERT INTO k VALUES (1, 2)',
    keeps: '* FROM k',
    after: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b))',
  },
  {
    name: 'a primary key dropped',
    before: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a))',
    after: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL)',
  },
  {
    name: 'a composite primary key reordered',
    before: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b))',
    rows: 'INSERT INTO k VALUES (1, 2)',
    keeps: '* FROM k',
    after: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (b, a))',
  },
  {
    name: 'a primary key made composite',
    before: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a))',
    after: 'CREATE TABLE k (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b))',
  },
  {
    name: 'a primary key moved to another column',
    before: 'CREATE TABLE k (a INTEGER NOT NULL PRIMARY KEY, b VARCHAR(5) NOT NULL)',
    after: 'CREATE TABLE k (a INTEGER NOT NULL, b VARCHAR(5) NOT NULL PRIMARY KEY)',
  },
];
