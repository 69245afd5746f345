import type { Finding, Severity } from '../model/finding.ts';

const RANK = { error: 0, warning: 1, notice: 2 } as const satisfies Record<Severity, number>;

/** Errors before warnings before notices, else as they came: where a list is cut, what matters most is kept. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}
