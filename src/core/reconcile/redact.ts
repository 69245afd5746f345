import { redactSql } from '../../sql/redact.ts';
import { maskPasswords } from '../model/masking.ts';
import { redactRows } from '../model/redact-rows.ts';

/** Longest text that is accepted from a pod, in characters: a statement with its message. */
const LONGEST_TEXT = 8_000;

export interface Cleaning {
  /** `spec.safety.redactData`. */
  redactData: boolean;
}

/** A line of a pod, cleaned for a status. `cut`: its end is missing. */
export function cleanText(text: string, { redactData }: Cleaning, cut = false): string {
  const masked = maskPasswords(text.slice(0, LONGEST_TEXT), cut || text.length > LONGEST_TEXT);
  return redactData ? redactRows(masked) : masked;
}

/** Keys whose texts contain no row values: from the migration file or from a fixed list. */
const OURS = new Set(['statement', 'runId', 'type', 'step', 'kind', 'reason', 'sha256', 'digest']);

/** Cleans all texts of the report of a pod for a status. The data comes from JSON, so it contains no cycles. */
export function cleanReport<T>(value: T, cleaning: Cleaning): T {
  return clean(value, '', cleaning) as T;
}

function clean(value: unknown, key: string, cleaning: Cleaning): unknown {
  if (typeof value === 'string') return cleanText(value, OURS.has(key) ? { redactData: false } : cleaning);
  if (Array.isArray(value)) return value.map((item) => clean(item, key, cleaning));
  if (typeof value !== 'object' || value === null) return value;
  const cleaned = Object.entries(value).map(([name, item]) => [name, clean(item, name, cleaning)]);
  return withoutValues(Object.fromEntries(cleaned), cleaning);
}

/**
 * The statement of a .sql file is the text of the file. Code may have read the values of its statement from rows, so they
 * are replaced.
 */
function withoutValues(value: Record<string, unknown>, { redactData }: Cleaning): Record<string, unknown> {
  const { statement } = value;
  if (!redactData || typeof statement !== 'string' || isOfSqlFile(value)) return value;
  // Both dialects write strings in the same way.
  return { ...value, statement: redactSql(statement, 'postgres') };
}

function isOfSqlFile({ position }: { position?: unknown }): boolean {
  if (typeof position !== 'object' || position === null || !('file' in position)) return false;
  return typeof position.file === 'string' && /\.sql$/i.test(position.file);
}
