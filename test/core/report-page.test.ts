import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { KeptReport } from '../../src/core/model/run-details.ts';
import { reportMarkdown } from '../../src/core/report-page/markdown.ts';
import { reportPage } from '../../src/core/report-page/page.ts';
import { redactKeptReport } from '../../src/engine/redact-report.ts';
import { redactSql } from '../../src/sql/redact.ts';

const HOSTILE = `</pre></code><script>alert('1')</script> & "double" \u202e\u0007`;

function report(change: Partial<KeptReport> = {}): KeptReport {
  return {
    version: 1,
    runId: 'run-1',
    attempt: 1,
    toolVersion: '0.1.0',
    startedAt: '2026-11-28T10:00:00.000Z',
    finishedAt: '2026-11-28T10:01:15.000Z',
    result: 'succeeded',
    reason: 'Migrated',
    message: '2 migrations applied.',
    retry: 'never',
    touched: true,
    dryRun: false,
    steps: [{ step: 'apply', kind: 'done', message: 'both', at: '2026-11-28T10:01:00.000Z', seconds: 62 }],
    database: 'postgres://db:5432/shop',
    plan: { digest: 'sha256:0', direction: 'up', migrations: ['1_a', '2_b'] },
    applied: [{ revision: '1_a', seconds: 0.5 }],
    ...change,
  };
}

const SOURCES = [{ revision: '1_a', file: '1_a.sql', text: 'CREATE TABLE a (\n  id int\n);\nDELETE FROM b;\n' }];

