import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ruleIds } from '../../src/core/safety/rule-ids.ts';
import { RULES } from '../../src/core/safety/rules.ts';
import { findSquawk, postgresCases, runSquawk } from './run-squawk.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const PAGE = join(DOCS, 'guides', 'squawk.md');
const RESULTS = join(DOCS, 'reference', 'squawk-results.md');

/** Of squawk 2.66.0: every name that its --include takes. */
const RULES_OF_SQUAWK = `adding-field-with-default adding-foreign-key-constraint adding-not-nullable-field
  adding-required-field adding-serial-primary-key-field ban-alter-domain-with-add-constraint ban-char-field
  ban-concurrent-index-creation-in-transaction ban-create-domain-with-constraint ban-drop-column ban-drop-database
  ban-drop-not-null ban-drop-table ban-duplicate-column-assignments ban-truncate-cascade ban-uncommitted-transaction
  changing-column-type constraint-missing-not-valid disallowed-unique-constraint identifier-too-long
  prefer-bigint-over-int prefer-bigint-over-smallint prefer-identity prefer-repack prefer-robust-stmts
  prefer-text-field prefer-timestamp-tz renaming-column renaming-table require-concurrent-index-creation
  require-concurrent-index-deletion require-concurrent-partition-detach require-concurrent-reindex
  require-enum-value-ordering require-lock-timeout require-statement-timeout require-table-schema
  require-timeout-settings transaction-nesting`.split(/\s+/);

/** Of strong_migrations 2: the keys of its error messages. */
const CHECKS_OF_STRONG_MIGRATIONS = `add_column_default add_column_default_callable add_column_json
  add_column_generated_stored add_column_auto_incrementing change_column change_column_with_not_null
  change_column_constraint remove_column rename_column rename_schema rename_table add_reference add_index remove_index
  add_index_columns add_index_corruption change_table create_table execute change_column_default change_column_null
  change_column_null_postgresql change_column_null_mysql add_foreign_key validate_foreign_key add_check_constraint
  add_check_constraint_mysql validate_check_constraint add_exclusion_constraint add_unique_constraint`.split(/\s+/);

interface Row {
  rule: string;
  squawk: string[];
  found: string;
  objected: string;
}

describe('the pages about squawk and strong_migrations', () => {
  const page = readFileSync(PAGE, 'utf8');
  const results = readFileSync(RESULTS, 'utf8');
  const ours = new Set(ruleIds());
  const cases = postgresCases(RULES);
  const rows = section(results, 'Rule by rule').map(
    ([rule = '', squawk = '', found = '', objected = '']): Row => ({
      rule: names(rule)[0] ?? '',
      squawk: names(squawk),
      found,
      objected,
    }),
  );

  it('has a row for every rule of PostgreSQL, and for no other', () => {
    const rules = RULES.filter(({ dialects }) => dialects.includes('postgres')).map(({ id }) => id);
    assert.deepEqual(rows.map(({ rule }) => rule).sort(), rules.sort());
  });

  it('has an answer for every rule of squawk', () => {
    const answered = section(page, 'Every rule of squawk');
    assert.deepEqual(answered.flatMap(([theirs = '']) => names(theirs)).sort(), RULES_OF_SQUAWK.sort());
    for (const [theirs, answer = ''] of answered) assert.ok(answer.length > 0, theirs);
  });

  it('has an answer for every check of strong_migrations', () => {
    const answered = section(page, 'Every check of strong_migrations');
    assert.deepEqual(answered.flatMap(([theirs = '']) => names(theirs)).sort(), CHECKS_OF_STRONG_MIGRATIONS.sort());
    for (const [theirs, answer = ''] of answered) assert.ok(answer.length > 0, theirs);
  });

  it('names only rules that exist', () => {
    const answers = [...section(page, 'Every rule of squawk'), ...section(page, 'Every check of strong_migrations')];
    const named = answers.flatMap(([, answer = '']) =>
      names(answer).filter((name) => /^[a-z]+(?:-[a-z0-9]+)+$/.test(name)),
    );
    assert.ok(named.length > 30);
    assert.deepEqual(
      named.filter((name) => !ours.has(name)),
      [],
    );
    const known = new Set(RULES_OF_SQUAWK);
    assert.deepEqual(
      rows.flatMap(({ squawk }) => squawk).filter((name) => !known.has(name)),
      [],
    );
  });

  it('counts as many cases as the rules have', () => {
    for (const { rule, found, objected } of rows) {
      const of = (kind: string) => cases.filter((one) => one.rule === rule && one.kind === kind).length;
      assert.equal(total(found), of('bad'), `bad cases of ${rule}`);
      assert.equal(total(objected), of('good'), `good cases of ${rule}`);
    }
  });

  it('gives the numbers that squawk gives', function () {
    const squawk = findSquawk(process.env);
    if (squawk === undefined) {
      // It is not a dependency. SQUAWK=<path> or a squawk on the PATH checks the numbers of the page again.
      this.skip();
    }
    const version = execFileSync(squawk, ['--version'], { encoding: 'utf8' }).trim();
    assert.ok(results.includes(version), `the page is of another version than ${version}`);
    const reported = runSquawk(squawk, cases);
    const wrong = rows.flatMap(({ rule, squawk: theirs, found, objected }) => {
      const count = (kind: string) =>
        cases.filter(
          (one, i) => one.rule === rule && one.kind === kind && theirs.some((name) => reported[i]?.has(name)),
        ).length;
      const now = [`${count('bad')} of ${total(found)}`, `${count('good')} of ${total(objected)}`];
      return now[0] === found && now[1] === objected ? [] : [`${rule}: ${now.join(', ')}`];
    });
    assert.deepEqual(wrong, []);
  });
});

/** The rows of the table under a heading, as cells. */
function section(page: string, heading: string): string[][] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

function total(cell: string): number {
  return Number(/ of (\d+)$/.exec(cell)?.[1]);
}
