import type { Problem } from '../model/problem.ts';
import { isRepeatable, type Position, type Revision, type Target } from '../model/revision.ts';
import { listNames } from './names.ts';

type Resolved =
  | {
      ok: true;
      position: Position;
      /** Applied migrations after the position: to be reverted, in this order. */
      beyond: Revision[];
    }
  | { ok: false; problem: Problem };

/**
 * Resolves a target. `order` is every revision on disk in order, `applied` the applied ones in the order of
 * their application: `+N` counts pending migrations, `-N` reverts the last N applied ones.
 */
export function resolveTarget(target: Target, order: readonly Revision[], applied: readonly Revision[]): Resolved {
  switch (target.kind) {
    case 'base':
      return { ok: true, position: 'base', beyond: applied.toReversed() };
    case 'head':
      return { ok: true, position: order.at(-1) ?? 'base', beyond: [] };
    case 'relative':
      return target.by < 0 ? backward(-target.by, applied) : forward(target.by, order, applied);
    case 'name':
      return named(target.text, order, applied);
  }
}

/**
 * The revision for a name or its prefix: an exact match before longer names with that prefix.
 * Problems: UnknownTarget, AmbiguousTarget with the candidates.
 */
export function findRevision(
  text: string,
  order: readonly Revision[],
): { ok: true; revision: Revision } | { ok: false; problem: Problem } {
  if (isRepeatable(text)) {
    const message = `${text} is repeatable: it has no version and cannot be a target. It runs after the versioned migrations whenever its file has changed.`;
    return lost('UnknownTarget', message);
  }
  const exact = order.find((revision) => revision === text);
  if (exact !== undefined) return { ok: true, revision: exact };
  const candidates = order.filter((revision) => revision.startsWith(text));
  const [only] = candidates;
  if (only === undefined) {
    const known = order.length === 0 ? 'There are no migrations.' : `The last ones are ${order.slice(-3).join(', ')}.`;
    const message = `No migration matches "${text}". ${known} List all of them: db-manager migrate history`;
    return lost('UnknownTarget', message);
  }
  if (candidates.length === 1) return { ok: true, revision: only };
  const message = `"${text}" is a prefix of ${candidates.length} migrations: ${listNames(candidates)}. Use a longer prefix.`;
  return lost('AmbiguousTarget', message);
}

function named(text: string, order: readonly Revision[], applied: readonly Revision[]): Resolved {
  const found = findRevision(text, order);
  if (!found.ok) return found;
  const position = found.revision;
  // A pending target is newer, even if later migrations were applied out of order.
  const after = new Set(order.slice(order.indexOf(position) + 1));
  const beyond = applied.includes(position) ? applied.filter((revision) => after.has(revision)).reverse() : [];
  return { ok: true, position, beyond };
}

function backward(by: number, applied: readonly Revision[]): Resolved {
  if (by > applied.length) {
    const there = applied.length === 1 ? 'the 1 applied migration' : `the ${applied.length} applied migrations`;
    return lost('UnknownTarget', `-${by} goes further back than ${there}. Use base to revert all.`);
  }
  return { ok: true, position: applied.at(-by - 1) ?? 'base', beyond: applied.slice(-by).reverse() };
}

function forward(by: number, order: readonly Revision[], applied: readonly Revision[]): Resolved {
  if (by === 0) return { ok: true, position: applied.at(-1) ?? 'base', beyond: [] };
  const done = new Set(applied);
  const pending = order.filter((revision) => !done.has(revision));
  const position = pending[by - 1];
  if (position === undefined) {
    const there = pending.length === 1 ? 'the 1 pending migration' : `the ${pending.length} pending migrations`;
    return lost('UnknownTarget', `+${by} goes further than ${there}. Use head to apply all.`);
  }
  return { ok: true, position, beyond: [] };
}

function lost(reason: 'UnknownTarget' | 'AmbiguousTarget', message: string): { ok: false; problem: Problem } {
  return { ok: false, problem: { reason, message } };
}
