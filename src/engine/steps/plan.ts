import type { HistoryRow } from '../../core/model/history.ts';
import type { MigrationFile } from '../../core/model/migration.ts';
import type { Plan } from '../../core/model/plan.ts';
import { type Problem, ProblemError } from '../../core/model/problem.ts';
import type { RunRequest } from '../../core/model/request.ts';
import { parseTarget, type Revision } from '../../core/model/revision.ts';
import { plan as makePlan, requireReversible } from '../../core/planning/plan.ts';
import type { Database } from '../../database/port.ts';
import type { Step } from '../../engine/flow.ts';
import { count, few } from '../../engine/run-text.ts';
import type { Connected, Inspected, Loaded, Planned } from '../../engine/state.ts';
import { loadMigrations } from '../../migrations/load.ts';
import { filesOfPlan, readStored, type StoredMigrations } from '../../migrations/stored/files.ts';
import { requireCompatible } from '../../migrations/stored/judge.ts';
import { repairAdvice } from '../repair.ts';

/** Decides which migrations to run and imports only those. Migrations that are reverted may come from the history. */
export const plan: Step<Loaded & Connected & Inspected, Planned> = {
  name: 'plan',
  async run({ files, history, database }, { request }) {
    const planned = await loadPlan(request, await planFor(request, files, history, database), database);
    return { kind: 'done', value: planned, message: describePlan(planned) };
  },
};

/** A plan whose migrations are not imported yet. */
interface Decided {
  plan: Plan;
  ahead: Revision[];
  /** The files of the folder. */
  folder: MigrationFile[];
  /** Applied migrations that the folder lacks. */
  stored: StoredMigrations;
}

/**
 * The plan for the current state of the history. `files` may contain those that an earlier plan took from the history.
 * Throws ProblemError.
 */
export async function planFor(
  request: RunRequest,
  files: readonly MigrationFile[],
  history: HistoryRow[],
  database: Pick<Database, 'history' | 'dialect'>,
): Promise<Decided> {
  const target = parseTarget(request.target);
  if (target === undefined) {
    throw new ProblemError({
      reason: 'UnknownTarget',
      message: `"${request.target}" is not a valid target. Use head, base, a revision or a unique prefix of one, +N or -N.`,
    });
  }
  const { allowDowngrade, outOfOrder, unknownApplied = 'Accept' } = request;
  const folder = files.filter(({ stored }) => stored === undefined);
  const advice = repairAdvice(request, folder, history);
  const input = { files: folder, history, target, allowDowngrade, outOfOrder, advice };
  const made = makePlan({ ...input, unknown: unknownApplied });
  if (!made.ok) throw new ProblemError(await explained(made.problem, request, folder, history, database));
  const { plan, ahead } = made;
  const stored = await readStored(database.history, folder, history);
  if (ahead.length > 0 && plan.direction === 'up') await requireCompatible(ahead, stored, database.dialect);
  return { plan, ahead, folder, stored };
}

/** A ChecksumMismatch names the place of the difference. */
async function explained(
  problem: Problem,
  request: RunRequest,
  folder: readonly MigrationFile[],
  history: readonly HistoryRow[],
  database: Pick<Database, 'history'>,
): Promise<Problem> {
  if (problem.reason !== 'ChecksumMismatch') return problem;
  const { explainMismatch } = await import('../../migrations/stored/explain.ts');
  return explainMismatch(problem, request.migrations.path, folder, history, database.history);
}

/** Imports the migrations of a plan. A plan that reverts needs a down migration for each. Throws ProblemError. */
export async function loadPlan(
  request: RunRequest,
  { plan, ahead, folder, stored }: Decided,
  { dialect }: Pick<Database, 'dialect'>,
): Promise<Planned> {
  const revisions = plan.migrations.map(({ revision }) => revision);
  const wanted = filesOfPlan(revisions, folder, stored);
  const migrations = await loadMigrations(request.migrations.path, wanted, dialect);
  const down = plan.direction === 'down';
  const stuck = down ? requireReversible(migrations) : undefined;
  if (stuck !== undefined) throw new ProblemError(stuck);
  return { plan, migrations, files: [...folder, ...(down ? stored.files : [])], ahead };
}

function describePlan({ plan, ahead }: Planned): string {
  const names = plan.migrations.map(({ revision }) => revision);
  if (names.length === 0 && ahead.length > 0) return `the database is newer than the files: ${few(ahead)}`;
  if (names.length === 0) return `nothing is pending at ${plan.to}`;
  const verb = plan.direction === 'up' ? 'to apply' : 'to revert';
  return `${count(names.length, 'migration')} ${verb}: ${few(names)}`;
}
