import { clip } from '../model/clip.ts';
import { STATUS_LIST_LIMIT } from '../model/resource-status.ts';

/**
 * Longest texts in a status, in characters: far below the limits of the API, because one process holds 5,000 resources.
 */
export const LIMITS = {
  message: 1024,
  statement: 2048,
  logLines: 20,
  logLine: 300,
  summary: 120,
  event: 1000,
  /** The name of a migration or a database. */
  name: 300,
} as const;

/** The first items of a list and the number of omitted items, in the form of the status. */
export function limited<Name extends string, T>(
  name: Name,
  items: readonly T[],
  before = 0,
): { [key in Name]: T[] } & { more?: number } {
  const left = Math.max(0, items.length - STATUS_LIST_LIMIT) + before;
  return { [name]: items.slice(0, STATUS_LIST_LIMIT), ...(left > 0 ? { more: left } : {}) } as {
    [key in Name]: T[];
  } & { more?: number };
}

/** A list of sentences; the last one has the number of those omitted. */
export function cappedSentences(items: readonly string[] | undefined): string[] | undefined {
  if (items === undefined) return undefined;
  const shown = items.slice(0, STATUS_LIST_LIMIT).map((item) => clip(item, LIMITS.message));
  return items.length > STATUS_LIST_LIMIT ? [...shown, `and ${items.length - STATUS_LIST_LIMIT} more`] : shown;
}
