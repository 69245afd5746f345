import assert from 'node:assert/strict';
import type { QueryInterface } from 'sequelize';
import { apply, databaseWith, failureOf, rowsOf, textOf } from './fixtures.ts';

/** Table, operations, and the text of `t` afterwards: nothing changes that was not asked for. */
const CASES: { name: string; before: string; run(q: QueryInterface): Promise<unknown>; after: string }[] = [
  {
    name: 'comments stay, and those of a removed column go with it',
    before:
      'CREATE TABLE t (\n  id INTEGER PRIMARY KEY, -- the key, (always)\n  -- about a\n  a INTEGER UNIQUE, -- behind a\n  b TEXT UNIQUE -- it\'s "b"\n  , CHECK (id > 0) /* positive */\n)',
    run: (q) => q.removeColumn('t', 'a').then(() => q.changeColumn('t', 'b', { type: 'VARCHAR(9)' })),
    after:
      'CREATE TABLE "t" (\n  id INTEGER PRIMARY KEY, -- the key, (always)\n  b VARCHAR(9) UNIQUE -- it\'s "b"\n  , CHECK (id > 0) /* positive */\n)',
  },
  {
    name: 'what follows a line comment never ends up inside it',
    before: 'CREATE TABLE t (a INTEGER, -- about a\n b TEXT UNIQUE)',
    run: (q) => q.removeColumn('t', 'b'),
    after: 'CREATE TABLE "t" (a INTEGER -- about a\n)',
  },
  {
    name: 'a column is added before the constraints, behind the comment of the last one',
    before: 'CREATE TABLE t (a INTEGER, b TEXT -- x\n)',
    run: (q) =>
      q
        .addColumn('t', 'd', { type: 'TEXT', unique: true })
        .then(() => q.addConstraint('t', { type: 'unique', name: 'u', fields: ['a', 'b'] })),
    after: 'CREATE TABLE "t" (a INTEGER, b TEXT, -- x\n  "d" TEXT UNIQUE,\n  CONSTRAINT `u` UNIQUE (`a`, `b`)\n)',
  },
  {
    name: 'a CHECK on a function of the same name is none on the column',
    before: 'CREATE TABLE t (id INTEGER, length INTEGER, name TEXT, CHECK (length(name) > 0), CHECK (length > 0))',
    run: (q) => q.removeColumn('t', 'length'),
    after: 'CREATE TABLE "t" (id INTEGER, name TEXT, CHECK (length(name) > 0))',
  },
  {
    name: 'defaults, collations, generated columns and conflict clauses stay as they were written',
    before:
      "CREATE TABLE t (a INTEGER, b TEXT DEFAULT (strftime('%s','now')), c AS (a+1) STORED, d GENERATED ALWAYS AS (b || 'x;') VIRTUAL, e INT DEFAULT -5, g BLOB DEFAULT x'00ff', h TEXT DEFAULT 'it''s; ok' COLLATE NOCASE CONSTRAINT hh NOT NULL ON CONFLICT REPLACE)",
    run: (q) => q.changeColumn('t', 'a', { type: 'BIGINT' }),
    after:
      "CREATE TABLE \"t\" (a BIGINT, b TEXT DEFAULT (strftime('%s','now')), c AS (a+1) STORED, d GENERATED ALWAYS AS (b || 'x;') VIRTUAL, e INT DEFAULT -5, g BLOB DEFAULT x'00ff', h TEXT DEFAULT 'it''s; ok' COLLATE NOCASE CONSTRAINT hh NOT NULL ON CONFLICT REPLACE)",
  },
  {
    name: 'a column that its own CHECK qualifies with the name of the table',
    before: 'CREATE TABLE t (x INTEGER CHECK (t.x > 0))',
    run: (q) => q.changeColumn('t', 'x', { type: 'TEXT' }),
    after: 'CREATE TABLE "t" (x TEXT CHECK (x > 0))',
  },
  {
    name: 'a change that changes nothing does nothing',
    before: 'CREATE TABLE t (a INT DEFAULT 3 /* c */)',
    run: (q) => q.changeColumn('t', 'a', { type: 'int', defaultValue: 3 }),
    after: 'CREATE TABLE t (a INT DEFAULT 3 /* c */)',
  },
  {
    name: 'a reference that is given replaces the one that the table has',
    before: 'CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER, FOREIGN KEY (up) REFERENCES t(id))',
    run: (q) =>
      q.changeColumn('t', 'up', { type: 'INTEGER', references: { model: 't', key: 'id' }, onDelete: 'CASCADE' }),
    after: 'CREATE TABLE "t" (id INTEGER PRIMARY KEY, up INTEGER REFERENCES `t` (`id`) ON DELETE CASCADE)',
  },
  {
    name: 'NOT NULL alone needs no rebuild',
    before: 'CREATE TABLE t (a INT)',
    run: (q) => q.changeColumn('t', 'a', { type: 'INT', allowNull: false }),
    after: 'CREATE TABLE t (a INT NOT NULL)',
  },
  {
    name: 'constraints that stand together without commas',
    before: "CREATE TABLE t (a INTEGER, b TEXT, CONSTRAINT x CHECK (a > 0) CONSTRAINT y UNIQUE (b) CHECK (b <> ''))",
    run: (q) => q.removeConstraint('t', 'y').then(() => q.removeConstraint('t', 'x')),
    after: 'CREATE TABLE "t" (a INTEGER, b TEXT, CHECK (b <> \'\'))',
  },
];

