import { type RunReport, TERMINATION_MESSAGE_BYTES } from '../core/model/report.ts';

/**
 * The report as JSON in at most `limit` bytes (Kubernetes keeps 4096 of a termination message). What a person
 * misses least goes first; the same report always gives the same text.
 */
export function clipReport(report: RunReport, limit = TERMINATION_MESSAGE_BYTES): string {
  let clipped = report;
  for (const shorten of [keep, ...SHORTEN]) {
    clipped = shorten(clipped);
    const text = JSON.stringify(clipped);
    if (Buffer.byteLength(text) <= limit) return text;
  }
  return JSON.stringify(core(clipped));
}

const keep = (report: RunReport) => report;

/** From the least missed to the most. */
const SHORTEN: ((report: RunReport) => RunReport)[] = [
  (r) => ({ ...r, rehearsal: r.rehearsal && { ...r.rehearsal, migrations: [] } }),
  (r) => ({ ...r, schema: r.schema && { before: r.schema.before?.slice(0, 3), after: r.schema.after?.slice(0, 3) } }),
  (r) => ({ ...r, safety: r.safety && { ...r.safety, checks: [], findings: r.safety.findings.slice(0, 3) } }),
  (r) => ({ ...r, applied: r.applied.slice(-5) }),
  (r) => ({ ...r, plan: r.plan && shortPlan(r.plan, 5) }),
  (r) => ({ ...r, steps: r.steps.map((step) => ({ ...step, message: cut(step.message, 160) })) }),
  (r) => ({
    ...r,
    failure: r.failure && {
      ...r.failure,
      statement: cut(r.failure.statement, 300),
      message: cut(r.failure.message, 400),
    },
  }),
  (r) => ({ ...r, message: cut(r.message, 400) }),
  (r) => ({ ...r, steps: r.steps.map((step) => ({ ...step, message: cut(step.message, 60) })) }),
  (r) => ({ ...r, safety: r.safety && { ...r.safety, findings: [] }, plan: r.plan && shortPlan(r.plan, 0) }),
];

/** What always fits: who, what came of it and why. */
function core(r: RunReport): RunReport {
  return {
    ...r,
    message: cut(r.message, 400),
    steps: [],
    plan: undefined,
    applied: [],
    backup: undefined,
    safety: undefined,
    rehearsal: undefined,
    schema: undefined,
    database: cut(r.database, 100),
    failure: r.failure && {
      reason: r.failure.reason,
      message: cut(r.failure.message, 300),
      migration: cut(r.failure.migration, 200),
      statement: cut(r.failure.statement, 200),
      code: r.failure.code,
    },
  };
}

function shortPlan(plan: NonNullable<RunReport['plan']>, keep: number) {
  const left = plan.migrations.length - keep;
  return left > 0 ? { ...plan, migrations: plan.migrations.slice(0, keep), more: (plan.more ?? 0) + left } : plan;
}

function cut(text: string, length: number): string;
function cut(text: string | undefined, length: number): string | undefined;
function cut(text: string | undefined, length: number): string | undefined {
  return text !== undefined && text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
