import type { CheckResult, Finding } from '../core/model/finding.ts';
import type { RunReport } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import { run } from '../engine/run.ts';
import { newestBackupCheck, preflightChecks } from '../engine/steps/check.ts';
import { type LocalRunOptions, localEnvironment, localRequest } from './local-run.ts';
import { withDatabase } from './session.ts';
import { type Options, settingsOf } from './settings.ts';

export interface SafeMigrateOptions extends LocalRunOptions {
  /** `head` (the default), `base`, a revision or its unique prefix, `+N`, `-N`. */
  target?: string;
  /** A target older than the current revision is refused unless this is true. */
  allowDowngrade?: boolean;
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
  const request: RunRequest = {
    ...localRequest(settings, options),
    migrations: { path: settings.migrations, include: settings.include, exclude: settings.exclude },
    ...(settings.models === undefined ? {} : { models: { path: settings.models } }),
    target: options.target ?? 'head',
    allowDowngrade: options.allowDowngrade ?? false,
    outOfOrder: settings.outOfOrder,
    unknownApplied: settings.unknownApplied,
  };
  return run(
    request,
    localEnvironment(settings.target, request, { ...options, identityFile: settings.backups.identityFile }),
  );
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
  const messages = (wanted: 'failed' | 'warning') => [
    ...checks.filter(({ result }) => result === wanted).map(({ name, message }) => `${name}: ${message}`),
    ...findings
      .filter(({ severity }) => (severity === 'error') === (wanted === 'failed'))
      .map(({ message }) => message),
  ];
  const [errors, warnings] = [messages('failed'), messages('warning')];
  return { safe: errors.length === 0 && report.result === 'succeeded', warnings, errors, checks, findings };
}

function surroundings(options: Options): Promise<CheckResult[]> {
  return withDatabase(options, async ({ database, settings: { backups, safety } }) => [
    ...(await preflightChecks(
      database,
      { enabled: true, folder: backups.folder, schemas: backups.schemas },
      { safety },
    )),
    ...(await newestBackupCheck(database, backups.folder)),
  ]);
}
