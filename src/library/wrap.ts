import { withoutClientParameters } from '../core/model/connection/command-url.ts';
import { masker } from '../core/model/masking.ts';
import type { RunReport } from '../core/model/report.ts';
import type { CommandRequest } from '../core/model/request.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import { runWrapped } from '../engine/wrapped/run.ts';
import { localHost } from './command-host.ts';
import { type LocalRunOptions, localEnvironment, localRequest } from './local-run.ts';
import { settingsOf } from './settings.ts';

export interface WrapOptions extends LocalRunOptions {
  /** Program and arguments of the other tool: `['alembic', 'upgrade', 'head']`. It runs without a shell. */
  command: readonly string[];
  /** Program and arguments that revert the run, for `onFailure: 'Downgrade'`. */
  down?: readonly string[];
  /** Working directory of the command. Default: `cwd`. */
  workingDir?: string;
  /** The environment variable in which the command expects the URL. Default `DATABASE_URL`. */
  urlEnv?: string;
  /**
   * `given` (the default): the scheme and the parameters of the database URL; `uri`, `jdbc`, or a template:
   * `{user}:{password}@tcp({host}:{port})/{database}`; for SQLite `{path}`.
   */
  urlFormat?: string;
  /** What happens with a statement that was not sent in the rehearsal. Default `Enforce`: it is refused. */
  statements?: 'Enforce' | 'Warn' | 'Ignore';
  /** Called with each line that the command prints, masked, and the stage in which it runs. */
  onOutput?(line: string, stage: 'rehearse' | 'apply' | 'down'): void;
}

/**
 * Runs the command of another migration tool with all steps of a run: check, back up, rehearse on the restored backup,
 * apply, verify. Does not throw for failures of a run; the report describes them.
 *
 * @example
 * const report = await wrapCommand({ databaseUrl: 'sqlite:///data/app.db', command: ['alembic', 'upgrade', 'head'] });
 * if (report.result !== 'succeeded') console.error(report.reason, report.message);
 */
export async function wrapCommand(options: WrapOptions): Promise<RunReport> {
  const env = options.env ?? process.env;
  const givenUrl = options.databaseUrl ?? env.DATABASE_URL;
  const settings = await settingsOf({ ...options, ...ownUrl(options, env) });
  const request: CommandRequest = {
    ...localRequest(settings, options),
    command: {
      run: [...options.command],
      ...(options.down === undefined ? {} : { down: [...options.down] }),
      workingDir: options.workingDir ?? options.cwd,
      urlVariable: options.urlEnv ?? 'DATABASE_URL',
      urlFormat: options.urlFormat ?? 'given',
      statements: options.statements ?? 'Enforce',
    },
  };
  const mask = masker(secretsOf(settings.target, env));
  return runWrapped(request, {
    ...localEnvironment(settings.target, request, { ...options, identityFile: settings.backups.identityFile }),
    mask,
    host: localHost(request.command, env, { target: settings.target, givenUrl, mask, onOutput: options.onOutput }),
  });
}

/** Parameters of the command's own client are not ours to read. */
function ownUrl(
  { databaseUrl }: WrapOptions,
  env: Readonly<Record<string, string | undefined>>,
): Pick<WrapOptions, 'databaseUrl' | 'env'> {
  if (databaseUrl !== undefined) return { databaseUrl: withoutClientParameters(databaseUrl) };
  const { DATABASE_URL: url } = env;
  return url === undefined ? {} : { env: { ...env, DATABASE_URL: withoutClientParameters(url) } };
}

function secretsOf(target: DatabaseTarget, env: Readonly<Record<string, string | undefined>>): string[] {
  const password = 'password' in target ? target.password?.reveal() : undefined;
  const url = 'host' in target ? env.DATABASE_URL : undefined;
  return [password, url, env.PGPASSWORD].filter((text) => text !== undefined && text !== '') as string[];
}
