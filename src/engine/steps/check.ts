import { canDecrypt } from '../../backups/can-decrypt.ts';
import { listBackups } from '../../backups/list.ts';
import { openStore } from '../../backups/open-store.ts';
import { describeRestored } from '../../backups/restored.ts';
import { displayPlace } from '../../core/model/backup-place.ts';
import type { CheckResult } from '../../core/model/finding.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { RunRequest } from '../../core/model/request.ts';
import type { DecidedFinding } from '../../core/model/run-record.ts';
import { requireReversible } from '../../core/planning/plan.ts';
import { bySeverity } from '../../core/safety/by-severity.ts';
import type { Driver, Introspector } from '../../database/port.ts';
import { failed, toProblem } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { askChecks } from '../../engine/query-checks.ts';
import { refusedLoss, revertsUnasked, riskFindings, rowsAtRisk } from '../../engine/rows-at-risk.ts';
import { count } from '../../engine/run-text.ts';
import {
  countFindings,
  describeMostSevere,
  needsAttention,
  planFindings,
  unsafePlanProblem,
} from '../../engine/safety.ts';
import type { Checked, Connected, Loaded, Planned } from '../../engine/state.ts';

/** Checks the plan and its environment before anything is written. */
export const check: Step<Loaded & Connected & Planned, Checked> = {
  name: 'check',
  async run(input, ports) {
    const { database, plan } = input;
    const { request } = ports;
    if (plan.migrations.length === 0) {
      return { kind: 'skipped', value: { checks: [], findings: [] }, message: 'nothing to run' };
    }
    const irreversible = downgradeImpossible(input, request);
    if (irreversible !== undefined) return failed(irreversible, { touched: false });
    const checks = [
      ...(await preflightChecks(database, request.backup, request)),
      ...(await restorableCheck(request, ports)),
      ...(request.dryRun && request.backup.enabled ? await newestBackupCheck(database, request.backup.folder) : []),
    ];
    const broken = checks.filter(({ result }) => result === 'failed');
    if (broken.length > 0) {
      const message = broken.map((check) => `${check.name}: ${check.message}`).join('; ');
      return { ...failed({ reason: 'CheckFailed', message }, { touched: false }), partial: { checks, findings: [] } };
    }
    const risks = revertsUnasked(plan, request)
      ? await rowsAtRisk(database, input.migrations, request.migrations.path)
      : [];
    const ignored: DecidedFinding[] = [];
    const ruled = request.safety.mode === 'Disabled' ? [] : await planFindings(input, ports, ignored);
    const findings = bySeverity([...riskFindings(risks), ...ruled]);
    const value = { checks, findings, ignored };
    const loss = refusedLoss(risks, plan, request);
    if (loss !== undefined) return { ...failed(loss, { touched: false }), partial: value };
    if (ruled.some(({ severity }) => severity === 'error') && blocks(request, plan.digest)) {
      return { ...failed(unsafePlanProblem(findings, request, plan.digest), { touched: false }), partial: value };
    }
    const asked = await askChecks(database, request, 'Before', 'target', plan.direction);
    const all = { ...value, checks: [...checks, ...asked.results] };
    if (asked.problem !== undefined) return { ...failed(asked.problem, { touched: false }), partial: all };
    const message = [describeChecks(value, request), asked.message].filter(Boolean).join('; ');
    return { kind: 'done', value: all, message };
  },
};

/** Checks of the database server and the backup folder that do not depend on the plan. */
export async function preflightChecks(
  database: Introspector & Driver,
  backup: Pick<RunRequest['backup'], 'enabled' | 'folder' | 'schemas'>,
  {
    onFailure,
    terminateSessions,
    safety,
  }: Partial<Pick<RunRequest, 'onFailure' | 'terminateSessions' | 'safety'>> = {},
): Promise<CheckResult[]> {
  // After a failed run it is too late to find out that a restore is not possible.
  const restore = onFailure === 'Restore' ? { terminateSessions: terminateSessions === true } : undefined;
  const copyOnTarget = safety?.rehearsalServer === 'SameServer' && safety.rehearsal !== 'Disabled';
  const taken = backup.enabled ? { backupFolder: backup.folder, backupSchemas: backup.schemas } : {};
  const serverChecks = await database.checks({ restore, copyOnTarget, ...taken });
  return backup.enabled ? [...serverChecks, await backupFolder(await spaceFor(database), backup.folder)] : serverChecks;
}

