import type { Dialect } from '../../core/model/dialect.ts';
import type { HistoryRow } from '../../core/model/history.ts';
import type { MigrationFile } from '../../core/model/migration.ts';
import type { Plan } from '../../core/model/plan.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { RunRequest } from '../../core/model/request.ts';
import { parseTarget } from '../../core/model/revision.ts';
import { plan as makePlan, requireReversible } from '../../core/planning/plan.ts';
import type { Step } from '../../engine/flow.ts';
import { count, few } from '../../engine/run-text.ts';
import type { Connected, Inspected, Loaded, Planned } from '../../engine/state.ts';
import { loadMigrations } from '../../migrations/load.ts';
import { repairAdvice } from '../repair.ts';

/** Decides which migrations to run and imports only those. */
export const plan: Step<Loaded & Connected & Inspected, Planned> = {
  name: 'plan',
  async run({ files, history, database }, { request }) {
    const planned = await loadPlan(request, files, planFor(request, files, history), database.dialect);
    return { kind: 'done', value: planned, message: describePlan(planned) };
  },
};

/** The plan for the current state of the history. Throws ProblemError. */
export function planFor(request: RunRequest, files: MigrationFile[], history: HistoryRow[]): Plan {
  const target = parseTarget(request.target);
  if (target === undefined) {
    throw new ProblemError({
      reason: 'UnknownTarget',
      message: `"${request.target}" is not a valid target. Use head, base, a revision or a unique prefix of one, +N or -N.`,
    });
  }
  const { allowDowngrade, outOfOrder } = request;
  const advice = repairAdvice(request.resource, files, history);
  const made = makePlan({ files, history, target, allowDowngrade, outOfOrder, advice });
  if (!made.ok) throw new ProblemError(made.problem);
  return made.plan;
}

/** Imports the migrations of a plan. A plan that reverts needs a down migration for each. Throws ProblemError. */
export async function loadPlan(
  request: RunRequest,
  files: MigrationFile[],
  plan: Plan,
  dialect: Dialect,
): Promise<Planned> {
  const byRevision = new Map(files.map((file) => [file.revision, file]));
  const wanted = plan.migrations.flatMap(({ revision }) => byRevision.get(revision) ?? []);
  const migrations = await loadMigrations(request.migrations.path, wanted, dialect);
  const stuck = plan.direction === 'down' ? requireReversible(migrations) : undefined;
  if (stuck !== undefined) throw new ProblemError(stuck);
  return { plan, migrations };
}

function describePlan({ plan }: Planned): string {
  const names = plan.migrations.map(({ revision }) => revision);
  if (names.length === 0) return `nothing is pending at ${plan.to}`;
  const verb = plan.direction === 'up' ? 'to apply' : 'to revert';
  return `${count(names.length, 'migration')} ${verb}: ${few(names)}`;
}
