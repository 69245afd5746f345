import { invalidConfiguration, orThrow } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import { findRevision } from '../core/planning/target.ts';

/**
 * `FROM:TO` as positions in the order; `base` is -1, before the first. Throws ProblemError InvalidConfiguration,
 * UnknownTarget or AmbiguousTarget.
 */
export function parseRange(range: string, order: readonly Revision[]): { start: number; end: number } {
  const [from, to, ...rest] = range.split(':');
  if (from === undefined || to === undefined || rest.length > 0) {
    const message = `"${range}" is not a valid range. Write FROM:TO, for example base:head.`;
    throw invalidConfiguration(message);
  }
  return { start: indexOf(from || 'base', order), end: indexOf(to || 'head', order) };
}

function indexOf(text: string, order: readonly Revision[]): number {
  if (text === 'base') return -1;
  if (text === 'head') return order.length - 1;
  return order.indexOf(orThrow(findRevision(text, order)).revision);
}
