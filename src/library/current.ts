import { orThrow } from '../core/model/problem.ts';
import { isRepeatable, type Position, type Revision } from '../core/model/revision.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { dueRepeatables, versioned } from '../core/planning/repeatable.ts';
import { listRevisions, readMigrations } from '../migrations/read.ts';
import { noticeOf, type Options, settingsOf } from './settings.ts';

export interface Current {
  /** The last applied migration, or `base`. */
  revision: Position;
  /** The last migration on disk that has a version, or `base`. */
  head: Position;
  /** Migrations on disk that are not applied, in order, and repeatable ones whose files have changed. */
  pending: Revision[];
  upToDate: boolean;
  /** Applied migrations that are not on disk, in the order of their application. */
  unknown: Revision[];
  /** Migrations without a transaction that were interrupted: `repairHistory` repairs them. */
  interrupted: Revision[];
}

/**
 * The current revision of the database. Reads only the history and the names of the files: scripts call it in a
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
  const { revisions } = orThrow(listed);
  const recorded = new Set(history.map(({ revision }) => revision));
  const repeatable = revisions.some(isRepeatable);
  const files = repeatable ? await readMigrations(migrations, { include, exclude }) : undefined;
  const due = new Set(files?.ok ? dueRepeatables(files.files, history).map(({ revision }) => revision) : []);
  const pending = revisions.filter((revision) => !recorded.has(revision) || due.has(revision));
  const onDisk = new Set(revisions);
  return {
    revision: currentPosition(history),
    head: versioned(revisions).at(-1) ?? 'base',
    pending,
    upToDate: pending.length === 0,
    unknown: history.map(({ revision }) => revision).filter((revision) => !onDisk.has(revision)),
    interrupted: history.filter(({ state }) => state !== 'applied').map(({ revision }) => revision),
  };
}
