import assert from 'node:assert/strict';
import type { Dialect } from '../../../src/core/model/dialect.ts';
import { canonicalDefault } from '../../../src/core/schema/defaults.ts';
import { canonicalExpression, canonicalStatement } from '../../../src/core/schema/expressions.ts';
import { canonicalType } from '../../../src/core/schema/types.ts';

/** What an author writes, and what PostgreSQL 15 prints of it (pg_get_expr, pg_get_constraintdef). */
const SAME_IN_POSTGRES: [string, string][] = [
  ["status IN ('a','b')", "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))"],
  [
    "status IN ('a','b')",
    "((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
  ],
  [
    "status NOT IN ('a','b')",
    "((status)::text <> ALL ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
  ],
  ['not a in (1, 2)', '(a <> ALL (ARRAY[1, 2]))'],
  ['a > 0 and b<5 AND c', '(((a > (0)::numeric) AND (b < 5)) AND c)'],
  ["name LIKE 'x%' or not (a)", "(((name)::text ~~ 'x%'::text) OR (NOT a))"],
  ["name NOT ILIKE 'x%'", "((name)::text !~~* 'x%'::text)"],
  ['a BETWEEN 1 AND 5', '((a >= 1) AND (a <= 5))'],
  ["now() + interval '1 day'", "(now() + '1 day'::interval)"],
  ['CURRENT_TIMESTAMP', 'now()'],
  ['"createdAt" IS NOT NULL', '("createdAt" IS NOT NULL)'],
  ['lower(email)', 'lower((email)::text)'],
  ['a - (b - c)', '(a - (b - c))'],
  ['a - b - c', '((a - b) - c)'],
  ['extract(year from d) > 2000', '(EXTRACT(year FROM d) > (2000)::numeric)'],
  ["data->>'k' = 'v'", "((data ->> 'k'::text) = 'v'::text)"],
  ["ts AT TIME ZONE 'UTC'", "timezone('UTC'::text, ts)"],
  ['-1', "'-1'::integer"],
  ['a > -1', "(a > '-1'::integer)"],
  ['case when a then 1 else 2 end', 'CASE\n    WHEN a THEN 1\n    ELSE 2\nEND'],
  ['coalesce(a, 0) * 2 + 1 >= 3', '(((COALESCE(a, 0) * 2) + 1) >= 3)'],
  ['cast(price as integer) > 1', '((price)::integer > 1)'],
  ['array[]::text[]', "'{}'::text[]"],
  ["array['a','b']", "'{a,b}'::text[]"],
  ['a = 1 or b = 2 and c = 3', '((a = 1) OR ((b = 2) AND (c = 3)))'],
  ['a != b', '(a <> b)'],
  ['a IS DISTINCT FROM b', '(a IS DISTINCT FROM b)'],
  ["nextval('s')", "nextval('s'::regclass)"],
  ['a /* why */ > 0 -- so', 'a > 0'],
];

const DIFFERENT: [Dialect, string, string][] = [
  ['postgres', 'a - (b - c)', 'a - b - c'],
  ['postgres', '(a or b) and c', 'a or b and c'],
  ['postgres', "a = 'x'", "a = 'X'"],
  ['postgres', '"A" > 0', 'a > 0'],
  ['postgres', 'a::date', 'a::timestamp'],
  ['postgres', 'a in (1, 2)', 'a in (1, 3)'],
  ['postgres', "a = ' x'", "a = 'x'"],
  ['postgres', 'not (a and b)', 'not a and b'],
  ['postgres', '-(a + b)', '-a + b'],
  ['sqlite', "strftime('%s', 'now')", "strftime('%d', 'now')"],
];

const SAME_IN_SQLITE: [string, string][] = [
  ['"Price" > 0', 'price>0'],
  ['`a` == [b]', 'a = b'],
  ["CHECKED <> ''", "checked != ''"],
  ['(a > 0)', 'a > 0'],
];

describe('expressions that mean the same', () => {
  for (const [written, printed] of SAME_IN_POSTGRES) {
    it(`PostgreSQL: ${written}`, () =>
      assert.equal(canonicalExpression('postgres', printed), canonicalExpression('postgres', written)));
  }
  for (const [one, other] of SAME_IN_SQLITE) {
    it(`SQLite: ${one}`, () => assert.equal(canonicalExpression('sqlite', one), canonicalExpression('sqlite', other)));
  }
});

