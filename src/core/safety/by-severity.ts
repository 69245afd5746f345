import type { Finding, Severity } from '../model/finding.ts';

const RANK = { error: 0, warning: 1, notice: 2 } as const satisfies Record<Severity, number>;

/** Errors before warnings before notices, otherwise unchanged: a truncated list keeps the most severe ones. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}
