import assert from 'node:assert/strict';
import type { Dialect } from '../../../src/core/model/dialect.ts';
import { checkMigrations } from '../../../src/core/safety/check.ts';
import type { Example, Rule } from '../../../src/core/safety/rule.ts';
import { RULES } from '../../../src/core/safety/rules.ts';
import { loadParser, type Parser } from '../../../src/migrations/statements/parser.ts';
import { dialectOf, readExample } from './read-example.ts';

describe('safety rules', () => {
  let parsers: Record<Dialect, Parser>;

  before(async () => {
    parsers = { postgres: await loadParser('postgres'), sqlite: await loadParser('sqlite') };
  });

  /** The findings of the rule for an example, with the other rules that examples of ignoring need. */
  function findings(rule: Rule, example: Example) {
    const { migration, given, server } = readExample(rule, example, parsers[dialectOf(rule, example)]);
    const broken = [...given, migration].flatMap(({ statements }) => statements.flatMap(({ unread = [] }) => unread));
    if (rule.id !== 'unreadable-statement') assert.deepEqual(broken, [], example.sql);
    return checkMigrations([migration], RULES, { server, given, ignore: [] }).filter((one) => one.rule === rule.id);
  }

  for (const rule of RULES) {
    describe(rule.id, () => {
      for (const example of rule.examples.bad) {
        it(`finds ${nameOf(example)}`, () => {
          const found = findings(rule, example);
          assert.notEqual(found.length, 0);
          for (const { message, advice } of found) {
            assert.match(message, /[.!?]$/);
            assert.ok(advice.length > 0);
            assert.doesNotMatch(`${message} ${advice}`, /undefined|\[object/);
          }
        });
      }
      for (const example of rule.examples.good) {
        it(`leaves ${nameOf(example)} alone`, () => assert.deepEqual(findings(rule, example), []));
      }

      it('has a bad case for each of its databases, and a good one', () => {
        for (const dialect of rule.dialects) {
          assert.ok(
            rule.examples.bad.some((example) => dialectOf(rule, example) === dialect),
            dialect,
          );
        }
        assert.ok(rule.examples.good.length > 0);
      });

      it('has a rationale in sentences', () => {
        assert.match(rule.id, /^[a-z]+(?:-[a-z]+)+$|^[a-z]+$/);
        assert.match(rule.title, /^[A-Z].*\.$/s);
        assert.match(rule.why, /^[A-Za-z].*(?:\.|https:\S+)$/s);
      });

      it('mentions only servers that it applies to', () => {
        const [example] = rule.examples.bad;
        assert.ok(example);
        for (const version of [(rule.since ?? 1) - 1, rule.until]) {
          if (version === undefined || version === 0) continue;
          assert.deepEqual(findings(rule, { ...example, version }), []);
        }
      });
    });
  }

  it('have ids of their own', () => {
    const ids = RULES.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length >= 45);
  });
});

function nameOf({ sql, version, transaction, opaque, code, imports = [], dialect }: Example): string {
  const about = [
    ...(dialect === undefined ? [] : [dialect]),
    ...(version === undefined ? [] : [String(version)]),
    ...(transaction === false ? ['outside a transaction'] : []),
    ...(opaque === true ? ['opaque'] : []),
    ...(code === true ? ['code'] : []),
    ...imports,
  ];
  return `${sql.replace(/\s+/g, ' ').trim() || 'nothing'}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
}
