/**
 * Planning: files + history + target -> the ordered migrations to apply or revert. Pure: it imports the model and
 * hashes. Whatever does not fit is a `Problem`, found before anything is touched.
 */
import type { HistoryRow } from '../model/history.ts';
import type { LoadedMigration, MigrationFile } from '../model/migration.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { Position, Revision, Target } from '../model/revision.ts';
import { planDigest } from './digest.ts';
import { checkIntegrity, list } from './integrity.ts';
import { compareRevisions, sortFiles } from './order.ts';
import { resolveTarget } from './target.ts';

export interface PlanInput {
  files: readonly MigrationFile[];
  history: readonly HistoryRow[];
  target: Target;
  allowDowngrade: boolean;
  outOfOrder: 'Refuse' | 'Allow';
}

export type Planning =
  | { ok: true; plan: Plan; current: Position; pending: Revision[] }
  | { ok: false; problem: Problem };

export function plan(input: PlanInput): Planning {
  const broken = checkIntegrity(input.files, input.history, input.outOfOrder);
  if (broken !== undefined) return { ok: false, problem: broken };

  const files = sortFiles(input.files);
  const order = files.map(({ revision }) => revision);
  const applied = input.history.map(({ revision }) => revision);
  const resolved = resolveTarget(input.target, order, applied);
  if (!resolved.ok) return resolved;

  const current = currentPosition(input.history);
  const done = new Set(applied);
  const pending = order.filter((revision) => !done.has(revision));
  const to = resolved.position;
  const back = behind(to, applied);

  if (back.length > 0) {
    if (!input.allowDowngrade) return { ok: false, problem: downgradeRefused(to, current, back) };
    const checksums = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
    const migrations = back.map((revision) => ({ revision, checksum: checksums.get(revision) ?? '' }));
    return { ok: true, plan: seal('down', current, to, migrations), current, pending };
  }
  const ahead = files.filter(
    ({ revision }) => !done.has(revision) && to !== 'base' && compareRevisions(revision, to) <= 0,
  );
  const migrations = ahead.map(({ revision, checksum }) => ({ revision, checksum }));
  return { ok: true, plan: seal('up', current, to, migrations), current, pending };
}

/** Where the history says that the database stands: the migration that was applied last. */
export function currentPosition(history: readonly HistoryRow[]): Position {
  return history.at(-1)?.revision ?? 'base';
}

/** A plan downwards needs a way back in every migration; it is refused before anything runs. */
export function requireReversible(migrations: readonly LoadedMigration[]): Problem | undefined {
  const stuck = migrations.filter(({ down }) => down === undefined);
  if (stuck.length === 0) return undefined;
  return {
    reason: 'IrreversibleMigration',
    migration: stuck[0]?.revision,
    message: `${list(stuck)} ${stuck.length === 1 ? 'has' : 'have'} no down, so nothing was reverted. Write it, or restore a backup: db-manager list-backups`,
  };
}

/** What was applied after the target, latest first: what has to be reverted to get there. */
function behind(to: Position, applied: readonly Revision[]): Revision[] {
  if (to === 'base') return [...applied].reverse();
  const at = applied.indexOf(to);
  return at < 0 ? [] : applied.slice(at + 1).reverse();
}

function seal(direction: Plan['direction'], from: Position, to: Position, migrations: Plan['migrations']): Plan {
  return { direction, from, to, migrations, digest: planDigest({ direction, from, migrations }) };
}

function downgradeRefused(to: Position, current: Position, back: readonly Revision[]): Problem {
  const names = list(back.map((revision) => ({ revision })));
  return {
    reason: 'DowngradeNotAllowed',
    message: `The target ${to} lies behind ${current}: ${names} would be reverted. Set allowDowngrade: true if that is what you want.`,
  };
}
