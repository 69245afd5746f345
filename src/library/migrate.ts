import { count } from '../core/model/count.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Position } from '../core/model/revision.ts';
import { parseTarget } from '../core/model/revision.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { currentPosition, plan, requireReversible } from '../core/planning/plan.ts';
import type { DoneMigration } from '../database/port.ts';
import { loadMigrations } from '../migrations/load.ts';
import { asWriter, filesOf } from './session.ts';
import { noticeOf, type Options } from './settings.ts';

export interface MigrateOptions extends Options {
  /** `head`, `base`, a revision or its unique start, `+N`, `-N`. */
  target?: string;
  /** All in one transaction instead of one each. */
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
 * Applies what is pending, up to the target: locked, each migration together with its history row, without backup or
 * rehearsal (`safeMigrate` has those). Throws ProblemError; what had been applied before the failure stays.
 *
 * @example
 * const { migrations } = await upgradeDatabase({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function upgradeDatabase(options: MigrateOptions = {}): Promise<Migrated> {
  return migrate({ ...options, target: options.target ?? 'head' }, false);
}

/**
 * Reverts to the target, which is required. A migration on the way without `down` is refused before anything runs.
 *
 * @example
 * await downgradeDatabase({ databaseUrl: 'sqlite:///data/app.db', target: '-1' });
 */
export function downgradeDatabase(options: MigrateOptions & { target: string }): Promise<Migrated> {
  return migrate(options, true);
}

async function migrate(options: MigrateOptions & { target?: string }, down: boolean): Promise<Migrated> {
  return asWriter(
    options,
    async ({ database, settings, runId }) => {
      const target = parseTarget(options.target ?? 'head');
      if (target === undefined) {
        throw new ProblemError({
          reason: 'UnknownTarget',
          message: `"${options.target}" is no target. Use head, base, a revision, +N or -N.`,
        });
      }
      const files = await filesOf(settings, noticeOf(options));
      const history = await database.history.read();
      const made = plan({ files, history, target, allowDowngrade: down, outOfOrder: settings.outOfOrder });
      if (!made.ok) throw new ProblemError(made.problem);
      const { direction, from, to } = made.plan;
      if (down && direction === 'up' && made.plan.migrations.length > 0) {
        throw new ProblemError({
          reason: 'UnknownTarget',
          message: `${to} lies ahead of ${from}; to go there: db-manager migrate upgrade ${to}`,
        });
      }
      const byRevision = new Map(files.map((file) => [file.revision, file]));
      const wanted = made.plan.migrations.flatMap(({ revision }) => byRevision.get(revision) ?? []);
      const migrations = await loadMigrations(settings.migrations, wanted, database.dialect);
      const stuck = direction === 'down' ? requireReversible(migrations) : undefined;
      if (stuck !== undefined) throw new ProblemError(stuck);
      if (migrations.length === 0) return { from, to: currentPosition(history), migrations: [] };
      await database.history.ensure();
      const outcome = await database.migrate({
        direction,
        migrations,
        runId,
        toolVersion: TOOL_VERSION,
        timeouts: settings.timeouts,
        singleTransaction: options.singleTransaction,
        signal: options.signal,
        onDone: ({ revision, seconds, outside }) => {
          options.onMessage?.(`${direction === 'up' ? 'applied' : 'reverted'} ${revision} (${seconds.toFixed(2)} s)`);
          if (outside !== undefined) {
            options.onMessage?.(
              `${revision} ran outside a transaction, so its work and its history row are not one: ${outside}`,
            );
          }
        },
        onRetry: options.onMessage,
      });
      if (outcome.kind === 'failed') throw new ProblemError(outcome.problem);
      if (outcome.kind === 'stopped') {
        throw new ProblemError({
          reason: 'Interrupted',
          message: `Stopped after ${outcome.done.length} of ${count(migrations.length, 'migration')}; run again for the rest.`,
        });
      }
      const others = await database.otherSchemas();
      if (others !== undefined) options.onMessage?.(`not looked at: ${others}`);
      return { from, to: currentPosition(await database.history.read()), migrations: outcome.done };
    },
    // A downgrade has nothing to do in a new database.
    down ? false : options.create === true || 'file',
  );
}
