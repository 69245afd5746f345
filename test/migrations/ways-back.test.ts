import assert from 'node:assert/strict';
import type { Dialect } from '../../src/core/model/dialect.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { folderOf, loadAll, loadOne, problemOf } from './files.ts';

const BOTH: Dialect[] = ['sqlite', 'postgres'];
const UP = 'CREATE TABLE t (a int);\n';
const DOWN = 'DROP TABLE t;\n';

/** Other tools' ways to write the part that reverts, in one file. Each was run right after the first part once. */
const MARKED: [string, string, RegExp, number][] = [
  ['sql-migrate', `-- +migrate Up\n${UP}-- +migrate Down\n${DOWN}`, /mark of sql-migrate/, 1],
  ['sql-migrate, outside', `-- +migrate Up notransaction\n${UP}--+migrate down\n${DOWN}`, /mark of sql-migrate/, 1],
  ['rambler', `-- rambler up\n${UP}-- rambler down\n${DOWN}`, /mark of rambler/, 1],
  ['node-pg-migrate', `-- Up Migration\n${UP}-- Down Migration\n${DOWN}`, /mark of node-pg-migrate/, 1],
  ['tern', `${UP}---- create above / drop below ----\n${DOWN}`, /mark of tern/, 2],
  ['MyBatis', `-- // a\n${UP}-- //@UNDO\n${DOWN}`, /mark of MyBatis/, 3],
  [
    'Atlas, an archive',
    `-- atlas:txtar\n\n-- migration.sql --\n${UP}-- down.sql --\n${DOWN}`,
    /an archive of Atlas/,
    1,
  ],
  ['Atlas, a checkpoint', `-- atlas:checkpoint v2\n\n${UP}`, /a checkpoint of Atlas.*exclude/, 1],
  ['Liquibase', `--liquibase formatted sql\n--changeset a:1\n${UP}--rollback DROP TABLE t;\n`, /mark of Liquibase/, 1],
  ['words alone', `-- Up\n${UP}\n-- Down\n${DOWN}`, /"-- Down" is not supported as a separator/, 4],
  ['Play', `--- !Ups\n${UP}--- !Downs\n${DOWN}`, /"--- !Downs" is not supported as a separator/, 3],
  ['a ruler', `${UP}-- ===== ROLLBACK =====\n${DOWN}`, /is not supported as a separator/, 2],
  ['a block comment', `${UP}/* ---- Down ---- */\n${DOWN}`, /is not supported as a separator/, 2],
  [
    'after a comment of a column',
    `CREATE TABLE t (\n-- down\na int);\n-- down\n${DOWN}`,
    /is not supported as a separator/,
    4,
  ],
  [
    'the other direction below',
    `-- Down\nCREATE TABLE u (a int);\n-- Up\n${UP}`,
    /"-- Down" is not supported as a separator/,
    1,
  ],
  ['the first lines commented', `${UP}-- Down\n-- DROP INDEX i;\n\n${DOWN}`, /is not supported as a separator/, 2],
  [
    'an explanation below',
    `${UP}-- Down\n-- removes the table\n\nCREATE TABLE u (a int);`,
    /is not supported as a separator/,
    2,
  ],
  ['above all, and it drops', `-- Rollback\n${DOWN}`, /is not supported as a separator/, 1],
  ['a colon', `${UP}--undo:\n${DOWN}`, /is not supported as a separator/, 2],
  ['dbmate, misspelled alone', `${UP}-- migrate: down\n${DOWN}`, /is not supported as a separator/, 2],
  ['dbmate, misspelled', `-- migrate:up\n${UP}-- migrate: down\n${DOWN}`, /"-- migrate: down" is not a valid mark/, 3],
  ['dbmate, another sign', `-- migrate:up\n${UP}-- migrate-down\n${DOWN}`, /is not a valid mark/, 3],
  ['goose, misspelled', `-- +goose Up\n${UP}-- + goose Down\n${DOWN}`, /"-- \+ goose Down" is not a valid mark/, 3],
  ['goose, without its sign', `-- +goose Up\n${UP}-- goose down\n${DOWN}`, /is not a valid mark/, 3],
  [
    'dbmate, lines that end with CR',
    `-- migrate:up\r${UP.trim()}\r-- migrate:down\r${DOWN.trim()}`,
    /carriage return alone/,
    1,
  ],
  ['goose, a line that ends with CR', `-- +goose Up\n${UP}-- +goose Down\r${DOWN}`, /carriage return alone/, 3],
];

