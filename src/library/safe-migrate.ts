import { randomUUID } from 'node:crypto';
import type { CheckResult, Finding } from '../core/model/finding.ts';
import type { RunEvent, RunReport } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import { openDatabase } from '../database/open.ts';
import { run } from '../engine/run.ts';
import { preflightChecks } from '../engine/steps/check.ts';
import { backupIdentities } from './backup-identities.ts';
import { holder } from './holder.ts';
import { scratchServerOf } from './scratch-server.ts';
import { withDatabase } from './session.ts';
import { type Options, settingsOf } from './settings.ts';

export interface SafeMigrateOptions extends Options {
  /** `head` (the default), `base`, a revision or its unique prefix, `+N`, `-N`. */
  target?: string;
  /** All steps without writing to the database. The backup that the rehearsal needs is taken and kept. */
  dryRun?: boolean;
  /** Default true. Without a backup the rehearsal uses the schema only, and `onFailure: 'Restore'` has nothing to restore. */
  backup?: boolean;
  /** Create a missing PostgreSQL database. A missing SQLite file is created without it. */
  create?: boolean;
  /** Instead of `backup_YYYYMMDD_HHMMSS`. */
  backupName?: string;
  /** Default: `safety.rehearsal` of the settings. */
  rehearsal?: RunRequest['safety']['rehearsal'];
  /** A target older than the current revision is refused unless this is true. */
  allowDowngrade?: boolean;
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

/**
 * Runs all steps: check, back up, rehearse on the restored backup, apply, verify. Does not throw for failures of a run;
 * the report describes them.
 *
 * @example
 * const report = await safeMigrate({ databaseUrl: 'sqlite:///data/app.db' });
 * if (report.result !== 'succeeded') console.error(report.reason, report.message);
 */
export async function safeMigrate(options: SafeMigrateOptions = {}): Promise<RunReport> {
  const settings = await settingsOf(options);
  const backup = options.backup ?? true;
  const request: RunRequest = {
    version: 1,
    runId: randomUUID(),
    attempt: 1,
    database: { urlVariable: 'DATABASE_URL' },
    ...(options.create === undefined ? {} : { create: options.create }),
    migrations: { path: settings.migrations, include: settings.include, exclude: settings.exclude },
    ...(settings.models === undefined ? {} : { models: { path: settings.models } }),
    target: options.target ?? 'head',
    allowDowngrade: options.allowDowngrade ?? false,
    outOfOrder: settings.outOfOrder,
    unknownApplied: settings.unknownApplied,
    dryRun: options.dryRun ?? false,
    approval: options.approval ?? 'Automatic',
    approvedPlan: options.approvedPlan,
    safety: {
      ...settings.safety,
      rehearsal: options.rehearsal ?? settings.safety.rehearsal,
    },
    validation: settings.validation,
    ...checksOf(settings, options.moreChecks),
    backup: {
      enabled: backup,
      folder: settings.backups.folder,
      recipients: settings.backups.recipients,
      name: options.backupName,
      compression: settings.backups.compression,
      schemas: settings.backups.schemas,
      retain: settings.backups.retain,
    },
    ...(options.report === false
      ? {}
      : { report: { redactLiterals: options.report?.redactLiterals ?? false, file: options.report?.file } }),
    onFailure: settings.onFailure,
    terminateSessions: settings.terminateSessions,
    timeouts: settings.timeouts,
  };
  return run(request, {
    target: settings.target,
    openDatabase,
    rehearsalServer: scratchServerOf(request.safety.rehearsalServer, options.env),
    backupIdentities: () => backupIdentities(settings.backups, options.env),
    holder: holder(),
    now: () => new Date(),
    emit: (event) => options.onEvent?.(event),
    signal: options.signal ?? new AbortController().signal,
  });
}

/** The checks of a request. */
export function checksOf(
  { checks = [] }: Pick<Options, 'checks'>,
  more: Options['checks'] = [],
): Pick<RunRequest, 'checks'> {
  const all = [...checks, ...more].map((check) => ({ ...check, when: check.when ?? 'After' }));
  return all.length === 0 ? {} : { checks: all };
}

export interface SafetyResult {
  safe: boolean;
  warnings: string[];
  errors: string[];
  checks: { name: string; result: 'passed' | 'warning' | 'failed'; message: string }[];
  findings: Finding[];
}

/**
 * Checks whether it is safe to migrate now: database, backup folder, history and pending migrations, without writing.
 *
 * @example
 * const safety = await checkMigrationSafety({ databaseUrl: 'sqlite:///data/app.db' });
 * if (!safety.safe) console.error(safety.errors);
 */
export async function checkMigrationSafety(options: Options = {}): Promise<SafetyResult> {
  const report = await safeMigrate({ ...options, dryRun: true, rehearsal: 'Disabled', report: false });
  const reached = (step: string) =>
    report.steps.some((one) => one.step === step && one.kind !== 'failed' && one.kind !== 'blocked');
  const classic = [
    { name: 'database reachable', step: 'connect' },
    { name: 'current revision trackable', step: 'inspect' },
    { name: 'migration system functional', step: 'plan' },
  ].map(({ name, step }) => ({
    name,
    result: reached(step) ? ('passed' as const) : ('failed' as const),
    message: report.steps.find((one) => one.step === step)?.message ?? `not reached: ${report.message}`,
  }));
  // Without pending migrations a run has nothing to check, but an explicit safety check still runs the checks.
  const around = report.safety?.checks.length
    ? report.safety.checks
    : reached('plan')
      ? await surroundings(options)
      : [];
  const others = around.filter(({ name }) => name !== 'database reachable');
  const checks = [...classic, ...others];
  const findings = report.safety?.findings ?? [];
  const failed = checks.filter(({ result }) => result === 'failed').map(({ name, message }) => `${name}: ${message}`);
  const errors = [...failed, ...findings.filter(({ severity }) => severity === 'error').map(({ message }) => message)];
  const warnings = [
    ...checks.filter(({ result }) => result === 'warning').map(({ name, message }) => `${name}: ${message}`),
    ...findings.filter(({ severity }) => severity !== 'error').map(({ message }) => message),
  ];
  return { safe: errors.length === 0 && report.result === 'succeeded', warnings, errors, checks, findings };
}

function surroundings(options: Options): Promise<CheckResult[]> {
  return withDatabase(options, ({ database, settings }) =>
    preflightChecks(
      database,
      { enabled: true, folder: settings.backups.folder, schemas: settings.backups.schemas },
      { safety: settings.safety },
    ),
  );
}
