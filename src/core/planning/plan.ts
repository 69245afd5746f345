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
import { checkIntegrity, missingFiles, type RepairAdvice } from './integrity.ts';
import { listNames } from './names.ts';
import { sortFiles } from './order.ts';
import { dueRepeatables, versioned } from './repeatable.ts';
import { resolveTarget } from './target.ts';
import { aheadOf, orderWith, type UnknownApplied } from './unknown.ts';

interface PlanInput {
  files: readonly MigrationFile[];
  /** In the order of application, as read from the database. */
  history: readonly HistoryRow[];
  target: Target;
  allowDowngrade: boolean;
  outOfOrder: 'Refuse' | 'Allow';
  /**
   * What to do with applied migrations that the files lack. `Revert`: a person names the target, so any of them may be
   * reverted. Default Refuse.
   */
  unknown?: UnknownApplied | 'Revert';
  /** Default: the commands of the command line. */
  advice?: RepairAdvice;
}

type Planning =
  | {
      ok: true;
      plan: Plan;
      current: Position;
      pending: Revision[];
      /** Applied migrations that the files lack and that the plan leaves applied, in the order of their application. */
      ahead: Revision[];
    }
  | { ok: false; problem: Problem };

/**
 * The migrations from the current revision to the target: everything pending up to it or, if the target is
 * older, everything applied after it, the last one first. Once no versioned migration is left, the repeatable ones that
 * are due follow; a downgrade leaves them. Problems: those of `checkIntegrity`, UnknownTarget,
 * AmbiguousTarget, DowngradeNotAllowed.
 */
export function plan(input: PlanInput): Planning {
  const { history, unknown = 'Refuse' } = input;
  const ahead = unknown === 'Refuse' || unknown === 'Revert' ? [] : aheadOf(input.files, history);
  const accepted = unknown === 'Revert' ? missingFiles(input.files, history) : ahead;
  const broken = checkIntegrity(input.files, history, input.outOfOrder, input.advice, accepted);
  if (broken !== undefined) return { ok: false, problem: broken };

  const all = sortFiles(input.files);
  const files = all.filter(({ revision }) => !isRepeatable(revision));
  const last = files.at(-1)?.revision;
  const order = accepted.length === 0 ? files.map(({ revision }) => revision) : orderWith(files, history, ahead);
  const applied = versioned(history.map(({ revision }) => revision));
  const due = dueRepeatables(all, history);
  // The head is that of the files, also if newer migrations are applied.
  const isHead = input.target.kind === 'head' && accepted.length > 0 && last !== undefined;
  const target: Target = isHead ? { kind: 'name', text: last } : input.target;
  const resolved = resolveTarget(target, order, applied);
  if (!resolved.ok) return resolved;

  const { position: to, beyond } = resolved;
  const from = currentPosition(history);
  const done = new Set(applied);
  const pending = files.filter(({ revision }) => !done.has(revision));
  const names = [...pending, ...due].map(({ revision }) => revision);
  const rest = { current: from, pending: names };

  if (beyond.length > 0) {
    const onlyAhead = ahead.length > 0 && beyond.every((revision) => ahead.includes(revision)) && to === last;
    const { kind } = input.target;
    const stays = kind === 'head' || (kind === 'name' && !input.allowDowngrade);
    if (onlyAhead && unknown === 'Accept' && stays)
      return { ok: true, plan: seal('up', from, to, due.map(planned)), ...rest, ahead };
    const allowed = input.allowDowngrade || (onlyAhead && unknown === 'Downgrade');
    if (!allowed) return { ok: false, problem: downgradeRefused(to, from, beyond) };
    const kept = ahead.filter((revision) => !beyond.includes(revision));
    return { ok: true, plan: seal('down', from, to, withChecksums(beyond, files, history)), ...rest, ahead: kept };
  }
  const upTo = new Set(to === 'base' ? [] : order.slice(0, order.indexOf(to) + 1));
  const next = pending.filter(({ revision }) => upTo.has(revision));
  const repeated = next.length === pending.length ? due : [];
  return { ok: true, plan: seal('up', from, to, [...next, ...repeated].map(planned)), ...rest, ahead };
}

function planned({ revision, checksum }: MigrationFile): PlannedMigration {
  return { revision, checksum };
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

/** The checksum of a migration without a file is the one that the history has. */
function withChecksums(
  revisions: readonly Revision[],
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): PlannedMigration[] {
  const recorded = new Map(history.map(({ revision, checksum }) => [revision, checksum ?? '']));
  const checksums = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
  return revisions.map((revision) => ({
    revision,
    checksum: checksums.get(revision) ?? recorded.get(revision) ?? '',
  }));
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
