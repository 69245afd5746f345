import type { Scenario } from './scenario.ts';

const T = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c TEXT)';
const with_ = (...indexes: string[]) => [T, ...indexes].join(';\n');
const NO_SQLITE = { sqlite: 'SQLite has none' };

function change(name: string, before: string[], after: string[], more: Partial<Scenario> = {}): Scenario {
  return {
    name,
    before: with_(...before),
    after: with_(...after),
    rows: "INSERT INTO t VALUES (1, 1, 'x', 'y')",
    keeps: '* FROM t',
    ...more,
  };
}

const A = 'CREATE INDEX t_a ON t (a)';

export const INDEX_SCENARIOS: Scenario[] = [
  change('an index added', [], [A]),
  change('an index dropped', [A], []),
  change('a unique index added', [], ['CREATE UNIQUE INDEX t_a ON t (a)']),
  change('an index made unique', [A], ['CREATE UNIQUE INDEX t_a ON t (a)']),
  change('a unique index made plain', ['CREATE UNIQUE INDEX t_a ON t (a)'], [A]),
  {
    name: 'a UNIQUE constraint instead of a unique index holds the same rows out',
    before: with_('CREATE UNIQUE INDEX t_a ON t (a)'),
    after: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b TEXT, c TEXT)',
    nothing: true,
  },
  change('a composite index', [], ['CREATE INDEX t_ab ON t (a, b)']),
  change('a composite index reordered', ['CREATE INDEX t_ab ON t (a, b)'], ['CREATE INDEX t_ab ON t (b, a)']),
  change('a descending index', [A], ['CREATE INDEX t_a ON t (a DESC)']),
  change('a mixed order', ['CREATE INDEX t_ab ON t (a, b)'], ['CREATE INDEX t_ab ON t (a DESC, b)']),
  change('an index over an expression', [], ['CREATE INDEX t_lower ON t (lower(b))']),
  change('an index over an expression and a column', [], ['CREATE INDEX t_lower ON t (a, lower(b) DESC)']),
  change(
    'the expression of an index changed',
    ['CREATE INDEX t_e ON t (lower(b))'],
    ['CREATE INDEX t_e ON t (upper(b))'],
  ),
  change('a unique index over an expression', [], ['CREATE UNIQUE INDEX t_lower ON t (lower(b))']),
  change('a partial index', [], ['CREATE INDEX t_a ON t (a) WHERE a > 10']),
  change(
    'the condition of a partial index changed',
    ['CREATE INDEX t_a ON t (a) WHERE a > 10'],
    ['CREATE INDEX t_a ON t (a) WHERE a > 20'],
  ),
  change('the condition of a partial index removed', ['CREATE INDEX t_a ON t (a) WHERE a > 10'], [A]),
  change(
    'a partial unique index with a string',
    [],
    ["CREATE UNIQUE INDEX t_b ON t (a) WHERE b = 'it''s' AND c IS NOT NULL"],
  ),
  change('a partial index over a list', [], ["CREATE INDEX t_b ON t (a) WHERE b IN ('x', 'y')"]),
  change(
    'a condition that only spells the same thing differently',
    ["CREATE INDEX t_b ON t (a) WHERE b IN ('x', 'y')"],
    ["CREATE INDEX t_b ON t (a) WHERE (b in ('x','y'))"],
    { nothing: true },
  ),
  change('an index under another name is the same', [A], ['CREATE INDEX other ON t (a)'], { nothing: true }),
  change('an index with a name in mixed case', [], ['CREATE INDEX "t Index" ON t (a)']),
  change('two indexes over the same columns, one of them partial', [A], [A, 'CREATE INDEX t_a2 ON t (a) WHERE a > 5']),
  change(
    'three indexes added and one dropped',
    [A],
    ['CREATE INDEX t_b ON t (b)', 'CREATE INDEX t_c ON t (c)', 'CREATE INDEX t_bc ON t (b, c)'],
  ),
  {
    name: 'an index that another table’s dropped index gives its name to',
    before: `${T};\nCREATE TABLE o (id INTEGER PRIMARY KEY, a INTEGER);\nCREATE INDEX the_index ON o (a)`,
    after: `${T};\nCREATE TABLE o (id INTEGER PRIMARY KEY, a INTEGER);\nCREATE INDEX the_index ON t (a)`,
  },
  {
    name: 'an index of a column that is added',
    before: T,
    after: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c TEXT, d TEXT);\nCREATE INDEX t_d ON t (d)',
  },
  {
    name: 'an index of a column that is dropped',
    before: with_('CREATE INDEX t_c ON t (c)'),
    after: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)',
  },
  {
    name: 'an index of a column that is renamed',
    before: with_('CREATE INDEX t_c ON t (c) WHERE c IS NOT NULL'),
    after:
      'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, d TEXT);\nCREATE INDEX t_c ON t (d) WHERE d IS NOT NULL',
    renames: [{ kind: 'column', table: 't', from: 'c', to: 'd' }],
  },
  {
    name: 'an index of a column whose type changes',
    before: with_('CREATE INDEX t_b ON t (b)'),
    after: 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(50), c TEXT);\nCREATE INDEX t_b ON t (b)',
  },
  {
    name: 'a table that comes with its indexes',
    before: '',
    after: with_(A, 'CREATE UNIQUE INDEX t_b ON t (b) WHERE a > 0'),
  },
  change('an index is built without blocking writers, in its own migration', [], [A], {
    not: { sqlite: 'there is one writer' },
    says: /CREATE INDEX CONCURRENTLY[\s\S]*"transaction": false/,
  }),
  change('a collation of an index', [], ['CREATE INDEX t_b ON t (b COLLATE NOCASE)'], {
    not: { postgres: 'its collations have other names' },
  }),
  change('a collation of an index', [], ['CREATE INDEX t_b ON t (b COLLATE "C")'], {
    not: { sqlite: 'its collations have other names' },
  }),
  change('a covering index', [], ['CREATE INDEX t_a ON t (a) INCLUDE (b, c)'], { not: NO_SQLITE }),
  change(
    'an index gets one more column to carry',
    ['CREATE INDEX t_a ON t (a) INCLUDE (b)'],
    ['CREATE INDEX t_a ON t (a) INCLUDE (b, c)'],
    { not: NO_SQLITE },
  ),
  change('NULLS FIRST', [A], ['CREATE INDEX t_a ON t (a NULLS FIRST)'], { not: NO_SQLITE }),
  change('DESC NULLS LAST', [A], ['CREATE INDEX t_a ON t (a DESC NULLS LAST)'], { not: NO_SQLITE }),
  change(
    'NULLS NOT DISTINCT of an index',
    ['CREATE UNIQUE INDEX t_a ON t (a)'],
    ['CREATE UNIQUE INDEX t_a ON t (a) NULLS NOT DISTINCT'],
    { not: NO_SQLITE },
  ),
  change('a hash index', [], ['CREATE INDEX t_b ON t USING hash (b)'], { not: NO_SQLITE }),
  change('a brin index instead of a btree', [A], ['CREATE INDEX t_a ON t USING brin (a)'], { not: NO_SQLITE }),
  change('an operator class', ['CREATE INDEX t_b ON t (b)'], ['CREATE INDEX t_b ON t (b text_pattern_ops)'], {
    not: NO_SQLITE,
  }),
  {
    name: 'a gin index over jsonb with an operator class',
    not: NO_SQLITE,
    before: 'CREATE TABLE j (id int PRIMARY KEY, d jsonb)',
    after: 'CREATE TABLE j (id int PRIMARY KEY, d jsonb);\nCREATE INDEX j_d ON j USING gin (d jsonb_path_ops)',
  },
  {
    name: 'an index on a partitioned table, which cannot be built concurrently',
    not: NO_SQLITE,
    before: 'CREATE TABLE ev (id int, k text) PARTITION BY LIST (k)',
    after: 'CREATE TABLE ev (id int, k text) PARTITION BY LIST (k);\nCREATE INDEX ev_k ON ev (k)',
  },
];
