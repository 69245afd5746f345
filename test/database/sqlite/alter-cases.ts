import { DataTypes, Op, type QueryInterface } from 'sequelize';

/** Parents with children of every kind, and everything else that a rebuild can lose. */
export const RICH_SCHEMA = `
CREATE TABLE parents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code VARCHAR(20) NOT NULL COLLATE NOCASE,
  junk TEXT,
  label TEXT DEFAULT 'it''s; fine',
  made DATETIME DEFAULT CURRENT_TIMESTAMP,
  amount DECIMAL(10,2) NOT NULL DEFAULT 0 CHECK (amount >= 0),
  double DECIMAL(10,2) GENERATED ALWAYS AS (amount * 2) VIRTUAL,
  a INTEGER, b INTEGER,
  UNIQUE (a, b),
  CONSTRAINT code_not_empty CHECK (length(code) > 0)
);
CREATE TABLE cascading (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE nulling (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX parents_code ON parents (code DESC) WHERE code <> 'x';
CREATE UNIQUE INDEX parents_lower ON parents (lower(code), a);
CREATE TRIGGER parents_log AFTER UPDATE OF label ON parents BEGIN UPDATE parents SET a = a WHERE id = new.id; END;
CREATE VIEW big_parents AS SELECT id, code FROM parents WHERE amount > 10;
CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE strict_ones (id INTEGER PRIMARY KEY, n INTEGER, extra TEXT) STRICT;
`;

export const RICH_ROWS = `
INSERT INTO parents (id, code, junk, amount, a, b) VALUES (1, 'one', 'j', 5, 1, 1), (2, 'two', 'j', 20, 1, 2), (7, 'seven', 'j', 30, 2, 1);
DELETE FROM parents WHERE id = 7;
INSERT INTO cascading VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO nulling VALUES (1, 1), (2, 2), (3, NULL);
INSERT INTO words VALUES ('a', 1), ('b', 2);
INSERT INTO strict_ones VALUES (1, 1, 'x'), (2, 2, 'y');
`;

/** The same without what makes plain Sequelize fail outright, so that it can show what it loses. */
export const PLAIN_SCHEMA = RICH_SCHEMA.replace("'it''s; fine'", "'it''s'")
  .replace(/ {2}double DECIMAL.*\n/, '')
  .replace(/CREATE UNIQUE INDEX parents_lower.*\n/, '')
  .replace(/CREATE VIEW.*\n/, '');

/** Sequelize turns UNIQUE (a, b) into a UNIQUE, on which rows with equal `a` fail halfway; these do not. */
export const PLAIN_ROWS = RICH_ROWS.replace("'j', 20, 1, 2", "'j', 20, 3, 2");

export interface AlterCase {
  name: string;
  run(queryInterface: QueryInterface): Promise<unknown>;
  /** What the difference of the schema must be, as `describeDifference` words it; nothing else may change. */
  changes: string[];
}

export const ALTER_CASES: AlterCase[] = [
  {
    name: "removeColumn('parents', 'junk')",
    run: (q) => q.removeColumn('parents', 'junk'),
    changes: ['column parents.junk is not expected (TEXT)'],
  },
  {
    name: "removeColumn('parents', 'b'), part of a composite UNIQUE",
    run: (q) => q.removeColumn('parents', 'b'),
    changes: ['column parents.b is not expected (INTEGER)', 'unique of parents is not expected ((a, b))'],
  },
  {
    name: "changeColumn('parents', 'label') to NOT NULL",
    run: (q) =>
      q.changeColumn('parents', 'label', { type: DataTypes.STRING(50), allowNull: false, defaultValue: "it's; fine" }),
    changes: [
      'column parents.label: type is TEXT, expected VARCHAR(50)',
      'column parents.label: nullable is yes, expected no',
    ],
  },
  {
    name: "changeColumn('parents', 'code') to a longer type",
    run: (q) => q.changeColumn('parents', 'code', { type: DataTypes.STRING(40), allowNull: false }),
    changes: ['column parents.code: type is VARCHAR(20), expected VARCHAR(40)'],
  },
  {
    name: "renameColumn('parents', 'junk', 'remark')",
    run: (q) => q.renameColumn('parents', 'junk', 'remark'),
    changes: ['column parents.junk is not expected (TEXT)', 'column parents.remark is missing (TEXT)'],
  },
  {
    name: "addColumn('parents', 'since') with DEFAULT CURRENT_TIMESTAMP",
    run: (q) =>
      q.addColumn('parents', 'since', { type: DataTypes.DATE, defaultValue: q.sequelize.literal('CURRENT_TIMESTAMP') }),
    changes: ['column parents.since is missing (DATETIME)'],
  },
  {
    name: "addColumn('parents', 'rank') NOT NULL DEFAULT 0",
    run: (q) => q.addColumn('parents', 'rank', { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 }),
    changes: ['column parents.rank is missing (INTEGER)'],
  },
  {
    name: "addColumn('parents', 'slug') UNIQUE",
    run: (q) => q.addColumn('parents', 'slug', { type: DataTypes.STRING(10), unique: true }),
    changes: ['column parents.slug is missing (VARCHAR(10))', 'unique of parents is missing ((slug))'],
  },
  {
    name: "addConstraint('parents', CHECK)",
    run: (q) =>
      q.addConstraint('parents', { type: 'check', name: 'a_small', fields: ['a'], where: { a: { [Op.lt]: 100 } } }),
    changes: ['check of parents is missing (a < 100)'],
  },
  {
    name: "addConstraint('words', UNIQUE) on a WITHOUT ROWID table",
    run: (q) => q.addConstraint('words', { type: 'unique', name: 'n_once', fields: ['n'] }),
    changes: ['unique of words is missing ((n))'],
  },
  {
    name: "removeConstraint('parents', 'code_not_empty')",
    run: (q) => q.removeConstraint('parents', 'code_not_empty'),
    changes: ['check of parents is not expected (length(code) > 0)'],
  },
  {
    name: "changeColumn('cascading', 'parent_id') of a child",
    run: (q) => q.changeColumn('cascading', 'parent_id', { type: DataTypes.INTEGER, allowNull: true }),
    changes: ['column cascading.parent_id: nullable is no, expected yes'],
  },
  {
    name: "removeColumn('strict_ones', 'extra') of a STRICT table",
    run: (q) => q.removeColumn('strict_ones', 'extra'),
    changes: ['column strict_ones.extra is not expected (TEXT)'],
  },
  {
    name: "addIndex('parents', ['amount'])",
    run: (q) => q.addIndex('parents', ['amount'], { name: 'parents_amount' }),
    changes: ['index of parents is missing ((amount))'],
  },
  {
    name: "renameTable('words', 'terms')",
    run: (q) => q.renameTable('words', 'terms'),
    changes: ['table words is not expected', 'table terms is missing'],
  },
];
