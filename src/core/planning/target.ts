import type { Problem } from '../model/problem.ts';
import type { Position, Revision, Target } from '../model/revision.ts';

export type Resolved = { ok: true; position: Position } | { ok: false; problem: Problem };

/**
 * What a target stands for. `order` is every revision on disk in order, `applied` the applied ones in order of
 * application; `+N` counts over what is pending, `-N` over what is applied.
 */
export function resolveTarget(target: Target, order: readonly Revision[], applied: readonly Revision[]): Resolved {
  switch (target.kind) {
    case 'base':
      return found('base');
    case 'head':
      return found(order.at(-1) ?? 'base');
    case 'relative':
      return relative(target.by, order, applied);
    case 'name':
      return named(target.text, order);
  }
}

function named(text: string, order: readonly Revision[]): Resolved {
  const exact = order.find((revision) => revision === text);
  if (exact !== undefined) return found(exact);
  const candidates = order.filter((revision) => revision.startsWith(text));
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return found(only);
  if (only === undefined) {
    const near = order.slice(-3).join(', ');
    const known = near === '' ? 'There are no migrations.' : `The last ones are ${near}.`;
    return lost(
      'UnknownTarget',
      `No migration is called or starts with "${text}". ${known} All: db-manager migrate history`,
    );
  }
  const shown = candidates.slice(0, 5).join(', ');
  const more = candidates.length > 5 ? ` and ${candidates.length - 5} more` : '';
  return lost(
    'AmbiguousTarget',
    `"${text}" starts ${candidates.length} migrations: ${shown}${more}. Type more of the name.`,
  );
}

function relative(by: number, order: readonly Revision[], applied: readonly Revision[]): Resolved {
  if (by === 0) return found(applied.at(-1) ?? 'base');
  if (by < 0) {
    if (-by > applied.length) {
      return lost(
        'UnknownTarget',
        `${by} goes further back than the ${applied.length} applied migrations. Use base to revert all.`,
      );
    }
    return found(applied.at(by - 1) ?? 'base');
  }
  const done = new Set(applied);
  const pending = order.filter((revision) => !done.has(revision));
  const last = pending[by - 1];
  if (last === undefined) {
    return lost(
      'UnknownTarget',
      `+${by} goes further than the ${pending.length} pending migrations. Use head to apply all.`,
    );
  }
  return found(last);
}

function found(position: Position): Resolved {
  return { ok: true, position };
}

function lost(reason: 'UnknownTarget' | 'AmbiguousTarget', message: string): Resolved {
  return { ok: false, problem: { reason, message } };
}
