import assert from 'node:assert/strict';
import { type RunReport, runReportSchema } from '../../src/core/model/report.ts';
import { REPORT_BYTES, TERMINATION_MESSAGE_BYTES } from '../../src/core/model/report-limits.ts';
import { STEP_NAMES } from '../../src/core/model/step.ts';
import { boundReport, clipReport, LOGGED_REPORT_BYTES } from '../../src/engine/termination.ts';

const umlauts = (length: number) => 'ä'.repeat(length);
const report = (size: number, text = umlauts): RunReport => ({
  version: 1,
  runId: 'r',
  attempt: 1,
  toolVersion: '0',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  result: 'failed',
  reason: 'MigrationFailed',
  message: text(size),
  retry: 'never',
  touched: true,
  dryRun: false,
  steps: STEP_NAMES.map((step) => ({ step, kind: 'done', message: text(size), at: '', seconds: 1 })),
  currentRevision: '1_a',
  plan: { digest: 'sha256:x', direction: 'up', migrations: Array.from({ length: size }, (_, i) => `${i}_migration`) },
  applied: Array.from({ length: size }, (_, i) => ({ revision: `${i}_migration`, seconds: 1 })),
  failure: { reason: 'MigrationFailed', message: text(size), migration: '1_a', statement: text(size) },
});

describe('clipReport', () => {
  for (const size of [1, 20, 100, 1_000, 5_000]) {
    it(`fits a report with texts of ${size} characters into a termination message that still parses`, () => {
      const clipped = clipReport(report(size));
      assert.ok(Buffer.byteLength(clipped) <= TERMINATION_MESSAGE_BYTES, `${Buffer.byteLength(clipped)} bytes`);
      const parsed = runReportSchema.parse(JSON.parse(clipped));
      assert.equal(parsed.reason, 'MigrationFailed');
      assert.equal(parsed.failure?.migration, '1_a');
      assert.equal(parsed.currentRevision, '1_a');
      assert.equal(clipped, clipReport(report(size)));
    });
  }

  // Two UTF-16 units each, so that some limit falls between them; and characters that JSON writes with six bytes.
  for (const [what, one] of [
    ['characters outside the basic plane', '😀'],
    ['the same, one unit later', 'x😀'],
    ['control characters', '\u0001'],
    ['characters of three bytes', '表'],
  ] as const) {
    for (const size of [200, 1_000, 20_000]) {
      it(`cuts no character in two: ${what}, ${size} units`, () => {
        const clipped = clipReport(
          report(size, (length) => one.repeat(length).slice(0, length - (length % one.length))),
        );
        assert.ok(Buffer.byteLength(clipped) <= TERMINATION_MESSAGE_BYTES, `${Buffer.byteLength(clipped)} bytes`);
        assert.equal(/\\ud[89a-f]/i.test(clipped), false, clipped);
        assert.equal(runReportSchema.parse(JSON.parse(clipped)).failure?.migration, '1_a');
      });
    }
  }

  it('leaves a report that fits as it is', () => {
    assert.deepEqual(JSON.parse(clipReport(report(1))), JSON.parse(JSON.stringify(report(1))));
  });

  it('counts what it leaves out of the plan', () => {
    const { plan } = runReportSchema.parse(JSON.parse(clipReport(report(1_000))));
    if (plan !== undefined) assert.equal(plan.migrations.length + (plan.more ?? 0), 1_000);
  });
});

describe('a report as a line of the log', () => {
  const many = (size: number): RunReport => ({
    ...report(1),
    safety: {
      result: 'Warned',
      checks: [],
      findings: Array.from({ length: size }, (_, n) => ({
        rule: 'x',
        severity: n === 0 ? 'error' : 'notice',
        message: umlauts(300),
        advice: umlauts(300),
        statement: umlauts(5_000),
      })),
    },
    rehearsal: {
      result: 'Full',
      message: '',
      seconds: 1,
      roundTrip: 'passed',
      migrations: Array.from({ length: size }, (_, n) => ({
        revision: `${n}_m`,
        seconds: n === 700 ? 60 : 0.01,
        statements: 1,
        locks: Array.from({ length: size }, (_, t) => ({ table: `public.t${t}`, mode: 'AccessShareLock' })),
        rewrites: [],
        rows: [],
      })),
    },
    schema: { after: Array.from({ length: size }, () => umlauts(2_000)) },
  });

  for (const size of [1, 60, 900]) {
    it(`is shorter than what the controller reads, with ${size} of everything`, () => {
      const bounded = boundReport(many(size));
      assert.ok(Buffer.byteLength(JSON.stringify(bounded)) <= LOGGED_REPORT_BYTES);
      assert.ok(LOGGED_REPORT_BYTES < REPORT_BYTES);
      assert.equal(runReportSchema.parse(bounded).rehearsal?.result, 'Full');
    });
  }

  // Second inputs of C3: what grows is one migration, or names, or what code prints.
  const wide: Record<string, Partial<RunReport>> = {
    'one migration on 20,000 tables': {
      rehearsal: {
        result: 'Full',
        message: '',
        seconds: 1,
        roundTrip: 'passed',
        migrations: [
          {
            revision: '1_a',
            seconds: 1,
            statements: 20_000,
            locks: Array.from({ length: 20_000 }, (_, t) => ({ table: `public.t${t}`, mode: 'AccessExclusiveLock' })),
            rewrites: Array.from({ length: 20_000 }, (_, t) => `public.t${t}`),
            rows: [],
          },
        ],
      },
    },
    '900 migrations with names of 250 characters': {
      applied: Array.from({ length: 900 }, (_, n) => ({ revision: `${n}_${umlauts(245)}`, seconds: 1 })),
      plan: {
        digest: 'sha256:x',
        direction: 'up',
        migrations: Array.from({ length: 900 }, (_, n) => `${n}_${umlauts(245)}`),
      },
    },
    '100,000 lines of output': { output: Array.from({ length: 100_000 }, (_, n) => `line ${n}`) },
  };
  for (const [what, given] of Object.entries(wide)) {
    it(`is bounded with ${what}, and so is the termination message`, () => {
      const large = { ...report(1), ...given };
      assert.ok(Buffer.byteLength(JSON.stringify(large)) > LOGGED_REPORT_BYTES, 'the input is larger');
      const bounded = boundReport(large);
      assert.ok(Buffer.byteLength(JSON.stringify(bounded)) <= LOGGED_REPORT_BYTES);
      assert.equal(runReportSchema.parse(bounded).reason, 'MigrationFailed');
      assert.ok(bounded.steps.length > 0, 'the steps are kept');
      const clipped = clipReport(large);
      assert.ok(Buffer.byteLength(clipped) <= TERMINATION_MESSAGE_BYTES);
      assert.equal(runReportSchema.parse(JSON.parse(clipped)).failure?.migration, '1_a');
    });
  }

  it('keeps the worst, and how many there were', () => {
    const { safety, findings, rehearsal, schema } = boundReport(many(900));
    assert.equal(safety?.findings[0]?.severity, 'error');
    assert.deepEqual(findings, { error: 1, warning: 0, notice: 899 });
    assert.ok(rehearsal?.migrations.some(({ seconds }) => seconds === 60));
    assert.equal((rehearsal?.migrations.length ?? 0) + (rehearsal?.more ?? 0), 900);
    assert.match(schema?.after?.at(-1) ?? '', /^and \d+ more$/);
  });
});
