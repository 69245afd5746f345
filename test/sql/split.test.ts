import assert from 'node:assert/strict';
import type { Dialect } from '../../src/core/model/dialect.ts';
import { tokenize } from '../../src/sql/lexer.ts';
import { positionAt, splitSql } from '../../src/sql/split.ts';
import { DIALECTS } from '../support/databases.ts';
import { GAPS, pickerOf, randomOf, statementOf } from './generate.ts';

const split = (sql: string, dialect: Dialect) =>
  splitSql(sql, dialect, { file: 'x.sql', line: 1 }).map((statement) => statement.sql);

const BOTH: [string, string, string[]][] = [
  ['nothing', '', []],
  ['only blanks and semicolons', ' ;\n;; ', []],
  ['only comments', '-- a;\n/* b; */', []],
  ['one without a semicolon', 'SELECT 1', ['SELECT 1']],
  ['two', 'SELECT 1; SELECT 2;', ['SELECT 1', 'SELECT 2']],
  ['a semicolon in a string', "SELECT 'a;b'; SELECT 2", ["SELECT 'a;b'", 'SELECT 2']],
  ['a doubled quote', "SELECT 'it''s;'; SELECT 2", ["SELECT 'it''s;'", 'SELECT 2']],
  ['a semicolon in a name', 'SELECT "a;b"; SELECT 2', ['SELECT "a;b"', 'SELECT 2']],
  ['a semicolon in a line comment', 'SELECT 1 -- a;b\n+ 2; SELECT 3', ['SELECT 1 -- a;b\n+ 2', 'SELECT 3']],
  ['a quote in a comment', "-- it's\nSELECT 1; SELECT 2", ['SELECT 1', 'SELECT 2']],
  ['a comment behind the last one', 'SELECT 1; -- done', ['SELECT 1']],
  ['CRLF', 'SELECT 1;\r\nSELECT 2;\r\n', ['SELECT 1', 'SELECT 2']],
  ['a backslash that escapes nothing', "SELECT '\\'; SELECT 2", ["SELECT '\\'", 'SELECT 2']],
  [
    'a mark above a statement belongs to it',
    '-- db-manager:ignore r why\nDROP TABLE a;',
    ['-- db-manager:ignore r why\nDROP TABLE a'],
  ],
  [
    'a mark beside a statement belongs to it',
    'DROP TABLE a; -- db-manager:ignore r why\nDROP TABLE b;',
    ['DROP TABLE a; -- db-manager:ignore r why', 'DROP TABLE b'],
  ],
  [
    'a mark before the semicolon belongs to it',
    'DROP TABLE a -- db-manager:ignore r why\n;',
    ['DROP TABLE a -- db-manager:ignore r why'],
  ],
  ['another comment does not', '-- why\nDROP TABLE a;', ['DROP TABLE a']],
];

