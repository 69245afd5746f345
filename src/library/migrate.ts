import { count } from '../core/model/count.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Position } from '../core/model/revision.ts';
import { parseTarget } from '../core/model/revision.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { listNames } from '../core/planning/names.ts';
import { currentPosition, plan, requireReversible } from '../core/planning/plan.ts';
import type { DoneMigration } from '../database/port.ts';
import { refuseOtherHistory } from '../engine/other-history.ts';
import { filesOfPlan, readStored } from '../migrations/stored/files.ts';
import { explained } from './mismatch.ts';
import { asRun } from './runs.ts';
import { filesIfAny, filesOf, type Session } from './session.ts';
import { noticeOf, type Options } from './settings.ts';
import { ofAll, requireOneTransaction } from './single-transaction.ts';

export interface MigrateOptions extends Options {
  /** `head`, `base`, a revision or its unique prefix, `+N`, `-N`. */
  target?: string;
  /** All migrations in one transaction instead of one transaction each. */
  singleTransaction?: boolean;
  /** Create a missing PostgreSQL database. A missing SQLite file is created without it. */
  create?: boolean;
}

export interface Migrated {
  from: Position;
  to: Position;
  migrations: Pick<DoneMigration, 'revision' | 'seconds' | 'outside'>[];
}

/**
 * Applies pending migrations up to the target, under the migration lock, each together with its history row, without
 * backup or rehearsal (see `safeMigrate`). Throws ProblemError; migrations applied before the failure stay applied.
 *
 * @example
 * const { migrations } = await upgradeDatabase({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function upgradeDatabase(options: MigrateOptions = {}): Promise<Migrated> {
  return migrate(options, false);
}

/**
 * Reverts to the target, which is required. If a migration to revert has no `down`, nothing is run.
 *
 * @example
 * await downgradeDatabase({ databaseUrl: 'sqlite:///data/app.db', target: '-1' });
 */
export function downgradeDatabase(options: MigrateOptions & { target: string }): Promise<Migrated> {
  return migrate(options, true);
}

function migrate(options: MigrateOptions, down: boolean): Promise<Migrated> {
  return asRun(options, {
    name: down ? 'migrate downgrade' : 'migrate upgrade',
    work: (session) => migrateIn(session, options, down),
    describe: ({ migrations, to }) => ({
      reason: migrations.length === 0 ? 'UpToDate' : down ? 'Reverted' : 'Migrated',
      message: `the database is at ${to}`,
      applied: migrations.map(({ revision }) => revision),
    }),
    // In a new database a downgrade has nothing to revert.
    create: down ? false : options.create === true || 'file',
  });
}

async function migrateIn(session: Session, options: MigrateOptions, down: boolean): Promise<Migrated> {
  const { database, settings, runId } = session;
  const target = parseTarget(options.target ?? 'head');
  if (target === undefined) {
    throw new ProblemError({
      reason: 'UnknownTarget',
      message: `"${options.target}" is not a valid target. Use head, base, a revision, +N or -N.`,
    });
  }
  const notice = noticeOf(options);
  const files = down ? await filesIfAny(settings, notice) : await filesOf(settings, notice);
  const history = await database.history.read();
  if (!down) await refuseOtherHistory(database, files, history);
  // Without a backup nothing is reverted unasked: `Downgrade` is for safe-migrate.
  const unknown = down ? 'Revert' : settings.unknownApplied === 'Downgrade' ? 'Refuse' : settings.unknownApplied;
  const made = plan({ files, history, target, allowDowngrade: down, outOfOrder: settings.outOfOrder, unknown });
  if (!made.ok) throw new ProblemError(await explained(made.problem, session, files, history));
  const { direction, from, to } = made.plan;
  if (down && direction === 'up' && made.plan.migrations.length > 0) {
    throw new ProblemError({
      reason: 'UnknownTarget',
      message: `${to} is newer than ${from}. To apply it: db-manager migrate upgrade ${to}`,
    });
  }
  const stored = await readStored(database.history, files, history);
  const { ahead } = made;
  if (!down && ahead.length > 0) {
    const { requireCompatible } = await import('../migrations/stored/judge.ts');
    await requireCompatible(ahead, stored, database.dialect);
    options.onMessage?.(
      `the database is newer than the files: ${listNames(ahead)} ${ahead.length === 1 ? 'is' : 'are'} applied and not in the files; older code can run with ${ahead.length === 1 ? 'it' : 'them'}`,
    );
  }
  const revisions = made.plan.migrations.map(({ revision }) => revision);
  const wanted = filesOfPlan(revisions, files, stored);
  const migrations = wanted.length === 0 ? [] : await load(settings.migrations, wanted, database.dialect);
  const stuck = direction === 'down' ? requireReversible(migrations) : undefined;
  if (stuck !== undefined) throw new ProblemError(stuck);
  const single = options.singleTransaction === true;
  if (single) requireOneTransaction(migrations, direction);
  reportStored(wanted, options);
  if (migrations.length === 0) return { from, to: currentPosition(history), migrations: [] };
  await database.history.ensure();
  const report = ({ revision, seconds, outside }: DoneMigration) => {
    options.onMessage?.(`${direction === 'up' ? 'applied' : 'reverted'} ${revision} (${seconds.toFixed(2)} s)`);
    if (outside === undefined) return;
    options.onMessage?.(
      `${revision} ran outside a transaction, so its changes and its history row were not atomic: ${outside}`,
    );
  };
  const outcome = await database.migrate({
    direction,
    migrations,
    runId,
    toolVersion: TOOL_VERSION,
    timeouts: settings.timeouts,
    singleTransaction: single,
    signal: options.signal,
    // Before their common commit, nothing is done.
    onDone: single ? undefined : report,
    onRetry: options.onMessage,
  });
  if (outcome.kind === 'failed') throw new ProblemError(single ? ofAll(outcome.problem, direction) : outcome.problem);
  if (outcome.kind === 'stopped') {
    throw new ProblemError({
      reason: 'Interrupted',
      message: `Stopped after ${outcome.done.length} of ${count(migrations.length, 'migration')}. Run the command again to continue.`,
    });
  }
  if (single) outcome.done.forEach(report);
  const others = await database.otherSchemas();
  if (others !== undefined) options.onMessage?.(`not checked: ${others}`);
  return { from, to: currentPosition(await database.history.read()), migrations: outcome.done };
}

/** With the modules that read SQL and import code, which a command with nothing to do does not need. */
async function load(...args: Parameters<LoadMigrations>): ReturnType<LoadMigrations> {
  const { loadMigrations } = await import('../migrations/load.ts');
  return loadMigrations(...args);
}

type LoadMigrations = typeof import('../migrations/load.ts').loadMigrations;

/** Which migrations are reverted with the stored text. */
function reportStored(wanted: readonly MigrationFile[], { onMessage }: Pick<Options, 'onMessage'>): void {
  const stored = wanted.filter(({ stored }) => stored !== undefined).map(({ revision }) => revision);
  if (stored.length > 0) onMessage?.(`reverted with the text that the history keeps: ${listNames(stored)}`);
}