describe('expressions that do not', () => {
  for (const [dialect, one, other] of DIFFERENT) {
    it(`${dialect}: ${one} is not ${other}`, () =>
      assert.notEqual(canonicalExpression(dialect, one), canonicalExpression(dialect, other)));
  }

  it('compares what is beyond the grammar token by token, and never fails', () => {
    for (const text of ['a IN (SELECT 1)', 'count(*) OVER (ORDER BY a)', '((', ')', 'a b c', "'open", '']) {
      assert.equal(typeof canonicalExpression('postgres', text), 'string');
      assert.equal(canonicalExpression('sqlite', `  ${text}`), canonicalExpression('sqlite', text));
    }
    assert.equal(canonicalStatement('sqlite', 'SELECT  a\nFROM t;'), canonicalStatement('sqlite', 'select a from "t"'));
  });
});

describe('types', () => {
  const SAME: [string, string][] = [
    ['VARCHAR(255)', 'character varying(255)'],
    ['int', 'integer'],
    ['INT8', 'bigint'],
    ['BIGSERIAL', 'bigint'],
    ['DECIMAL(10)', 'numeric(10,0)'],
    ['numeric (20, 8)', 'numeric(20,8)'],
    ['TIMESTAMPTZ', 'timestamp with time zone'],
    ['timestamptz(3)', 'timestamp(3) with time zone'],
    ['TIME', 'time without time zone'],
    ['FLOAT(11)', 'real'],
    ['FLOAT', 'double precision'],
    ['CHAR', 'character(1)'],
    ['INTEGER[][]', 'integer[]'],
    ['public.mood', 'mood'],
    ['INT4RANGE', 'int4range'],
    ['BOOL', 'boolean'],
  ];
  for (const [one, other] of SAME) {
    it(`${one} is ${other} in PostgreSQL`, () =>
      assert.equal(canonicalType('postgres', one), canonicalType('postgres', other)));
  }

  it('are what was declared in SQLite, but for case and spaces', () => {
    assert.equal(canonicalType('sqlite', 'decimal (20, 8)'), 'DECIMAL(20,8)');
    assert.notEqual(canonicalType('sqlite', 'INT'), canonicalType('sqlite', 'INTEGER'));
  });

  it('with quotes keep their case', () => {
    assert.notEqual(canonicalType('postgres', '"Mood"'), canonicalType('postgres', 'mood'));
    assert.equal(canonicalType('postgres', '"Other"."Mood"[]'), '"Other"."Mood"[]');
  });
});

describe('defaults', () => {
  const SAME: [string, string, string][] = [
    ['integer', '0', "'0'::integer"],
    ['numeric(10,2)', '0', '0.00'],
    ['numeric(10,2)', "'1.50'", '1.5'],
    ['bigint', "'9007199254740993'", "'9007199254740993'::bigint"],
    ['boolean', 'true', "'t'::boolean"],
    ['jsonb', `'{"b":1,"a":2}'`, `'{"a": 2, "b": 1}'::jsonb`],
    [
      'timestamp with time zone',
      "'2024-01-02 03:04:05.006 +00:00'",
      "'2024-01-02 03:04:05.006+00'::timestamp with time zone",
    ],
    ['timestamp with time zone', 'CURRENT_TIMESTAMP', 'now()'],
    ['text[]', 'ARRAY[]::TEXT[]', "'{}'::text[]"],
    ['text', "'x'", "'x'::text"],
  ];
  for (const [type, one, other] of SAME) {
    it(`${one} of a ${type} is ${other}`, () =>
      assert.equal(canonicalDefault('postgres', one, type), canonicalDefault('postgres', other, type)));
  }

  it('of NULL is not a default', () => assert.equal(canonicalDefault('postgres', 'NULL::text', 'text'), undefined));

  it('of a text that looks like a number, a date or JSON is that text', () => {
    assert.notEqual(canonicalDefault('postgres', "'007'", 'text'), canonicalDefault('postgres', "'7'", 'text'));
    assert.notEqual(canonicalDefault('postgres', "'1.0'", 'text'), canonicalDefault('postgres', "'1'", 'text'));
    assert.notEqual(canonicalDefault('sqlite', "'t'", 'TEXT'), canonicalDefault('sqlite', "'true'", 'TEXT'));
    assert.notEqual(canonicalDefault('sqlite', "'{ }'", 'TEXT'), canonicalDefault('sqlite', "'{}'", 'TEXT'));
  });

  it('of large numbers are compared digit by digit', () => {
    assert.notEqual(
      canonicalDefault('postgres', '9007199254740993', 'bigint'),
      canonicalDefault('postgres', '9007199254740992', 'bigint'),
    );
  });
});
