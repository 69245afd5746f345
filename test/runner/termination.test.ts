import assert from 'node:assert/strict';
import { type RunReport, runReportSchema, TERMINATION_MESSAGE_BYTES } from '../../src/core/model/report.ts';
import { STEP_NAMES } from '../../src/core/model/step.ts';
import { clipReport } from '../../src/runner/termination.ts';

const text = (length: number) => 'ä'.repeat(length);
const report = (size: number): RunReport => ({
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

  it('leaves a report that fits as it is', () => {
    assert.deepEqual(JSON.parse(clipReport(report(1))), JSON.parse(JSON.stringify(report(1))));
  });

  it('counts what it leaves out of the plan', () => {
    const { plan } = runReportSchema.parse(JSON.parse(clipReport(report(1_000))));
    if (plan !== undefined) assert.equal(plan.migrations.length + (plan.more ?? 0), 1_000);
  });
});
