/** What `kubectl describe` shows of a status: each fact once, in few lines. */
import assert from 'node:assert/strict';
import type { Finding } from '../../../src/core/model/finding.ts';
import { effectText, secondsText } from '../../../src/core/reconcile/effect-text.ts';
import { safetyStatus } from '../../../src/core/reconcile/safety-status.ts';
import { statusFromReport } from '../../../src/core/reconcile/status-from-report.ts';
import { report, resource, START } from './reconcile-harness.ts';

const RUN = { id: 'bot-1', attempt: 1 };

describe('the effects of a migration', () => {
  const nothing = { revision: '2_b', seconds: 0.034115964999, statements: 1, locks: [], rewrites: [], rows: [] };
  const cases: [string, Parameters<typeof effectText>[0], string][] = [
    ['are its time, rounded', nothing, '2_b: 0.034 s, 1 statement'],
    [
      'are locks, rewrites and rows in one line',
      {
        ...nothing,
        statements: 3,
        locks: [{ table: 'public.a', mode: 'AccessExclusiveLock', seconds: 1.26 }],
        rewrites: ['public.a'],
        rows: [
          { table: 'public.a', before: 3, after: 0 },
          { table: 'public.n', before: null, after: 1 },
          { table: 'public.o', before: 4, after: null },
        ],
      },
      '2_b: 0.034 s, 3 statements; AccessExclusiveLock on public.a for 1.3 s; rewrites public.a; public.a 3 -> 0 rows; public.n new, 1 row; public.o 4 rows dropped with the table',
    ],
    [
      'name a few tables and count the others',
      { ...nothing, rewrites: ['a', 'b', 'c', 'd', 'e'] },
      '2_b: 0.034 s, 1 statement; rewrites a, b, c, and 2 more',
    ],
  ];
  for (const [title, effects, text] of cases) it(title, () => assert.equal(effectText(effects), text));

  it('are the slowest five of a run, in the order of the plan', () => {
    const migrations = Array.from({ length: 12 }, (_, i) => ({ ...nothing, revision: `${i}_m`, seconds: i % 2 }));
    const rehearsal = { result: 'Full', message: 'm', seconds: 0.1234, roundTrip: 'passed', migrations } as const;
    const status = statusFromReport(resource(), report(RUN, START, { rehearsal: { ...rehearsal, migrations } }), START);
    assert.deepEqual(
      status.rehearsal?.migrations.map((line) => line.split(':')[0]),
      ['1_m', '3_m', '5_m', '7_m', '9_m'],
    );
    assert.deepEqual([status.rehearsal?.more, status.rehearsal?.seconds], [7, 0.12]);
  });

  it('have seconds that a person reads', () => {
    assert.deepEqual([0, 0.0004, 0.0123, 0.999, 1, 61.26].map(secondsText), [
      '0 s',
      '0 s',
      '0.012 s',
      '1 s',
      '1 s',
      '61.3 s',
    ]);
  });
});

describe('the findings of a run', () => {
  const finding = (rule: string, severity: Finding['severity'], line: number, statement: string): Finding => ({
    rule,
    severity,
    message: `${rule} finds line ${line}`,
    advice: `do ${rule} otherwise`,
    migration: '1_a',
    statement,
    position: { file: '1_a.sql', line, column: 1 },
  });
  const of = (findings: Finding[], checks = []) =>
    safetyStatus(report(RUN, START, { safety: { result: 'Warned', checks, findings } }));

  it('are one entry a rule, with the advice and each statement once', () => {
    const status = of([
      finding('drop-column', 'error', 1, 'ALTER TABLE a\n  DROP COLUMN x'),
      finding('table-rebuild', 'warning', 1, 'ALTER TABLE a DROP COLUMN x'),
      finding('drop-column', 'error', 2, 'ALTER TABLE a\n  DROP COLUMN y'),
      finding('drop-column', 'error', 3, 'ALTER TABLE a\n  DROP COLUMN x'),
    ]);
    assert.deepEqual(
      status?.findings?.map(({ rule, at, also }) => [rule, at, also]),
      [
        [
          'drop-column',
          '1_a.sql:1:1',
          ['1_a.sql:2:1: ALTER TABLE a DROP COLUMN y', '1_a.sql:3:1: drop-column finds line 3'],
        ],
        ['table-rebuild', '1_a.sql:1:1', undefined],
      ],
    );
    assert.equal(JSON.stringify(status).match(/do drop-column otherwise/g)?.length, 1);
  });

  it('are one line a rule where they are notices, however many', () => {
    const many = Array.from({ length: 504 }, (_, i) => finding('no-down', 'notice', i + 1, 's'));
    const status = of([...many, finding('json-column', 'notice', 7, 's')]);
    assert.deepEqual(status?.notices, [
      'no-down: 504 notices, first at 1_a.sql:1:1',
      'json-column: 1 notice at 1_a.sql:7:1',
    ]);
    assert.deepEqual([status?.findings, status?.more], [undefined, undefined]);
  });

  it('are counted where they are not listed', () => {
    const many = Array.from({ length: 40 }, (_, i) => finding('drop-table', 'error', i + 1, `DROP TABLE t${i}`));
    assert.equal(of(many)?.more, 29);
  });

  it('follow the checks: those that did not pass, and the names of the others', () => {
    const check = (name: string, result: 'passed' | 'warning' | 'failed') => ({
      name,
      result,
      message: `about ${name}`,
    });
    const checks = [check('a', 'passed'), check('b', 'warning'), check('c', 'passed'), check('d', 'failed')];
    const status = safetyStatus(report(RUN, START, { safety: { result: 'Blocked', checks, findings: [] } }));
    assert.deepEqual(status?.checks, ['warning: b: about b', 'failed: d: about d', '2 passed: a, c']);
  });
});

describe('a status', () => {
  it('has no empty lists and nothing that is null', () => {
    const status = statusFromReport(
      resource(),
      report(RUN, START, {
        schema: { before: [], after: [] },
        rehearsal: {
          result: 'Full',
          message: 'm',
          seconds: 1,
          roundTrip: 'passed',
          migrations: [
            {
              revision: '1_a',
              seconds: 1,
              statements: 1,
              locks: [],
              rewrites: [],
              rows: [{ table: 't', before: null, after: 1 }],
            },
          ],
        },
      }),
      START,
    );
    assert.equal(status.schema, undefined);
    assert.doesNotMatch(JSON.stringify(status), /null/);
  });
});
