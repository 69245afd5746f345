/** An entry of `metadata.managedFields`, as the API server keeps it. It has no user: that is in the audit log. */
export interface ManagedFields {
  manager?: string;
  operation?: string;
  /** ISO 8601 in UTC. */
  time?: string;
  fieldsV1?: unknown;
}

/** Who set `spec.approvedPlan` last, and when: `kubectl-patch at 2026-01-01T00:00:00Z`. */
export function approverOf(entries: readonly ManagedFields[] = []): string | undefined {
  const own = entries.filter(({ fieldsV1 }) => hasField(fieldsV1, 'f:spec', 'f:approvedPlan'));
  const [last] = own.sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''));
  if (last?.manager === undefined) return undefined;
  return `${last.manager.slice(0, 128)}${last.time === undefined ? '' : ` at ${last.time}`}`;
}

function hasField(fields: unknown, ...path: string[]): boolean {
  return path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], fields) !== undefined;
}
