import { randomUUID } from 'node:crypto';
import type { RunEvent } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import { openDatabase } from '../database/open.ts';
import type { RunEnvironment } from '../engine/ports.ts';
import { backupIdentities } from './backup-identities.ts';
import { holder } from './holder.ts';
import { scratchServerOf } from './scratch-server.ts';
import type { Options, settingsOf } from './settings.ts';

/** Options of every run with all steps, of migrations and of a command alike. */
export interface LocalRunOptions extends Options {
  /** All steps without writing to the target. The backup that the rehearsal needs is taken and kept. */
  dryRun?: boolean;
  /** Default true. Without a backup the rehearsal uses the schema only, and `onFailure: 'Restore'` has nothing to restore. */
  backup?: boolean;
  /** Create a missing PostgreSQL database. A missing SQLite file is created without it. */
  create?: boolean;
  /** Instead of `backup_YYYYMMDD_HHMMSS`. */
  backupName?: string;
  /** Default: `safety.rehearsal` of the settings. */
  rehearsal?: RunRequest['safety']['rehearsal'];
  /** Checks in addition to `checks` of the settings. */
  moreChecks?: Options['checks'];
  /** Digest of the plan that may run despite findings or `approval`. */
  approvedPlan?: string;
  /** Default `Automatic`. */
  approval?: RunRequest['approval'];
  /**
   * The page of the run: `file` is written in addition to the page next to the backup. `false`: no page. Default `{}`.
   */
  report?: false | { file?: string; redactLiterals?: boolean };
  /** Called when a step ends, and with the progress of long steps. */
  onEvent?(event: RunEvent): void;
}

type Settings = Awaited<ReturnType<typeof settingsOf>>;

/** The part of a request that is the same for migrations and for a command. */
export function localRequest(settings: Settings, options: LocalRunOptions) {
  const { report } = options;
  const checks = [...(settings.checks ?? []), ...(options.moreChecks ?? [])];
  return {
    version: 1 as const,
    runId: randomUUID(),
    attempt: 1,
    database: { urlVariable: 'DATABASE_URL' },
    ...(options.create === undefined ? {} : { create: options.create }),
    dryRun: options.dryRun ?? false,
    approval: options.approval ?? 'Automatic',
    approvedPlan: options.approvedPlan,
    safety: { ...settings.safety, rehearsal: options.rehearsal ?? settings.safety.rehearsal },
    validation: settings.validation,
    ...(checks.length === 0 ? {} : { checks: checks.map((check) => ({ ...check, when: check.when ?? 'After' })) }),
    backup: {
      enabled: options.backup ?? true,
      folder: settings.backups.folder,
      recipients: settings.backups.recipients,
      name: options.backupName,
      compression: settings.backups.compression,
      integrityCheck: settings.backups.integrityCheck,
      schemas: settings.backups.schemas,
      retain: settings.backups.retain,
    },
    ...(report === false ? {} : { report: { redactLiterals: report?.redactLiterals ?? false, file: report?.file } }),
    onFailure: settings.onFailure,
    terminateSessions: settings.terminateSessions,
    timeouts: settings.timeouts,
  };
}

/** What the engine needs for a run in this process: the databases, the clock, the signal. */
export function localEnvironment(
  target: DatabaseTarget,
  { safety }: Pick<RunRequest, 'safety'>,
  {
    identityFile,
    env,
    onEvent,
    signal,
  }: Pick<LocalRunOptions, 'env' | 'onEvent' | 'signal'> & { identityFile?: string },
): RunEnvironment {
  return {
    target,
    openDatabase,
    rehearsalServer: scratchServerOf(safety.rehearsalServer, env),
    backupIdentities: () => backupIdentities({ identityFile }, env),
    holder: holder(env),
    now: () => new Date(),
    emit: (event) => onEvent?.(event),
    signal: signal ?? new AbortController().signal,
  };
}
