import type { Dialect } from '../../src/core/model/dialect.ts';

/** A small seeded generator (mulberry32), so that a failing case can be run again by its seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export type Pick = <T>(choices: readonly T[]) => T;

export function pickerOf(random: () => number): Pick {
  return (choices) => {
    const choice = choices[Math.floor(random() * choices.length)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  };
}

const SHARED = [
  "'a;b'",
  "'it''s; --'",
  "'/* no comment;'",
  '"a;b"',
  '"say ""hi;"""',
  '/* ; */ 1',
  '-- ; a comment\n',
  'x',
  '42',
  '3.14e10',
  'a.b',
  '(1, 2)',
  'CASE WHEN 1 THEN 2 END',
  'é_ü',
  "''",
  '- 1',
  "'multi\nline;'",
];

const POSTGRES = [
  '$$;$$',
  '$tag$ $$ ; $other$ ; $tag$',
  // With something behind them: a string on the next line would go on with them.
  "E'\\';' || x",
  "E'a\\\\' || x",
  "E'a'\n  'b\\';' || x",
  "U&'\\0041;'",
  'U&"d\\0061t;"',
  '/* a /* nested; */ ; */ 1',
  '(SELECT 1; SELECT 2)',
  "B'1010'",
  'a$1$b',
  '$1',
  "'\\'",
  'x::text[]',
];

const SQLITE = ['`a;b`', '[a;b]', '`a``;`', "x'00'", '/* a /* not nested; */ 1', "'\\'", '?1', ':name', '@x', '$name'];

/** One statement's text, without a semicolon at its end, without a comment at either end. */
export function statementOf(pick: Pick, dialect: Dialect): string {
  const words = dialect === 'postgres' ? [...SHARED, ...POSTGRES] : [...SHARED, ...SQLITE];
  const body = Array.from({ length: pick([1, 2, 3, 5, 8]) }, () => pick(words)).join(pick([' ', '\n', '\t']));
  const inside = () => `SELECT ${pick(words)} ;`;
  switch (pick(['plain', 'plain', 'plain', 'body'])) {
    case 'body':
      return dialect === 'postgres'
        ? `CREATE ${pick(['', 'OR REPLACE '])}FUNCTION f(a int) RETURNS int BEGIN ATOMIC ${inside()} SELECT CASE WHEN a THEN 1 END AS end; END`
        : `CREATE ${pick(['', 'TEMP ', 'temporary '])}TRIGGER t AFTER INSERT ON x WHEN CASE 1 WHEN 1 THEN 1 END BEGIN ${inside()} UPDATE x SET a = CASE WHEN 1 THEN 2 END; END`;
    default:
      return `SELECT ${body} FROM t`;
  }
}

/** What may stand between two statements. */
export const GAPS = [';', ';\n', ' ; ', ';;', ';\n\n-- between; them\n', '; /* between; them */ ', ';\t;\n'];
