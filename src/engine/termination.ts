import { clip } from '../core/model/clip.ts';
import type { RunReport } from '../core/model/report.ts';
import { TERMINATION_MESSAGE_BYTES } from '../core/model/report-limits.ts';

/**
 * The size limit in bytes of a report that is written to the log, from where the operator reads it. The file next to
 * the backup contains the whole report.
 */
export const LOGGED_REPORT_BYTES = 131_072;

export function boundReport(report: RunReport): RunReport {
  return shortened(report, LOGGED_REPORT_BYTES);
}

/**
 * The report as JSON in at most `limit` bytes (Kubernetes keeps 4096 bytes of a termination message). The least
 * important parts are removed first. The same report always produces the same text.
 */
export function clipReport(report: RunReport, limit = TERMINATION_MESSAGE_BYTES): string {
  return JSON.stringify(shortened(report, limit));
}

function shortened(report: RunReport, limit: number): RunReport {
  let clipped = report;
  for (const shorten of [keep, ...SHORTEN]) {
    clipped = shorten(clipped);
    if (Buffer.byteLength(JSON.stringify(clipped)) <= limit) return clipped;
  }
  const small = core(clipped, 400);
  return Buffer.byteLength(JSON.stringify(small)) <= limit ? small : core(clipped, 60);
}

const keep = (report: RunReport) => report;
/** The number of items that a status lists. */
const MANY = 50;
/** The number of tables of one migration. */
const FEW = 10;

/** From the least to the most important. */
const SHORTEN: ((report: RunReport) => RunReport)[] = [
  (r) => ({ ...r, rehearsal: r.rehearsal && fewerEffects(r.rehearsal, MANY) }),
  (r) => ({
    ...r,
    findings: r.safety && countFindings(r.safety.findings),
    safety: r.safety && {
      ...r.safety,
      // The most severe come first.
      findings: r.safety.findings
        .slice(0, MANY)
        .map((one) => ({ ...one, message: clip(one.message, 500), statement: clip(one.statement, 500) })),
    },
  }),
  (r) => ({
    ...r,
    schema: r.schema && {
      before: fewer(r.schema.before, MANY),
      after: fewer(r.schema.after, MANY),
    },
  }),
  (r) => ({ ...r, applied: r.applied.slice(-MANY), plan: r.plan && shortPlan(r.plan, MANY) }),
  (r) => ({ ...r, steps: r.steps.map((step) => ({ ...step, message: clip(step.message, 2_000) })) }),
  (r) => ({
    ...r,
    message: clip(r.message, 4_000),
    failure: r.failure && {
      ...r.failure,
      statement: clip(r.failure.statement, 4_000),
      message: clip(r.failure.message, 4_000),
    },
  }),
  (r) => ({
    ...r,
    rehearsal: r.rehearsal && fewerEffects(r.rehearsal, FEW),
    safety: r.safety && { ...r.safety, findings: r.safety.findings.slice(0, FEW) },
    schema: r.schema && { before: fewer(r.schema.before, FEW), after: fewer(r.schema.after, FEW) },
  }),
  (r) => ({ ...r, output: r.output?.slice(-5).map((line) => clip(line, 200)) }),
  (r) => ({ ...r, rehearsal: r.rehearsal && fewerEffects(r.rehearsal, 0) }),
  (r) => ({ ...r, schema: r.schema && { before: fewer(r.schema.before, 3), after: fewer(r.schema.after, 3) } }),
  (r) => ({ ...r, safety: r.safety && { ...r.safety, checks: [], findings: r.safety.findings.slice(0, 3) } }),
  (r) => ({ ...r, applied: r.applied.slice(-5) }),
  (r) => ({ ...r, plan: r.plan && shortPlan(r.plan, 5) }),
  (r) => ({ ...r, steps: r.steps.map((step) => ({ ...step, message: clip(step.message, 160) })) }),
  (r) => ({
    ...r,
    failure: r.failure && {
      ...r.failure,
      statement: clip(r.failure.statement, 300),
      message: clip(r.failure.message, 400),
    },
  }),
  (r) => ({ ...r, message: clip(r.message, 400) }),
  (r) => ({ ...r, steps: r.steps.map((step) => ({ ...step, message: clip(step.message, 60) })) }),
  (r) => ({ ...r, safety: r.safety && { ...r.safety, findings: [] }, plan: r.plan && shortPlan(r.plan, 0) }),
];

type Rehearsal = NonNullable<RunReport['rehearsal']>;

/** The slowest ones, in the order of the plan. */
function fewerEffects(rehearsal: Rehearsal, most: number): Rehearsal {
  const all = rehearsal.migrations;
  const longest = new Set([...all].sort((a, b) => b.seconds - a.seconds).slice(0, most));
  const more = (rehearsal.more ?? 0) + all.length - longest.size;
  const migrations = all
    .filter((one) => longest.has(one))
    .map((one) => ({
      ...one,
      locks: one.locks.slice(0, FEW),
      rows: one.rows.slice(0, FEW),
      rewrites: one.rewrites.slice(0, FEW),
    }));
  return { ...rehearsal, migrations, ...(more > 0 ? { more } : {}) };
}

/** A list of sentences; the last one contains the number of sentences left out. */
function fewer(lines: string[] | undefined, most: number): string[] | undefined {
  if (lines === undefined || lines.length <= most) return lines?.map((line) => clip(line, 500));
  const shown = lines.slice(0, most).map((line) => clip(line, 500));
  return lines.length > most ? [...shown, `and ${lines.length - most} more`] : shown;
}

function countFindings(findings: NonNullable<RunReport['safety']>['findings']) {
  const of = (severity: string) => findings.filter((one) => one.severity === severity).length;
  return { error: of('error'), warning: of('warning'), notice: of('notice') };
}

/**
 * The part that always fits: identity, result and reason. `length` of a text is in characters, of which JSON needs up to
 * six bytes each.
 */
function core(r: RunReport, length: number): RunReport {
  return {
    ...r,
    message: clip(r.message, length),
    steps: [],
    plan: undefined,
    applied: [],
    backup: undefined,
    safety: undefined,
    rehearsal: undefined,
    schema: undefined,
    output: undefined,
    database: clip(r.database, Math.min(length, 100)),
    failure: r.failure && {
      reason: r.failure.reason,
      message: clip(r.failure.message, length),
      migration: clip(r.failure.migration, Math.min(length, 200)),
      statement: clip(r.failure.statement, Math.min(length, 200)),
      code: r.failure.code,
    },
  };
}

function shortPlan(plan: NonNullable<RunReport['plan']>, keep: number) {
  const left = plan.migrations.length - keep;
  return left > 0 ? { ...plan, migrations: plan.migrations.slice(0, keep), more: (plan.more ?? 0) + left } : plan;
}
