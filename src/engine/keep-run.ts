import { textStart } from '../core/model/clip.ts';
import type { Plan } from '../core/model/plan.ts';
import type { RunReport } from '../core/model/report.ts';
import type { CommonRequest } from '../core/model/request.ts';
import type { DecidedFinding, RunRecord } from '../core/model/run-record.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import type { Database } from '../database/port.ts';
import { maskedTexts } from './masked.ts';
import type { RunEnvironment } from './ports.ts';
import { needsAttention } from './safety.ts';
import type { RunState } from './state.ts';

type KeptState = Partial<Pick<RunState, 'database' | 'plan' | 'backup' | 'ignored' | 'findings' | 'verified'>>;

/**
 * Keeps the run in the table of runs of the target: a row when it holds the lock, completed at its end. A dry run writes
 * nothing to the target, and neither does a run on a database without a history that changed nothing. A row that cannot be
 * written does not fail the run.
 */
export function runKeeper(
  request: CommonRequest,
  { holder, image, now, mask, openDatabase, target }: RunEnvironment,
  command: 'safe-migrate' | 'wrap' = 'safe-migrate',
): {
  started(database: Database, plan?: Plan): Promise<void>;
  /** Why the row could not be written; undefined if it was, or is not wanted. */
  ended(state: KeptState, report: RunReport): Promise<string | undefined>;
} {
  const { resource } = request;
  const first: RunRecord = {
    runId: request.runId,
    attempt: request.attempt,
    state: 'running',
    command,
    startedAt: now().toISOString(),
    startedBy: holder,
    ...(resource === undefined ? {} : { resource: `${resource.namespace}/${resource.name}` }),
    toolVersion: TOOL_VERSION,
    ...(image === undefined ? {} : { image }),
  };
  let began = false;
  return {
    async started(database, plan) {
      // A new table in an empty database would make some tools refuse it as not empty.
      if (command === 'wrap' && !(await database.runs.exists().catch(no))) return;
      began = await database.runs.start({ ...first, ...(plan && { plan: plannedOf(plan) }) }).then(yes, no);
    },
    async ended(state, report) {
      const { database } = state;
      if (request.dryRun || database === undefined) return undefined;
      const record = maskedTexts({ ...first, ...endOf(request, state, report, holder) }, mask);
      try {
        if (!began) await markLost(database, request, holder);
        if (!began && !(command === 'wrap' && report.touched) && !(await database.runs.exists())) return undefined;
        await database.runs.finish(record);
        return undefined;
      } catch (error) {
        // A restore replaces the database, and a lost connection does not come back.
        const again = await openDatabase(target, { timeouts: request.timeouts, applicationName: 'db-manager runs' })
          .then(async (fresh) => {
            await fresh.runs.finish(record).finally(() => fresh.close());
            return true;
          })
          .catch(no);
        return again || !began ? undefined : error instanceof Error ? error.message : String(error);
      }
    },
  };
}

/** A run with nothing to do holds no lock. Without it, a run that was killed after its last change stays `running`. */
async function markLost(database: Database, { runId }: CommonRequest, holder: string): Promise<void> {
  if (!(await database.runs.hasRunning())) return;
  const lock = await database.lock({ waitMs: 0, runId, holder }).catch(() => undefined);
  if (lock === undefined) return;
  await database.runs.markLost().finally(() => lock.release());
}

const yes = () => true;
const no = () => false;

function plannedOf({ digest, direction, migrations }: Plan): RunRecord['plan'] {
  return { digest, direction, migrations: migrations.map(({ revision }) => revision as string) };
}

function endOf(request: CommonRequest, state: KeptState, report: RunReport, holder: string): Partial<RunRecord> {
  const { plan, backup, ignored = [], findings = [], verified } = state;
  const isApproved = plan !== undefined && plan.migrations.length > 0 && request.approvedPlan === plan.digest;
  const { resource } = request;
  const field = resource && `spec.approvedPlan of ${resource.namespace}/${resource.name}`;
  const by = field === undefined ? holder : [request.approvedBy, field].filter(Boolean).join(', ');
  const approved: DecidedFinding[] = isApproved
    ? findings.filter(needsAttention).map(({ rule, migration }) => ({ rule, ...(migration ? { migration } : {}), by }))
    : [];
  const all: DecidedFinding[] = [...ignored, ...request.safety.ignore.map((rule) => ({ rule, by: 'safety.ignore' }))];
  return {
    state: 'ended',
    finishedAt: report.finishedAt,
    result: report.result,
    reason: report.reason,
    message: textStart(report.message, 2_000),
    ...(report.plan === undefined
      ? {}
      : { plan: { ...report.plan, migrations: report.plan.migrations.slice(0, 100) } }),
    steps: report.steps.map(({ step, kind, seconds }) => ({ step, kind, seconds })),
    applied: report.applied.map(({ revision }) => revision).slice(0, 100),
    ...(all.length === 0 ? {} : { ignored: all.slice(0, 100) }),
    ...(approved.length === 0 ? {} : { approved: approved.slice(0, 100) }),
    ...(backup === undefined ? {} : { backup: backup.manifest.name }),
    ...(verified === undefined ? {} : { verified }),
  };
}