const CASES: Record<'postgres' | 'sqlite', [string, string, string[]][]> = {
  postgres: [
    ['dollar quotes', 'SELECT $$a;b$$; SELECT 2', ['SELECT $$a;b$$', 'SELECT 2']],
    ['tags in dollar quotes', 'SELECT $a$ $b$ ; $$ $a$; SELECT 2', ['SELECT $a$ $b$ ; $$ $a$', 'SELECT 2']],
    ['a dollar in a name', 'SELECT a$b$c; SELECT d$b$', ['SELECT a$b$c', 'SELECT d$b$']],
    ['a parameter', 'SELECT $1; SELECT $2', ['SELECT $1', 'SELECT $2']],
    ['nested comments', 'SELECT 1 /* a /* b; */ c; */ + 1; SELECT 2', ['SELECT 1 /* a /* b; */ c; */ + 1', 'SELECT 2']],
    ["E''", "SELECT E'a\\';b'; SELECT 2", ["SELECT E'a\\';b'", 'SELECT 2']],
    ["E'' over lines", "SELECT E'a'\n'b\\';'; SELECT 2", ["SELECT E'a'\n'b\\';'", 'SELECT 2']],
    ["a name that ends in e is not E''", "SELECT type'a\\'; SELECT 2", ["SELECT type'a\\'", 'SELECT 2']],
    ['U&""', 'SELECT U&"a;b"; SELECT 2', ['SELECT U&"a;b"', 'SELECT 2']],
    [
      'BEGIN ATOMIC',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END; SELECT 2',
      ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN 1 END; END', 'SELECT 2'],
    ],
    [
      'a column called end in BEGIN ATOMIC',
      'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT t.end AS case FROM t; END; SELECT 2',
      ['CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT t.end AS case FROM t; END', 'SELECT 2'],
    ],
    ['BEGIN on its own', 'BEGIN; SELECT 1; END;', ['BEGIN', 'SELECT 1', 'END']],
    [
      'rules with several statements',
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
      ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', 'SELECT 3'],
    ],
    ['a hint belongs to its statement', '/*+ SeqScan(t) */ SELECT 1;', ['/*+ SeqScan(t) */ SELECT 1']],
    ['a lone carriage return ends a comment', 'SELECT 1 -- a\r; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ],
  sqlite: [
    ['backticks and brackets', 'SELECT `a;b`, [c;d]; SELECT 2', ['SELECT `a;b`, [c;d]', 'SELECT 2']],
    [
      'comments that do not nest',
      'SELECT 1 /* a /* b */; SELECT 2 /* c; */ + 1',
      ['SELECT 1', 'SELECT 2 /* c; */ + 1'],
    ],
    [
      'a trigger',
      'CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; SELECT CASE WHEN 1 THEN 2 END; END; SELECT 2',
      ['CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; SELECT CASE WHEN 1 THEN 2 END; END', 'SELECT 2'],
    ],
    [
      'a trigger whose last statement ends in CASE … END',
      'CREATE TEMP TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = CASE 1 WHEN 1 THEN 2 END; END',
      ['CREATE TEMP TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = CASE 1 WHEN 1 THEN 2 END; END'],
    ],
    [
      'a column called end',
      'CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET end = begin; END; SELECT 2',
      ['CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET end = begin; END', 'SELECT 2'],
    ],
    ['BEGIN on its own', 'BEGIN; SELECT 1; END;', ['BEGIN', 'SELECT 1', 'END']],
    ['a dollar is no quote', 'SELECT $a; SELECT $$', ['SELECT $a', 'SELECT $$']],
  ],
};

describe('Splitting SQL', () => {
  for (const dialect of DIALECTS) {
    describe(`for ${dialect}`, () => {
      for (const [name, sql, expected] of [...BOTH, ...CASES[dialect]]) {
        it(`knows ${name}`, () => assert.deepEqual(split(sql, dialect), expected));
      }

      it('gives back 10,000 random scripts, with the place of every statement', () => {
        for (let seed = 1; seed <= 10_000; seed += 1) {
          const pick = pickerOf(randomOf(seed));
          const parts = Array.from({ length: pick([1, 2, 3, 4]) }, () => statementOf(pick, dialect));
          const text = pick(['', '\n', '-- first;\n', '/* ; */']) + parts.map((part) => part + pick(GAPS)).join('');
          const found = splitSql(text, dialect, { file: 'x.sql', line: 1 });
          assert.deepEqual(
            found.map(({ sql }) => sql),
            parts,
            `seed ${seed}:\n${text}`,
          );
          const lines = text.split('\n');
          for (const { sql, line, column } of found) {
            const rest = [lines[line - 1]?.slice(column - 1), ...lines.slice(line)].join('\n');
            assert.ok(rest.startsWith(sql), `seed ${seed}: line ${line}, column ${column}\n${text}`);
          }
        }
      });

      it('makes tokens that together are the whole text, for any text', () => {
        const characters = [...'\'"`[]$-/*\\;() \n\rEeUu&aé🙂09._', 'BEGIN', 'ATOMIC', 'END', 'CREATE', 'TRIGGER'];
        for (let seed = 1; seed <= 10_000; seed += 1) {
          const pick = pickerOf(randomOf(seed));
          const text = Array.from({ length: 40 }, () => pick(characters)).join('');
          let at = 0;
          for (const token of tokenize(text, dialect)) {
            assert.equal(token.start, at, `seed ${seed}`);
            assert.ok(token.end > at, `seed ${seed}`);
            at = token.end;
          }
          assert.equal(at, text.length, `seed ${seed}`);
        }
      });

      it('splits a megabyte', () => {
        const row = "INSERT INTO t (a, b) VALUES (1, 'a;b''c'), (2, \"d\"); -- row;\n";
        const statements = split(row.repeat(17_000), dialect);
        assert.equal(statements.length, 17_000);
        assert.equal(new Set(statements).size, 1);
      });
    });
  }

  it('counts lines and columns from the given position', () => {
    const [first, second] = splitSql('  SELECT 1;\n   SELECT 2', 'postgres', { file: 'a/x.sql', line: 7, column: 5 });
    assert.deepEqual(first, { sql: 'SELECT 1', file: 'a/x.sql', line: 7, column: 7 });
    assert.deepEqual(second, { sql: 'SELECT 2', file: 'a/x.sql', line: 8, column: 4 });
  });

  it('finds the place in the file of an offset into a statement', () => {
    const [, statement] = splitSql('SELECT 1;\n  SELECT\n  oops', 'postgres', { file: 'x.sql', line: 1 });
    assert.ok(statement);
    assert.deepEqual(positionAt(statement, statement.sql.indexOf('oops')), { file: 'x.sql', line: 3, column: 3 });
    assert.deepEqual(positionAt(statement, 0), { file: 'x.sql', line: 2, column: 3 });
  });
});
