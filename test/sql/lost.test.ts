import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect } from '../../src/core/model/dialect.ts';
import { lintMigrations } from '../../src/library/lint/lint.ts';
import { loadOne, problemOf } from '../migrations/files.ts';

const BOTH: Dialect[] = ['postgres', 'sqlite'];

/** The file, the position of the fault, and its message. */
const LOST: [string, Dialect[], string, [number, number], RegExp][] = [
  [
    'a comment',
    BOTH,
    'CREATE TABLE x1(id int);\n  /* open\nCREATE TABLE x2(id int);',
    [2, 3],
    /comment .* does not end.*\*\//,
  ],
  ['a comment in a comment', ['postgres'], 'SELECT 1; /* a /* b */ c\nSELECT 2;', [1, 11], /comment .* does not end/],
  ['a comment after the last statement', BOTH, 'SELECT 1;\n/*', [2, 1], /comment .* does not end/],
  ['a string', BOTH, "SELECT 1;\nSELECT 'it''s;\nSELECT 2;", [2, 8], /string .* with ' does not end/],
  ['a string with escapes', ['postgres'], "SELECT E'a\\';\nSELECT 2;", [1, 8], /string .* with E' does not end/],
  ['a string of bits', ['postgres'], "SELECT B'01;\n", [1, 8], /string .* with B' does not end/],
  [
    'a dollar quotation',
    ['postgres'],
    'DO $$ BEGIN END;\nSELECT 2;',
    [1, 4],
    /dollar-quoted text .* \$\$ does not end.*\$\$/,
  ],
  ['a dollar quotation with a tag', ['postgres'], 'DO $a$ $$ x $$ $b$;', [1, 4], /with \$a\$ does not end/],
  ['a quoted name', BOTH, 'SELECT 1 AS "a;\nSELECT 2;', [1, 13], /quoted name .* does not end/],
  ['a name in Unicode', ['postgres'], 'SELECT 1 AS U&"a;', [1, 13], /quoted name .* does not end/],
  ['a name in brackets', ['sqlite'], 'SELECT 1 AS [a;\nSELECT 2;', [1, 13], /quoted name .* with \[ does not end.*\]/],
  ['a name in grave accents', ['sqlite'], 'SELECT 1 AS `a;\nSELECT 2;', [1, 13], /quoted name .* does not end/],
  ['a NUL', BOTH, "SELECT 1;\nSELECT 'a\0b';\nSELECT 2;", [2, 10], /NUL/],
  ['a NUL in a comment', BOTH, '-- \0\nSELECT 2;', [1, 4], /NUL/],
  [
    'what follows a carriage return in a comment',
    ['sqlite'],
    'SELECT 1;\n-- why\rDROP TABLE a;',
    [2, 7],
    /carriage return/,
  ],
  ['a file whose lines end with it', ['sqlite'], '-- why\r\rSELECT 1;\rSELECT 2;', [1, 7], /carriage return/],
  ['what follows a line separator', BOTH, 'SELECT 1;\n-- why\u2028DROP TABLE a;', [2, 7], /line separator of Unicode/],
  ['what follows a next line', BOTH, '-- why\u0085SELECT 1;\nSELECT 2;', [1, 7], /line separator of Unicode/],
  ['rows of a dump', BOTH, "SELECT 1;\nCOPY t FROM stdin CSV;\n1,it's\n\\.\n", [2, 1], /COPY … FROM stdin needs psql/],
  [
    'rows of a dump with columns',
    BOTH,
    'COPY public.t (a, "b c")\n FROM STDIN WITH (FORMAT csv);\n1,"x\n\\.\n',
    [1, 1],
    /COPY … FROM stdin needs psql/,
  ],
  ['a byte order mark between two files', BOTH, 'SELECT 1;\n\uFEFFCREATE TABLE a(id int);', [2, 1], /byte order mark/],
];

/** What looks like it and is whole. */
const WHOLE: [string, Dialect[], number][] = [
  ["SELECT 1 -- it's /* open", BOTH, 1],
  ['/* a /* b */ SELECT 1;', ['sqlite'], 1],
  ['/* a /* b */ c */ SELECT 1;', ['postgres'], 1],
  ["SELECT '/*'; SELECT 2;", BOTH, 2],
  ['SELECT $$ /* \' " $$; SELECT 2', ['postgres'], 2],
  ["SELECT E'it\\'s'\n'more'", ['postgres'], 1],
  ['\uFEFFSELECT 1;', BOTH, 1],
  ["SELECT '\uFEFF';", BOTH, 1],
  ["SELECT 1; -- why\r\nSELECT 'a\rb';", BOTH, 2],
  ["-- copy from stdin;\nSELECT 'it''s';", BOTH, 1],
];

const FORMATS: [string, (sql: string) => { name: string; text: string; line: number }][] = [
  ['plain', (sql) => ({ name: '1_a.sql', text: sql, line: 0 })],
  ['dbmate', (sql) => ({ name: '1_a.sql', text: `-- migrate:up\n${sql}\n-- migrate:down\nSELECT 1;\n`, line: 1 })],
  ['goose', (sql) => ({ name: '1_a.sql', text: `-- +goose Up\n${sql}\n-- +goose Down\nSELECT 1;\n`, line: 1 })],
  ['flyway', (sql) => ({ name: 'V1__a.sql', text: sql, line: 0 })],
  ['golang-migrate', (sql) => ({ name: '1_a.up.sql', text: sql, line: 0 })],
];

describe('SQL of which a part would be lost', () => {
  for (const [what, dialects, sql, [line, column], message] of LOST) {
    for (const dialect of dialects) {
      it(`is refused with its place: ${what} on ${dialect}`, async () => {
        for (const [format, file] of FORMATS) {
          const { name, text, line: above } = file(sql);
          const problem = await problemOf(() => loadOne(name, text, dialect));
          assert.equal(problem.reason, 'InvalidMigration', format);
          assert.match(problem.message, message);
          assert.deepEqual(problem.position, { file: name, line: line + above, column }, format);
        }
      });
    }
  }

  for (const [sql, dialects, count] of WHOLE) {
    for (const dialect of dialects) {
      it(`is not ${JSON.stringify(sql)} on ${dialect}`, async () => {
        const { up } = await loadOne('1_a.sql', sql, dialect);
        assert.equal(up.kind === 'sql' && up.statements.length, count);
      });
    }
  }

  it('is an error of lint, at its place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lost-'));
    try {
      await writeFile(join(folder, '1_a.sql'), 'CREATE TABLE x1(id int);\n/* open\nCREATE TABLE x2(id int);\n');
      for (const dialect of BOTH) {
        const { findings, safe } = await lintMigrations({ migrations: folder, dialect, cwd: folder, env: {} });
        assert.equal(safe, false);
        const [finding] = findings.filter(({ rule }) => rule === 'invalid-migration');
        assert.deepEqual(finding?.position, { file: '1_a.sql', line: 2, column: 1 });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