/** Comments with these words that divide nothing: all of it runs, as its author wants. */
const WHOLE: [string, string, number][] = [
  ['a sentence', `-- Rollback is not needed here.\n${UP}`, 1],
  ['a way back that is a comment itself', `${UP}-- down\n-- DROP TABLE t;\n`, 1],
  ['a string', `CREATE TABLE t (a text);\nINSERT INTO t VALUES ('\n-- Down\n');`, 2],
  ['a column', 'CREATE TABLE t (\n  up int, -- up\n  b int -- counts the downs of a day\n);', 1],
  ['a comment inside a statement', 'CREATE TABLE t (\n  -- down\n  a int,\n  -- Rollback\n  b int\n);', 1],
  ['a comment behind a statement', `${UP.trim()} -- undo\nCREATE TABLE u (a int);\n`, 2],
  ['a word with others that are not English', `${UP}-- 价格 down\nCREATE TABLE u (a int);\n`, 2],
  ['a sentence that begins as a mark', `${UP}-- Down migration of prices\nCREATE TABLE u (a int);\n`, 2],
  ['a sentence in a file of dbmate', `-- migrate:up\n-- Migrate down to 10 rows.\n${UP}-- migrate:down\n${DOWN}`, 1],
  ['a sentence in a file of goose', `-- +goose Up\n-- Migrate up to 10 rows.\n${UP}-- +goose Down\n${DOWN}`, 1],
  ['commented statements, then others', `${UP}-- Rollback\n-- DROP TABLE t;\n\nCREATE TABLE u (a int);\n`, 2],
  [
    'commented statements, then a comment',
    `${UP}-- revert:\n--   DROP TABLE t;\n\n-- Rows\nINSERT INTO t VALUES (1);\n`,
    2,
  ],
  ['a heading above all', `-- Rollback:\n-- DROP TABLE t;\n${UP}`, 1],
  [
    'words of banks',
    `${UP}-- down payment\nCREATE TABLE u (a int);\n-- rollback segment\nCREATE TABLE v (a int);\n`,
    3,
  ],
  ['Liquibase in a sentence', `-- liquibase formatted sql is not used here\n${UP}`, 1],
  ['tern in a sentence', `-- Create above, drop below: see the manual\n${UP}`, 1],
  [
    'a string in a file of dbmate',
    `-- migrate:up\nINSERT INTO t VALUES ('\n-- migrate: down\n');\n-- migrate:down\n${DOWN}`,
    1,
  ],
  [
    'a string in a file of goose',
    `-- +goose Up\nINSERT INTO t VALUES ('\n-- goose down\n');\n-- +goose Down\n${DOWN}`,
    1,
  ],
  ['a tool in a sentence', `-- This replaces the rambler up of last year.\n${UP}`, 1],
];

describe('The down migration of another tool is not run as part of the migration', () => {
  for (const [name, text, message, line] of MARKED)
    it(`is refused at its line: ${name}`, async () => {
      for (const dialect of BOTH) {
        const problem = await problemOf(() => loadOne('1_a.sql', text, dialect));
        assert.equal(problem.reason, 'InvalidMigration');
        assert.match(problem.message, message);
        assert.equal(problem.position?.line, line);
      }
    });

  for (const [name, text, count] of WHOLE)
    it(`is not a mark: ${name}`, async () => {
      for (const dialect of BOTH) {
        const { up } = await loadOne('1_a.sql', text, dialect);
        assert.equal(up.kind === 'sql' && up.statements.length, count);
      }
    });

  it('is not a mark in the body of a function or a trigger', async () => {
    const bodies: [Dialect, string][] = [
      ['postgres', 'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\n-- undo\nSELECT 2; END;'],
      ['postgres', 'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n-- undo\nNULL; END $$;'],
      ['postgres', '-- migrate:up\nDO $do$ BEGIN\n-- migrate-down\nNULL; END $do$;\n-- migrate:down\nSELECT 1;'],
      ['sqlite', 'CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t;\n-- undo\nDELETE FROM t; END;'],
    ];
    for (const [dialect, text] of bodies) {
      const { up } = await loadOne('1_a.sql', text, dialect);
      assert.equal(up.kind === 'sql' && up.statements.length, 1, text);
    }
  });

  it('is not a mark in files of tools that send all of them', async () => {
    const text = `${UP}-- Down\n${DOWN}`;
    for (const name of ['1_a.up.sql', 'V1__a.sql', '1_a/migration.sql']) {
      const [only] = await loadAll(await folderOf({ [name]: text }), 'sqlite');
      assert.equal(only?.up.kind === 'sql' && only.up.statements.length, 2, name);
    }
  });
});

