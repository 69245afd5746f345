import type { Dialect } from '../../core/model/dialect.ts';
import type { HistoryRow } from '../../core/model/history.ts';
import type { MigrationFile } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { RunRequest } from '../../core/model/request.ts';
import { parseTarget } from '../../core/model/revision.ts';
import { plan as makePlan, requireReversible } from '../../core/planning/plan.ts';
import { loadMigrations } from '../../migrations/load.ts';
import type { Step } from '../flow.ts';
import type { Connected, Inspected, Loaded, Planned } from '../state.ts';
import { count, few } from '../words.ts';

/** Decides what to run and imports exactly that. */
export const plan: Step<Loaded & Connected & Inspected, Planned> = {
  name: 'plan',
  async run({ files, history, database }, { request }) {
    const planned = await planAndLoad(request, files, history, database.dialect);
    return { kind: 'done', value: planned, message: describePlan(planned) };
  },
};

/** Also used under the lock, by `confirm`. Throws ProblemError. */
export async function planAndLoad(
  request: RunRequest,
  files: MigrationFile[],
  history: HistoryRow[],
  dialect: Dialect,
): Promise<Planned> {
  const target = parseTarget(request.target);
  if (target === undefined) {
    throw new ProblemError({
      reason: 'UnknownTarget',
      message: `"${request.target}" is no target. Use head, base, a revision or its start, +N or -N.`,
    });
  }
  const made = makePlan({
    files,
    history,
    target,
    allowDowngrade: request.allowDowngrade,
    outOfOrder: request.outOfOrder,
  });
  if (!made.ok) throw new ProblemError(made.problem);
  const byRevision = new Map(files.map((file) => [file.revision, file]));
  const wanted = made.plan.migrations.flatMap(({ revision }) => byRevision.get(revision) ?? []);
  const migrations = await loadMigrations(request.migrations.path, wanted, dialect);
  const stuck = made.plan.direction === 'down' ? requireReversible(migrations) : undefined;
  if (stuck !== undefined) throw new ProblemError(stuck);
  return { plan: made.plan, migrations };
}

function describePlan({ plan }: Planned): string {
  const names = plan.migrations.map(({ revision }) => revision);
  if (names.length === 0) return `nothing is pending at ${plan.to}`;
  const verb = plan.direction === 'up' ? 'to apply' : 'to revert';
  return `${count(names.length, 'migration')} ${verb}: ${few(names)}`;
}
