import { parseDatabaseUrl } from '../core/model/database-url.ts';
import { invalidConfiguration } from '../core/model/problem.ts';
import type { RehearsalServer } from '../core/model/request.ts';
import type { ScratchServer } from '../database/port.ts';

/** The server of a setting; a URL is read from the environment variable that the setting names. Throws ProblemError. */
export function scratchServerOf(
  server: RehearsalServer | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ScratchServer {
  if (typeof server !== 'object') return server ?? 'Auto';
  const url = env[server.urlVariable];
  const parsed = url === undefined || url === '' ? undefined : parseDatabaseUrl(url);
  if (parsed?.ok) return { target: parsed.target };
  throw invalidConfiguration(
    `safety.rehearsalServer needs the URL of a PostgreSQL server in the environment variable ${server.urlVariable}. ${parsed === undefined ? 'It is not set.' : parsed.problem.message}`,
  );
}