describe('the text of a SQLite table', () => {
  for (const { name, before, run, after } of CASES) {
    it(`${name}`, async () => {
      const file = await databaseWith(before);
      const { outcome } = await apply(file, [run]);
      assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
      assert.equal(await textOf(file, 't'), after);
    });
  }

  it('keeps names in quotes and mixed case, what ANALYZE learned, and the rows', async () => {
    const file = await databaseWith(
      'CREATE TABLE [My Table] ("Id" INTEGER PRIMARY KEY AUTOINCREMENT, `Old Name` TEXT, [x] INT, UNIQUE(`Old Name`, x)); CREATE INDEX by_x ON "My Table" (x); INSERT INTO "My Table" VALUES (7, \'v\', 1); ANALYZE',
    );
    const statistics = await rowsOf(file, 'SELECT * FROM sqlite_stat1 ORDER BY idx');
    const { outcome } = await apply(file, [(q) => q.changeColumn('my table', 'old name', { type: 'VARCHAR(3)' })]);
    assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
    assert.equal(
      await textOf(file, 'My Table'),
      'CREATE TABLE "My Table" ("Id" INTEGER PRIMARY KEY AUTOINCREMENT, `Old Name` VARCHAR(3), [x] INT, UNIQUE(`Old Name`, x))',
    );
    assert.deepEqual(await rowsOf(file, 'SELECT * FROM "My Table"'), [{ Id: 7, 'Old Name': 'v', x: 1 }]);
    assert.deepEqual(await rowsOf(file, 'SELECT * FROM sqlite_stat1 ORDER BY idx'), statistics);
  });

  it('does not change when a view or trigger would break, and names it; what was broken before is let be', async () => {
    const cases: [string, (q: QueryInterface) => Promise<unknown>, RegExp | undefined][] = [
      [
        'CREATE TABLE t (id INTEGER, x INTEGER UNIQUE); CREATE TABLE u (id INTEGER); CREATE TRIGGER other AFTER INSERT ON u BEGIN UPDATE t SET x = 1; END',
        (q) => q.removeColumn('t', 'x'),
        /trigger other no longer works \(no such column: x\)/,
      ],
      [
        'CREATE TABLE t (id INTEGER, x INTEGER UNIQUE); CREATE TRIGGER own AFTER UPDATE OF x ON t BEGIN SELECT 1; END',
        (q) => q.removeColumn('t', 'x'),
        /trigger own no longer works/,
      ],
      [
        'CREATE TABLE t (id INTEGER, x INTEGER UNIQUE); CREATE VIEW v AS SELECT x FROM t',
        (q) => q.removeColumn('t', 'x'),
        /view v no longer works/,
      ],
      [
        'CREATE TABLE t (a INTEGER, b INTEGER); CREATE VIEW v AS SELECT * FROM t; CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.a, new.b); END',
        (q) => q.addColumn('t', 'c', { type: 'INTEGER' }),
        /trigger tv no longer works/,
      ],
      [
        'CREATE TABLE t (id INTEGER, x INTEGER); CREATE VIEW broken AS SELECT * FROM nowhere',
        (q) => q.changeColumn('t', 'x', { type: 'TEXT' }),
        undefined,
      ],
    ];
    for (const [schema, run, message] of cases) {
      const file = await databaseWith(schema);
      const before = await rowsOf(file, "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'db_m%'");
      const { outcome } = await apply(file, [run]);
      if (message === undefined) assert.equal(outcome.kind, 'done');
      else {
        assert.match(failureOf(outcome), message);
        const after = await rowsOf(
          file,
          "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'db_m%' AND name NOT LIKE '%db_manager%'",
        );
        assert.deepEqual(after, before);
      }
    }
  });
});
