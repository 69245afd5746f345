import type { Scenario } from './scenario.ts';

const NO_SQLITE = { sqlite: 'SQLite has none' };
const E = (...values: string[]) => `CREATE TYPE mood AS ENUM (${values.map((value) => `'${value}'`).join(', ')})`;
const T = "CREATE TABLE t (id INTEGER PRIMARY KEY, m mood DEFAULT 'a', list mood[])";
const PLAIN = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)';
const ROWS = "INSERT INTO t VALUES (1, 1, 'x')";
const TOUCH =
  'CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.b := upper(NEW.b); RETURN NEW; END $$';
const VIEW = 'CREATE VIEW v AS SELECT id, b FROM t WHERE a > 0';

export const OBJECT_SCENARIOS: Scenario[] = [
  { name: 'an enum added with its table', not: NO_SQLITE, before: '', after: `${E('a', 'b')};\n${T}` },
  { name: 'an enum dropped with its table', not: NO_SQLITE, before: `${E('a', 'b')};\n${T}`, after: '' },
  { name: 'an enum without a table', not: NO_SQLITE, before: '', after: E('a', "it''s") },
  {
    name: 'an enum value added at the end',
    not: NO_SQLITE,
    before: `${E('a', 'b')};\n${T}`,
    rows: "INSERT INTO t VALUES (1, 'a', '{a,b}')",
    keeps: '* FROM t',
    after: `${E('a', 'b', 'c')};\n${T}`,
  },
  {
    name: 'an enum value added in the middle',
    not: NO_SQLITE,
    before: `${E('a', 'c')};\n${T}`,
    after: `${E('a', 'b', 'c')};\n${T}`,
    says: /ADD VALUE 'b' BEFORE 'c'/,
  },
  {
    name: 'an enum value added at the start',
    not: NO_SQLITE,
    before: `${E('a', 'c')};\n${T}`,
    after: `${E('_', 'a', 'c')};\n${T}`,
  },
  {
    name: 'three enum values added',
    not: NO_SQLITE,
    before: `${E('a')};\n${T}`,
    after: `${E('x', 'a', 'y', 'z')};\n${T}`,
  },
  {
    name: 'an enum value removed, with a warning',
    not: NO_SQLITE,
    before: `${E('a', 'b', 'c')};\n${T}`,
    rows: "INSERT INTO t VALUES (1, 'a', '{a,b}')",
    keeps: '* FROM t',
    after: `${E('a', 'b')};\n${T}`,
    says: /WARNING: removes 'c' from mood/,
  },
  {
    name: 'an enum value removed under a view',
    not: NO_SQLITE,
    before: `${E('a', 'b', 'c')};\n${T};\nCREATE VIEW v AS SELECT id, m FROM t WHERE m = 'a'`,
    rows: "INSERT INTO t VALUES (1, 'a', '{a,b}')",
    keeps: '* FROM v',
    after: `${E('a', 'b')};\n${T};\nCREATE VIEW v AS SELECT id, m FROM t WHERE m = 'a'`,
  },
  { name: 'enum values reordered', not: NO_SQLITE, before: `${E('a', 'b')};\n${T}`, after: `${E('b', 'a')};\n${T}` },
  {
    name: 'an enum value added and used as a default',
    not: NO_SQLITE,
    before: `${E('a', 'b')};\n${T}`,
    after: `${E('a', 'b', 'n')};\n${T.replace("'a'", "'n'")}`,
  },
  {
    name: 'text to an enum',
    not: NO_SQLITE,
    before: `${E('a', 'b')};\nCREATE TABLE t (id int PRIMARY KEY, m text DEFAULT 'a')`,
    rows: "INSERT INTO t VALUES (1, 'b')",
    keeps: 'm::text FROM t',
    after: `${E('a', 'b')};\nCREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'a')`,
  },
  {
    name: 'an enum to text, and the type goes',
    not: NO_SQLITE,
    before: `${E('a', 'b')};\nCREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'a')`,
    rows: "INSERT INTO t VALUES (1, 'b')",
    keeps: 'm::text FROM t',
    after: `CREATE TABLE t (id int PRIMARY KEY, m text DEFAULT 'a')`,
  },
  {
    name: 'an enum in another schema and in mixed case',
    not: NO_SQLITE,
    before: '',
    after: `CREATE SCHEMA trading;\nCREATE TYPE trading."Side" AS ENUM ('Buy', 'Sell');\nCREATE TABLE trading."Orders" (id int PRIMARY KEY, side trading."Side" DEFAULT 'Buy')`,
  },
  {
    name: 'a value of an enum in another schema',
    not: NO_SQLITE,
    before: `CREATE SCHEMA trading;\nCREATE TYPE trading."Side" AS ENUM ('Buy', 'Sell');\nCREATE TABLE trading."Orders" (id int PRIMARY KEY, side trading."Side" DEFAULT 'Buy')`,
    after: `CREATE SCHEMA trading;\nCREATE TYPE trading."Side" AS ENUM ('Sell', 'Buy');\nCREATE TABLE trading."Orders" (id int PRIMARY KEY, side trading."Side" DEFAULT 'Buy')`,
  },
  { name: 'a sequence added', not: NO_SQLITE, before: '', after: 'CREATE SEQUENCE s START 100 INCREMENT 5' },
  {
    name: 'a sequence dropped',
    not: NO_SQLITE,
    before: 'CREATE SEQUENCE s',
    after: '',
    says: /WARNING: drops the sequence s/,
  },
  {
    name: 'the increment of a sequence changed',
    not: NO_SQLITE,
    before: 'CREATE SEQUENCE s',
    after: 'CREATE SEQUENCE s INCREMENT 5',
  },
  {
    name: 'the type and limits of a sequence changed',
    not: NO_SQLITE,
    before: 'CREATE SEQUENCE s AS integer',
    after: 'CREATE SEQUENCE s AS bigint MINVALUE 5 MAXVALUE 500 START 10 CACHE 3 CYCLE',
  },
  ...['id int GENERATED ALWAYS AS IDENTITY', 'id serial', 'id int', '"Id" bigserial'].map((column): Scenario => {
    const owner = `"${/^"?(\w+)/.exec(column)?.[1]}"`;
    return {
      name: `a table whose column owns further sequences dropped: ${column}`,
      not: NO_SQLITE,
      before: `CREATE TABLE t (${column}, a int);\nCREATE SEQUENCE t_other MINVALUE 5 OWNED BY t.${owner};\nCREATE SEQUENCE "order" INCREMENT BY -1 OWNED BY t.${owner}`,
      after: '',
    };
  }),
  {
    name: 'a column that owns a further sequence dropped, another one stays',
    not: NO_SQLITE,
    before:
      'CREATE TABLE t (a int, "b.c" int GENERATED BY DEFAULT AS IDENTITY);\nCREATE SEQUENCE s OWNED BY t."b.c";\nCREATE SEQUENCE r CACHE 7 OWNED BY t.a',
    after: 'CREATE TABLE t (a int);\nCREATE SEQUENCE r CACHE 7 OWNED BY t.a',
  },
  {
    name: 'a sequence owned by one column that is the default of another, in a table that is dropped',
    not: NO_SQLITE,
    before: "CREATE SEQUENCE s;\nCREATE TABLE t (a int DEFAULT nextval('s'), b int);\nALTER SEQUENCE s OWNED BY t.b",
    after: '',
  },
  {
    name: 'a sequence that is owned no more, while its owner is dropped',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (a int, b int);\nCREATE SEQUENCE s OWNED BY t.b',
    after: 'CREATE TABLE t (a int);\nCREATE SEQUENCE s',
  },
  {
    name: 'a sequence that a new table owns',
    not: NO_SQLITE,
    before: '',
    after: 'CREATE TABLE t (a int);\nCREATE SEQUENCE s START 9 OWNED BY t.a',
  },
  { name: 'a descending sequence', not: NO_SQLITE, before: '', after: 'CREATE SEQUENCE s INCREMENT -1' },
  {
    name: 'a default that takes from a sequence',
    not: NO_SQLITE,
    before: 'CREATE TABLE t (id int PRIMARY KEY, n bigint)',
    after: "CREATE SEQUENCE s;\nCREATE TABLE t (id int PRIMARY KEY, n bigint DEFAULT nextval('s'))",
  },
  { name: 'a view added', before: PLAIN, after: `${PLAIN};\n${VIEW}` },
  { name: 'a view dropped', before: `${PLAIN};\n${VIEW}`, after: PLAIN },
  { name: 'a view changed', before: `${PLAIN};\n${VIEW}`, after: `${PLAIN};\nCREATE VIEW v AS SELECT id, a FROM t` },
  { name: 'a view of a view', before: PLAIN, after: `${PLAIN};\n${VIEW};\nCREATE VIEW a_view AS SELECT id FROM v` },
  {
    name: 'a view over a column whose type changes',
    before: `${PLAIN};\n${VIEW}`,
    rows: ROWS,
    keeps: '* FROM v',
    after: `${PLAIN.replace('b TEXT', 'b VARCHAR(9)')};\n${VIEW}`,
  },
  {
    name: 'a view of a view over a column whose type changes',
    before: `${PLAIN};\n${VIEW};\nCREATE VIEW a_view AS SELECT id FROM v`,
    rows: ROWS,
    keeps: '* FROM a_view',
    after: `${PLAIN.replace('b TEXT', 'b VARCHAR(9)')};\n${VIEW};\nCREATE VIEW a_view AS SELECT id FROM v`,
  },
  {
    name: 'a view beside a column that is dropped',
    before: `${PLAIN.replace('b TEXT', 'b TEXT, c TEXT')};\n${VIEW}`,
    rows: "INSERT INTO t VALUES (1, 1, 'x', 'y')",
    keeps: '* FROM v',
    after: `${PLAIN};\n${VIEW}`,
  },
  {
    name: 'a view of a column that is renamed, beside one that is dropped, which models know nothing of',
    before: `${PLAIN.replace('b TEXT', 'b TEXT, c TEXT')};\n${VIEW}`,
    rows: "INSERT INTO t VALUES (1, 1, 'x', 'y')",
    keeps: 'count(*) AS n FROM v',
    renames: [{ kind: 'column', table: 't', from: 'b', to: 'body' }],
    unsupportedKinds: ['view'],
    after: PLAIN.replace('b TEXT', 'body TEXT'),
  },
  {
    name: 'a materialized view with an index',
    not: NO_SQLITE,
    before: PLAIN,
    after: `${PLAIN};\nCREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n FROM t GROUP BY a;\nCREATE UNIQUE INDEX m_a ON m (a)`,
  },
  {
    name: 'a materialized view over a column whose type changes',
    not: NO_SQLITE,
    before: `${PLAIN};\nCREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n FROM t GROUP BY a;\nCREATE UNIQUE INDEX m_a ON m (a)`,
    after: `${PLAIN.replace('a INTEGER', 'a BIGINT')};\nCREATE MATERIALIZED VIEW m AS SELECT a, count(*) AS n FROM t GROUP BY a;\nCREATE UNIQUE INDEX m_a ON m (a)`,
  },
  {
    name: 'a trigger added',
    before: { sqlite: PLAIN, postgres: `${TOUCH};\n${PLAIN}` },
    after: {
      sqlite: `${PLAIN};\nCREATE TRIGGER t_touch AFTER INSERT ON t BEGIN UPDATE t SET b = upper(b) WHERE id = NEW.id; END`,
      postgres: `${TOUCH};\n${PLAIN};\nCREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()`,
    },
  },
  {
    name: 'a trigger changed',
    before: {
      sqlite: `${PLAIN};\nCREATE TRIGGER t_touch AFTER INSERT ON t BEGIN UPDATE t SET b = upper(b) WHERE id = NEW.id; END`,
      postgres: `${TOUCH};\n${PLAIN};\nCREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()`,
    },
    after: {
      sqlite: `${PLAIN};\nCREATE TRIGGER t_touch AFTER UPDATE ON t BEGIN UPDATE t SET b = lower(b) WHERE id = NEW.id; END`,
      postgres: `${TOUCH};\n${PLAIN};\nCREATE TRIGGER t_touch BEFORE UPDATE OF b ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION touch()`,
    },
  },
  {
    name: 'a trigger of a table that is changed stays',
    before: {
      sqlite: `${PLAIN};\nCREATE TRIGGER t_touch AFTER INSERT ON t BEGIN UPDATE t SET b = upper(b) WHERE id = NEW.id; END`,
      postgres: `${TOUCH};\n${PLAIN};\nCREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()`,
    },
    after: {
      sqlite: `${PLAIN.replace('a INTEGER', 'a BIGINT')};\nCREATE TRIGGER t_touch AFTER INSERT ON t BEGIN UPDATE t SET b = upper(b) WHERE id = NEW.id; END`,
      postgres: `${TOUCH};\n${PLAIN.replace('a INTEGER', 'a BIGINT')};\nCREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()`,
    },
  },
];
