import { parseDatabaseUrl } from '../core/model/database-url.ts';
import { withHistory } from '../core/model/history-setting.ts';
import { invalidConfiguration, ProblemError } from '../core/model/problem.ts';
import { type RunRequest, SQLITE_IDENTITY_VARIABLE } from '../core/model/request.ts';
import { Secret } from '../core/model/secret.ts';
import { type DatabaseTarget, type PostgresTarget, withLoginFile } from '../core/model/target.ts';
import { surroundingsOf } from '../library/settings/surroundings.ts';

/**
 * The target of a request, with its secrets read from the environment variables that it names. `ownUrl` changes the URL
 * before it is parsed.
 */
export function targetFromRequest(
  { database, history }: Pick<RunRequest, 'database' | 'history'>,
  env: Readonly<Record<string, string | undefined>>,
  ownUrl: (url: string) => string = (url) => url,
): DatabaseTarget {
  return withHistory(databaseOf(database, env, ownUrl), history);
}

function databaseOf(
  database: RunRequest['database'],
  env: Readonly<Record<string, string | undefined>>,
  ownUrl: (url: string) => string,
): DatabaseTarget {
  if ('sqlite' in database) {
    const identity = env[SQLITE_IDENTITY_VARIABLE];
    return { dialect: 'sqlite', path: database.sqlite.path, ...(identity ? { identity } : {}) };
  }
  if ('urlVariable' in database) {
    const url = env[database.urlVariable];
    if (url === undefined || url === '') throw missing(database.urlVariable, 'the database URL');
    const parse = (text: string) => {
      const parsed = parseDatabaseUrl(ownUrl(text), surroundingsOf(env));
      if (!parsed.ok) throw new ProblemError(parsed.problem);
      return parsed.target;
    };
    return withLoginFile(parse(url), env[`${database.urlVariable}_FILE`], parse);
  }
  const { passwordVariable, iam, sslMode, caFile, certFile, keyFile, ...rest } = database.postgres;
  const password = passwordVariable === undefined ? undefined : env[passwordVariable];
  if (passwordVariable !== undefined && password === undefined) throw missing(passwordVariable, 'the password');
  const target: PostgresTarget = {
    dialect: 'postgres',
    ...rest,
    password: password === undefined ? undefined : new Secret(password),
    ssl: { mode: sslMode, caFile, certFile, keyFile },
  };
  if (iam !== undefined) return { ...target, login: { kind: 'rds-iam', region: iam.region } };
  return withLoginFile(target, passwordVariable && env[`${passwordVariable}_FILE`]);
}

function missing(variable: string, what: string): ProblemError {
  return invalidConfiguration(`The environment variable ${variable}, which should contain ${what}, is not set.`);
}