/** After a failed run it is too late to find out that no identity reads the backup. */
async function restorableCheck({ onFailure, backup }: RunRequest, ports: RunPorts): Promise<CheckResult[]> {
  const { recipients = [] } = backup;
  if (onFailure !== 'Restore' || recipients.length === 0) return [];
  const identities = (await ports.backupIdentities?.()) ?? [];
  const name = 'onFailure: Restore';
  if (await canDecrypt(recipients, identities))
    return [{ name, result: 'passed', message: 'the identity can decrypt the backup' }];
  const message =
    identities.length === 0
      ? 'backups are encrypted, and the run has no identity to read them. Set the identity, or onFailure: Keep'
      : 'the identity is not one of the recipients of the backups. Set the identity of a recipient';
  return [{ name, result: 'failed', message }];
}

/**
 * An obstacle to the restore of `onFailure: Restore`. An application may have connected while the backup was taken and
 * rehearsed, so this is checked again before the first write.
 */
export async function restoreObstacle(
  database: Introspector,
  request: Pick<RunRequest, 'onFailure' | 'terminateSessions'>,
): Promise<Problem | undefined> {
  if (request.onFailure !== 'Restore') return undefined;
  const restore = { terminateSessions: request.terminateSessions === true };
  const checks = await database.checks({ restore });
  const obstacle = checks.find(({ name, result }) => name === 'onFailure: Restore' && result === 'failed');
  if (obstacle === undefined) return undefined;
  return {
    reason: 'CheckFailed',
    message: `${obstacle.name}: ${obstacle.message}. This changed after the first check. No migration was applied`,
  };
}

/** A run that reverts its migrations on failure needs a `down` in every migration. */
function downgradeImpossible({ migrations, plan }: Planned, { onFailure }: RunRequest): Problem | undefined {
  const stuck = onFailure === 'Downgrade' && plan.direction === 'up' ? requireReversible(migrations) : undefined;
  if (stuck === undefined) return undefined;
  const names = migrations.filter(({ down }) => down === undefined).map(({ revision }) => revision);
  return {
    ...stuck,
    message: `onFailure: Downgrade reverts the migrations of a failed run, but ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} no down migration. Add it (an empty one does not count), or set onFailure to Keep or Restore.`,
  };
}

/** Errors block the run, unless this plan awaits approval or is approved. */
function blocks({ safety, approval, approvedPlan }: RunRequest, digest: string): boolean {
  return safety.mode === 'Enforce' && approval === 'Automatic' && approvedPlan !== digest;
}

function describeChecks({ checks, findings }: Checked, { safety }: RunRequest): string {
  const warnings = checks.filter(({ result }) => result === 'warning').map(({ message }) => message);
  const noted = findings.filter(needsAttention);
  const rules =
    safety.mode === 'Disabled'
      ? 'safety rules are off'
      : noted.length === 0
        ? 'no rule violations'
        : `${countFindings(noted)}, first ${describeMostSevere(noted)}`;
  return [
    `${count(checks.length - warnings.length, 'check')} passed`,
    ...(warnings.length > 0 ? [`${count(warnings.length, 'warning')}: ${warnings.join('; ')}`] : []),
    rules,
  ].join('; ');
}

/**
 * A dump is compressed and contains no indexes; a fifth of the database is a conservative estimate. A file is copied
 * whole.
 */
const DUMP_SHARE = 0.2;

async function spaceFor(database: Introspector & Driver): Promise<number> {
  const size = await database.sizeBytes();
  return database.can.singleFile ? size : Math.ceil(size * DUMP_SHARE);
}

/** A warning if the newest backup of this database was restored to a copy with differences. */
export async function newestBackupCheck(
  { identity }: Pick<Driver, 'identity'>,
  folder: string,
): Promise<CheckResult[]> {
  const name = 'newest backup restorable';
  try {
    const { backups } = await listBackups(folder);
    const newest = backups.find(({ manifest }) => manifest.database.id === identity.id);
    const message = newest && describeRestored(newest);
    return message === undefined ? [] : [{ name, result: 'warning', message }];
  } catch (error) {
    return [{ name, result: 'warning', message: toProblem(error).message }];
  }
}

/** The backup folder must be writable and have enough disk space for a copy of the database. */
async function backupFolder(needed: number, folder: string): Promise<CheckResult> {
  const name = 'backup folder writable';
  try {
    const found = await (await openStore(folder)).check(needed);
    return { name, result: 'passed', message: `${displayPlace(folder)}, ${found}` };
  } catch (error) {
    return { name, result: 'failed', message: toProblem(error).message };
  }
}
