import type { Scenario } from './scenario.ts';

const P = 'CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT)';
const ONLY_SQLITE = 'an option of SQLite tables';
const ONLY_POSTGRES = 'SQLite has none';

export const TABLE_SCENARIOS: Scenario[] = [
  { name: 'a table added', before: '', after: P },
  {
    name: 'a table dropped, with a warning',
    before: P,
    after: '',
    says: /WARNING: drops the table parents with all its rows/,
  },
  { name: 'nothing changed', before: P, after: P, nothing: true },
  {
    name: 'a table with a foreign key added together with its parent',
    before: '',
    after: `CREATE TABLE b_parents (id INTEGER PRIMARY KEY);\nCREATE TABLE a_children (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES b_parents (id) ON DELETE CASCADE)`,
  },
  {
    name: 'parent and child dropped together',
    before: `CREATE TABLE a_parents (id INTEGER PRIMARY KEY);\nCREATE TABLE b_children (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES a_parents (id))`,
    rows: 'INSERT INTO a_parents VALUES (1);\nINSERT INTO b_children VALUES (1, 1)',
    after: '',
  },
  {
    name: 'a chain of five tables added, last one first by name',
    before: '',
    after: [5, 4, 3, 2, 1]
      .map((n) => `CREATE TABLE t${n} (id INTEGER PRIMARY KEY${n < 5 ? `, up INTEGER REFERENCES t${n + 1} (id)` : ''})`)
      .join(';\n'),
  },
  {
    name: 'a self-referencing foreign key',
    before: '',
    after: 'CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES nodes (id) ON DELETE SET NULL)',
  },
  {
    name: 'two tables that reference each other added',
    before: '',
    after: {
      sqlite: `CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b (id));\nCREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id))`,
      postgres: `CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER);\nCREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id));\nALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)`,
    },
  },
  {
    name: 'two tables that reference each other dropped',
    before: {
      sqlite: `CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b (id));\nCREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id))`,
      postgres: `CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER);\nCREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id));\nALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)`,
    },
    after: '',
  },
  {
    name: 'a table renamed, with its rows',
    before: P,
    rows: "INSERT INTO parents VALUES (1, 'x')",
    after: 'CREATE TABLE elders (id INTEGER PRIMARY KEY, name TEXT)',
    renames: [{ kind: 'table', from: 'parents', to: 'elders' }],
    says: /RENAME TO/,
  },
  {
    name: 'a table renamed that others reference',
    before: `${P};\nCREATE TABLE c (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id))`,
    rows: "INSERT INTO parents VALUES (1, 'x');\nINSERT INTO c VALUES (7, 1)",
    keeps: '* FROM c',
    after:
      'CREATE TABLE elders (id INTEGER PRIMARY KEY, name TEXT);\nCREATE TABLE c (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES elders (id))',
    renames: [{ kind: 'table', from: 'parents', to: 'elders' }],
  },
  {
    name: 'a table that may be renamed, flagged where nobody says so',
    before: P,
    after: 'CREATE TABLE elders (id INTEGER PRIMARY KEY, name TEXT)',
    says: /Is elders the table parents under a new name/,
  },
  {
    name: 'a table renamed and changed at once',
    before: P,
    rows: "INSERT INTO parents VALUES (1, 'x')",
    after: 'CREATE TABLE elders (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)',
    renames: [{ kind: 'table', from: 'parents', to: 'elders' }],
  },
  {
    name: 'a table with mixed case and spaces in its names',
    before: '',
    after: 'CREATE TABLE "Mixed Case" ("Id" INTEGER PRIMARY KEY, "the Name" TEXT, "quo""te" INTEGER)',
  },
  {
    name: 'a table and columns named with reserved words',
    before: '',
    after: 'CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "group" TEXT, "user" TEXT)',
  },
  {
    name: 'a column of a mixed-case table changed',
    before: 'CREATE TABLE "Mixed" ("Id" INTEGER PRIMARY KEY, "aB" TEXT)',
    after: 'CREATE TABLE "Mixed" ("Id" INTEGER PRIMARY KEY, "aB" TEXT NOT NULL, "cD" INTEGER)',
  },
  { name: 'a table without a primary key', before: '', after: 'CREATE TABLE logs (line TEXT, at INTEGER)' },
  {
    name: 'a table with a composite primary key',
    before: '',
    after: 'CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (b, a))',
  },
  {
    name: 'a table with a named primary key',
    before: '',
    after: 'CREATE TABLE named (a INTEGER NOT NULL, CONSTRAINT the_key PRIMARY KEY (a))',
  },
  {
    name: 'a table with a text primary key',
    before: '',
    after: 'CREATE TABLE codes (code VARCHAR(10) NOT NULL PRIMARY KEY)',
  },
  {
    name: 'AUTOINCREMENT added',
    not: { postgres: ONLY_SQLITE },
    before: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)',
    rows: "INSERT INTO t VALUES (5, 'x')",
    keeps: '* FROM t',
    after: 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)',
  },
  {
    name: 'a table rebuilt that has AUTOINCREMENT: no id twice',
    not: { postgres: ONLY_SQLITE },
    before: 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)',
    rows: "INSERT INTO t VALUES (5, 'x'), (90, 'y');\nDELETE FROM t WHERE id = 90",
    keeps: "seq FROM sqlite_sequence WHERE name = 't'",
    after: 'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR(9))',
  },
  {
    name: 'STRICT and WITHOUT ROWID added',
    not: { postgres: ONLY_SQLITE },
    before: 'CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT)',
    rows: "INSERT INTO t VALUES (5, 'x')",
    keeps: '* FROM t',
    after: 'CREATE TABLE t (id INTEGER NOT NULL, a TEXT, PRIMARY KEY (id)) STRICT, WITHOUT ROWID',
  },
  {
    name: 'a table rebuilt that others reference: no row cascades',
    before: `${P};\nCREATE TABLE c (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id) ON DELETE CASCADE)`,
    rows: "INSERT INTO parents VALUES (1, 'x');\nINSERT INTO c VALUES (7, 1)",
    keeps: '* FROM c',
    after:
      'CREATE TABLE parents (id INTEGER PRIMARY KEY, name VARCHAR(40));\nCREATE TABLE c (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id) ON DELETE CASCADE)',
  },
  {
    name: 'a table rebuilt that references itself: no row cascades',
    before: 'CREATE TABLE n (id INTEGER PRIMARY KEY, up INTEGER REFERENCES n (id) ON DELETE CASCADE, a TEXT)',
    rows: "INSERT INTO n VALUES (1, NULL, 'x'), (2, 1, 'y')",
    keeps: '* FROM n ORDER BY id',
    after: 'CREATE TABLE n (id INTEGER PRIMARY KEY, up INTEGER REFERENCES n (id) ON DELETE CASCADE, a VARCHAR(9))',
  },
  {
    name: 'a parent dropped while its child loses the reference: no child row goes',
    before: `${P};\nCREATE TABLE c (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id) ON DELETE CASCADE)`,
    rows: "INSERT INTO parents VALUES (1, 'x');\nINSERT INTO c VALUES (7, NULL)",
    keeps: '* FROM c',
    after: 'CREATE TABLE c (id INTEGER PRIMARY KEY, parent_id INTEGER)',
  },
  {
    name: 'a table comment added',
    not: { sqlite: ONLY_POSTGRES },
    before: P,
    after: `${P};\nCOMMENT ON TABLE parents IS 'it''s them'`,
  },
  {
    name: 'a table comment changed',
    not: { sqlite: ONLY_POSTGRES },
    before: `${P};\nCOMMENT ON TABLE parents IS 'one'`,
    after: `${P};\nCOMMENT ON TABLE parents IS 'two'`,
  },
  {
    name: 'a table comment removed',
    not: { sqlite: ONLY_POSTGRES },
    before: `${P};\nCOMMENT ON TABLE parents IS 'one'`,
    after: P,
  },
  {
    name: 'a table in a schema of its own added',
    not: { sqlite: ONLY_POSTGRES },
    before: '',
    after:
      'CREATE SCHEMA trading;\nCREATE TABLE trading.orders (id serial PRIMARY KEY, note text);\nCREATE INDEX orders_note ON trading.orders (note)',
  },
  {
    name: 'a foreign key across schemas',
    not: { sqlite: ONLY_POSTGRES },
    before: `CREATE SCHEMA trading;\n${P};\nCREATE TABLE trading.orders (id int PRIMARY KEY, parent_id int)`,
    after: `CREATE SCHEMA trading;\n${P};\nCREATE TABLE trading.orders (id int PRIMARY KEY, parent_id int REFERENCES parents (id))`,
  },
  {
    name: 'a partitioned table with its partitions added',
    not: { sqlite: ONLY_POSTGRES },
    before: '',
    after:
      "CREATE TABLE ev (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);\nCREATE TABLE ev_2024 PARTITION OF ev FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');\nCREATE TABLE ev_rest PARTITION OF ev DEFAULT;\nCREATE INDEX ev_at ON ev (at)",
  },
  {
    name: 'a partition added',
    not: { sqlite: ONLY_POSTGRES },
    before: 'CREATE TABLE ev (id int, k text) PARTITION BY LIST (k)',
    after:
      "CREATE TABLE ev (id int, k text) PARTITION BY LIST (k);\nCREATE TABLE ev_a PARTITION OF ev FOR VALUES IN ('a')",
  },
  {
    name: 'a table without columns',
    not: { sqlite: 'SQLite refuses one' },
    before: '',
    after: 'CREATE TABLE nothing ()',
  },
];