describe('the page of a run', () => {
  it('shows a finding after the line that it names', () => {
    const page = reportPage(
      report({
        details: { sources: SOURCES },
        safety: {
          result: 'Warned',
          checks: [],
          findings: [
            {
              rule: 'delete-without-where',
              severity: 'warning',
              message: 'Deletes every row of b.',
              advice: 'Add WHERE.',
              migration: '1_a',
              position: { file: '1_a.sql', line: 4, column: 1 },
            },
          ],
        },
      }),
    );
    const code = page.slice(page.indexOf('<pre class="sql"'), page.indexOf('</pre>'));
    const lines = [...code.matchAll(/data-line="([^"]*)"[^>]*>(?:<span[^>]*>)?([^<]*)/g)].map(([, line, text]) => [
      line,
      text,
    ]);
    assert.deepEqual(lines.slice(0, 5), [
      ['1', 'CREATE TABLE a ('],
      ['2', '  id int'],
      ['3', ');'],
      ['4', 'DELETE FROM b;'],
      ['^', 'Warning delete-without-where:'],
    ]);
  });

  it('loses no finding: not of a file that it does not have, not beyond the end of a cut file, not without a migration', () => {
    const finding = (message: string, rest: object) => ({
      rule: 'drop-table',
      severity: 'error' as const,
      message,
      advice: 'Do not.',
      ...rest,
    });
    const page = reportPage(
      report({
        details: { sources: SOURCES },
        safety: {
          result: 'Blocked',
          checks: [],
          findings: [
            finding('In another file.', { migration: '1_a', position: { file: 'other.sql', line: 1, column: 1 } }),
            finding('Beyond the end.', { migration: '1_a', position: { file: '1_a.sql', line: 900, column: 1 } }),
            finding('Without a migration.', {}),
          ],
        },
      }),
    );
    for (const message of ['In another file.', 'Beyond the end.', 'Without a migration.']) {
      assert.ok(page.includes(`</span> ${message}`), message);
    }
  });

  it('escapes every text, from every source', () => {
    const hostile = report({
      message: HOSTILE,
      database: HOSTILE,
      toolVersion: HOSTILE,
      runId: HOSTILE,
      steps: [{ step: 'apply', kind: 'failed', message: HOSTILE, at: HOSTILE, seconds: 1 }],
      plan: { digest: HOSTILE, direction: 'up', migrations: [HOSTILE] },
      applied: [{ revision: HOSTILE, seconds: 1 }],
      backup: { name: HOSTILE, path: HOSTILE, sizeBytes: 1, sha256: HOSTILE, takenAt: HOSTILE, verifiedBy: 'Checksum' },
      failure: {
        reason: 'MigrationFailed',
        message: `of the failure ${HOSTILE}`,
        statement: HOSTILE,
        code: HOSTILE,
        migration: HOSTILE,
      },
      rehearsal: {
        result: 'Full',
        message: HOSTILE,
        seconds: 1,
        roundTrip: 'passed',
        migrations: [
          {
            revision: HOSTILE,
            seconds: 1,
            statements: 1,
            locks: [{ table: HOSTILE, mode: HOSTILE }],
            rewrites: [HOSTILE],
            rows: [{ table: HOSTILE, before: 1, after: null }],
          },
        ],
      },
      safety: {
        result: 'Warned',
        checks: [{ name: HOSTILE, result: 'failed', message: HOSTILE }],
        findings: [{ rule: HOSTILE, severity: 'error', message: HOSTILE, advice: HOSTILE, migration: HOSTILE }],
      },
      schema: { before: [HOSTILE], after: [HOSTILE] },
      details: {
        sources: [{ revision: HOSTILE, file: HOSTILE, text: HOSTILE }],
        schema: {
          changes: [{ what: HOSTILE, before: HOSTILE, after: HOSTILE }],
          diagram: {
            lines: [],
            boxes: [
              {
                name: HOSTILE,
                mark: 'added',
                columns: [{ name: HOSTILE, type: HOSTILE, keys: [], nullable: false, mark: 'added' }],
              },
            ],
          },
        },
      },
    });
    const page = reportPage(hostile);
    assert.equal(page.match(/<script/g)?.length, 1, 'only the script of the page');
    assert.ok((page.match(/&lt;script&gt;/g)?.length ?? 0) > 20);
    for (const character of ['\u0007', '\u202e']) assert.equal(page.includes(character), false);
  });

  it('needs no network, and its policy allows its own style and script only', () => {
    const page = reportPage(report({ details: { sources: SOURCES } }));
    assert.doesNotMatch(page, /(?:src|href)="(?!#)/);
    const hash = (tag: string) => {
      const text = page.slice(page.indexOf(`<${tag}>`) + tag.length + 2, page.indexOf(`</${tag}>`));
      return `${tag}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };
    assert.ok(page.includes(hash('style')), 'style');
    assert.ok(page.includes(hash('script')), 'script');
    assert.ok(page.includes("default-src 'none'"));
  });

  it('shows the next command, what was not applied, and how long it took', () => {
    const page = reportPage(report({ result: 'failed', reason: 'LockTimeout', message: 'waited' }));
    assert.match(page, /What to do next:<\/span> \S/);
    assert.match(page, /2_b<\/h3> <span class="soft">not applied/);
    assert.match(page, /1 min 15 s/);
    assert.match(page, /1 of 2 applied/);
  });
});

describe('a report without literals', () => {
  it('keeps names, lines and comments of SQL', () => {
    const cases: [string, string][] = [
      ["INSERT INTO t VALUES (1, 'a''b', 2.5e3);", "INSERT INTO t VALUES (?, '?', ?);"],
      ["SELECT E'x\\'y', $$it's 5$$, \"a1\" -- 'kept' 5", "SELECT '?', $$it's 5$$, \"a1\" -- 'kept' 5"],
      ["SELECT 'two\nlines', col1 FROM t2", "SELECT '?\n', col1 FROM t2"],
      ["DO $f$ BEGIN PERFORM pay('4111', 99); END $f$", "DO $f$ BEGIN PERFORM pay('?', ?); END $f$"],
    ];
    for (const [sql, wanted] of cases) {
      // An unfinished string in a body is a body that is not SQL: it is replaced to its end.
      const found = redactSql(sql, 'postgres');
      if (sql.includes("$$it's")) assert.ok(!found.includes('s 5$$,'), found);
      else assert.equal(found, wanted);
      assert.equal(found.split('\n').length, sql.split('\n').length);
    }
  });

  it('has none in the sources, in statements and in what the server quotes', () => {
    const cleaned = redactKeptReport(
      report({
        message: 'Key (email)=(ada@example.com) already exists.',
        failure: {
          reason: 'MigrationFailed',
          message: 'failed',
          statement: "INSERT INTO t VALUES ('ada@example.com')",
        },
        details: {
          dialect: 'postgres',
          sources: [
            { revision: '1_a', file: '1_a.sql', text: "UPDATE t SET mail = 'ada@example.com';" },
            {
              revision: '2_b',
              file: '2_b.mjs',
              text: "await q.bulkInsert('t', [{ mail: `ada@example.com`, n: 77 }]); // t2",
            },
          ],
        },
      }),
    );
    const text = JSON.stringify(cleaned);
    assert.doesNotMatch(text, /ada@example|77/);
    assert.match(text, /UPDATE t SET mail = /);
    assert.match(text, /bulkInsert/);
    assert.match(text, /Key \(email\)=/);
  });
});

describe('the comment of a run', () => {
  const hostile = `@everyone | <img src=x> [link](https://evil.example) \`code\` \n| a | b |`;
  const rows = [{ table: `public.${hostile}`, before: 3, after: 0 }];
  const migration = { revision: '1_a', seconds: 0.25, statements: 1, locks: [], rewrites: [], rows };

  it('lets no text of a migration or a server become markup, a mention or a link', () => {
    const text = reportMarkdown(
      report({
        result: 'failed',
        reason: 'RehearsalFailed',
        message: hostile,
        failure: { reason: 'RehearsalFailed', message: hostile, statement: '```\n@everyone\n````' },
        rehearsal: { result: 'Failed', message: '', seconds: 1, roundTrip: 'skipped', migrations: [migration] },
      }),
    );
    assert.match(text, /^<!-- db-manager report -->\n\n### ❌ Failed: RehearsalFailed\n/);
    const [before = '', after = ''] = text.split(/`````sql\n[\s\S]*?\n`````\n/);
    assert.notEqual(after, '', 'the fence is longer than any in the statement');
    assert.doesNotMatch(before + after, /@everyone|<img|\]\(https:|https:\/\//);
    for (const line of after.split('\n').filter((one) => one.startsWith('|')))
      assert.equal(line.match(/(?<!\\)\|/g)?.length, 5, line);
  });

  it('stays below the length that GitHub takes', () => {
    const migrations = Array.from({ length: 3_000 }, (_, n) => `${n}_${'x'.repeat(150)}`);
    const text = reportMarkdown(report({ plan: { digest: 'sha256:0', direction: 'up', migrations } }));
    assert.ok(text.length < 65_536);
    assert.match(text, /2900 more are in the page of the run/);
  });
});
