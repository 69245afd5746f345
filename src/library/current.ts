import { ProblemError } from '../core/model/problem.ts';
import type { Position, Revision } from '../core/model/revision.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { listRevisions } from '../migrations/read.ts';
import { noticeOf, type Options, settingsOf } from './settings.ts';

export interface Current {
  /** The migration that was applied last, or `base`. */
  revision: Position;
  /** The last migration on disk, or `base`. */
  head: Position;
  /** What is on disk and not applied, in order. */
  pending: Revision[];
  upToDate: boolean;
  /** Began outside a transaction and never finished: `repairHistory` mends them. */
  interrupted: Revision[];
}

/**
 * Where the database stands. Reads the history and the names of the files, and nothing else: scripts call it in a
 * loop, so neither Sequelize nor Umzug is loaded. Throws ProblemError.
 *
 * @example
 * const { revision, pending } = await getCurrentRevision({ databaseUrl: 'sqlite:///data/app.db' });
 */
export async function getCurrentRevision(options: Options = {}): Promise<Current> {
  const { target, timeouts, migrations, include, exclude } = await settingsOf(options);
  const { readHistory } = await import('../database/read-history.ts');
  const [history, listed] = await Promise.all([
    readHistory(target, timeouts),
    listRevisions(migrations, { include, exclude, onNotice: noticeOf(options) }),
  ]);
  if (!listed.ok) throw new ProblemError(listed.problem);
  const recorded = new Set(history.map(({ revision }) => revision));
  const pending = listed.revisions.filter((revision) => !recorded.has(revision));
  return {
    revision: currentPosition(history),
    head: listed.revisions.at(-1) ?? 'base',
    pending,
    upToDate: pending.length === 0,
    interrupted: history.filter(({ state }) => state !== 'applied').map(({ revision }) => revision),
  };
}
