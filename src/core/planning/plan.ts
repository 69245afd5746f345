/**
 * Planning: files + history + target -> the ordered migrations to apply or revert; and what `stamp`, `repair` and
 * `adopt` change in the history. Pure: it imports the model and hashes. Every inconsistency is a `Problem`, found
 * before anything is changed.
 */
import type { HistoryRow } from '../model/history.ts';
import type { LoadedMigration, MigrationFile } from '../model/migration.ts';
import type { Plan, PlannedMigration } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { isRepeatable, type Position, type Revision, type Target } from '../model/revision.ts';
import { planDigest } from './digest.ts';
import { checkIntegrity, type RepairAdvice } from './integrity.ts';
import { listNames } from './names.ts';
import { sortFiles } from './order.ts';
import { dueRepeatables, versioned } from './repeatable.ts';
import { resolveTarget } from './target.ts';

export interface PlanInput {
  files: readonly MigrationFile[];
  /** In the order of application, as read from the database. */
  history: readonly HistoryRow[];
  target: Target;
  allowDowngrade: boolean;
  outOfOrder: 'Refuse' | 'Allow';
  /** Default: the commands of the command line. */
  advice?: RepairAdvice;
}

export type Planning =
  | { ok: true; plan: Plan; current: Position; pending: Revision[] }
  | { ok: false; problem: Problem };

/**
 * The migrations from the current revision to the target: everything pending up to it or, if the target is
 * older, everything applied after it, the last one first. Once no versioned migration is left, the repeatable ones that
 * are due follow; a downgrade leaves them. Problems: those of `checkIntegrity`, UnknownTarget,
 * AmbiguousTarget, DowngradeNotAllowed.
 */
export function plan(input: PlanInput): Planning {
  const broken = checkIntegrity(input.files, input.history, input.outOfOrder, input.advice);
  if (broken !== undefined) return { ok: false, problem: broken };

  const all = sortFiles(input.files);
  const files = all.filter(({ revision }) => !isRepeatable(revision));
  const order = files.map(({ revision }) => revision);
  const applied = versioned(input.history.map(({ revision }) => revision));
  const due = dueRepeatables(all, input.history);
  const resolved = resolveTarget(input.target, order, applied);
  if (!resolved.ok) return resolved;

  const { position: to, beyond } = resolved;
  const from = currentPosition(input.history);
  const done = new Set(applied);
  const pending = files.filter(({ revision }) => !done.has(revision));
  const names = [...pending, ...due].map(({ revision }) => revision);

  if (beyond.length > 0) {
    if (!input.allowDowngrade) return { ok: false, problem: downgradeRefused(to, from, beyond) };
    return { ok: true, plan: seal('down', from, to, withChecksums(beyond, files)), current: from, pending: names };
  }
  const upTo = new Set(to === 'base' ? [] : order.slice(0, order.indexOf(to) + 1));
  const ahead = pending.filter(({ revision }) => upTo.has(revision));
  const repeated = ahead.length === pending.length ? due : [];
  const migrations = [...ahead, ...repeated].map(({ revision, checksum }) => ({ revision, checksum }));
  return { ok: true, plan: seal('up', from, to, migrations), current: from, pending: names };
}

/** The current revision according to the history: the last applied migration that has a version. */
export function currentPosition(history: readonly HistoryRow[]): Position {
  return history.findLast(({ state, revision }) => state === 'applied' && !isRepeatable(revision))?.revision ?? 'base';
}

/** A downgrade needs a down in every migration; otherwise it is refused before anything runs. */
export function requireReversible(migrations: readonly LoadedMigration[]): Problem | undefined {
  const stuck = migrations.filter(({ down }) => down === undefined).map(({ revision }) => revision);
  const [first] = stuck;
  if (first === undefined) return undefined;
  return {
    reason: 'IrreversibleMigration',
    migration: first,
    message: `${listNames(stuck)} ${stuck.length === 1 ? 'has' : 'have'} no down, so nothing was reverted. Write it (if there is nothing to undo: SELECT 1; in SQL, an empty function in code), or restore a backup: db-manager list-backups`,
  };
}

/** The integrity check guarantees that every applied revision has its file. */
function withChecksums(revisions: readonly Revision[], files: readonly MigrationFile[]): PlannedMigration[] {
  const checksums = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
  return revisions.map((revision) => ({ revision, checksum: checksums.get(revision) ?? '' }));
}

function seal(direction: Plan['direction'], from: Position, to: Position, migrations: PlannedMigration[]): Plan {
  return { direction, from, to, migrations, digest: planDigest({ direction, from, migrations }) };
}

function downgradeRefused(to: Position, current: Position, beyond: readonly Revision[]): Problem {
  return {
    reason: 'DowngradeNotAllowed',
    migration: beyond[0],
    message: `The target ${to} is older than the current revision ${current}: ${listNames(beyond)} would be reverted. If this is intentional, run db-manager migrate downgrade ${to}, or set allowDowngrade: true in the resource.`,
  };
}