describe('A file that by its name reverts another one', () => {
  const PAIRS: [string, string][] = [
    ['1.do.a.sql', '1.undo.a.sql'],
    ['001.do.create-a.sql', '001.undo.drop-a.sql'],
    ['001.do.sql', '001.undo.sql'],
    ['1_a.sql', '1_a.rollback.sql'],
    ['0001.a.sql', '0001.a.rollback.sql'],
    ['1_a_up.sql', '1_a_down.sql'],
    ['1-a-up.sql', '1-a-Down.SQL'],
    ['1_a.sql', '1_a.undo.sql'],
    ['1_a-deploy.sql', '1_a-revert.sql'],
    ['v/1_a.sql', 'v/1_a_rollback.sql'],
    ['1_a.js', '1_a-down.sql'],
  ];
  for (const [forward, back] of PAIRS)
    it(`is refused with what to do: ${back} next to ${forward}`, async () => {
      const read = await readMigrations(await folderOf({ [forward]: UP, [back]: DOWN }));
      assert.ok(!read.ok);
      assert.equal(read.problem.reason, 'UnsupportedMigrations');
      assert.ok(read.problem.message.startsWith(`${back} reverts ${forward} by its name`), read.problem.message);
      assert.match(read.problem.message, /\.down\.sql, or leave it out with "exclude"/);
    });

  it('is a migration where there is no other one, and under the names that are read', async () => {
    const CASES: [Record<string, string>, string[]][] = [
      [{ '1_a.sql': UP, '2_rollback.sql': DOWN }, ['1_a', '2_rollback']],
      [{ '1_break.sql': UP, '2_break_down.sql': DOWN }, ['1_break', '2_break_down']],
      [{ '1_a.up.sql': UP, '1_a.down.sql': DOWN, '2_a_down.sql': DOWN }, ['1_a', '2_a_down']],
      [{ 'V1__a.sql': UP, 'U1__a.sql': DOWN, 'V2__a_undo.sql': DOWN }, ['V1__a', 'V2__a_undo']],
    ];
    for (const [files, revisions] of CASES) {
      const read = await readMigrations(await folderOf(files));
      assert.deepEqual(read.ok && read.files.map(({ revision }) => revision), revisions);
    }
    const left = { '1_a.sql': UP, '1_a.rollback.sql': DOWN };
    const read = await readMigrations(await folderOf(left), { exclude: ['*.rollback.sql'] });
    assert.equal(read.ok && read.files.length, 1);
  });
});

describe('Code that another tool calls', () => {
  const CODE: [string, string, string][] = [
    ['node-pg-migrate', '1_a.cjs', "exports.up = (pgm) => { pgm.createTable('t', { id: 'id' }); };"],
    ['node-pg-migrate', '1_a.cjs', 'exports.shorthands = undefined; exports.up = async (p) => { p.sql(`SELECT 1`); };'],
    ['node-pg-migrate', '1_a.mjs', 'export async function up(pgm) { pgm.addColumns("t", { a: "int" }); }'],
    [
      'db-migrate',
      '1_a.cjs',
      "exports.up = function (db, callback) { db.createTable('t', { id: 'int' }, callback); };",
    ],
    [
      'db-migrate',
      '1_a.cjs',
      "exports.setup = function () {}; exports.up = (db) => db.addColumn('t', 'a', { type: 'int' }); exports._meta = { version: 1 };",
    ],
    ['Kysely', '1_a.mjs', "export const up = async (db) => { await db.schema.createTable('t').execute(); };"],
    ['Kysely', '1_a.ts', 'export async function up(db: unknown) { await sql`CREATE TABLE t (a int)`.execute(db); }'],
  ];
  for (const [tool, name, text] of CODE)
    it(`is named: ${tool}, ${text.slice(0, 50)}`, async () => {
      const { reason, message } = await problemOf(() => loadOne(name, text, 'sqlite'));
      assert.equal(reason, 'InvalidMigration');
      assert.match(message, new RegExp(`migration of ${tool}, which is not supported.*migrate stamp head`));
    });

  it('is not taken for what it is not', async () => {
    const own = [
      "exports.up = async (db, Sequelize) => { await db.createTable('t', { a: Sequelize.INTEGER }, { schema: 's' }); };",
      'exports.up = async ({ context: db }) => { await db.sequelize.query("SELECT 1"); job.execute(); };',
      'exports._meta = { version: 1 }; exports.up = async (queryInterface, Sequelize) => {};',
    ];
    for (const text of own) assert.equal((await loadOne('1_a.cjs', text, 'sqlite')).up.kind, 'code');
  });
});
