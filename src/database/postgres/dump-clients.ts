import { ProblemError } from '../../core/model/problem.ts';
import { findPrograms, findVersion, type Programs, programFolders } from './programs.ts';

const PROGRAMS = ['pg_dump', 'pg_restore', 'psql'];

/** PostgreSQL's client programs, all of one version. */
export type Clients = Programs;

/**
 * The programs to use with a server of that major version: those in `PG_BIN`, else the server's own version where it
 * is installed, else the oldest newer one (a newer one writes settings that an older server does not know). Throws
 * ProblemError ClientTooOld, naming what to install.
 */
export async function findClients(serverMajor: number, env: NodeJS.ProcessEnv = process.env): Promise<Clients> {
  const exact = await findVersion(serverMajor, PROGRAMS, env);
  if (exact !== undefined) return exact;
  const folders = await programFolders(env);
  const found = await findPrograms(folders, PROGRAMS);
  const fitting = found.filter(({ major }) => major >= serverMajor).sort((a, b) => a.major - b.major);
  if (fitting[0] !== undefined) return fitting[0];
  throw tooOld(serverMajor, found, folders);
}

/** The same for a dump, which no older program than the one that wrote it may be able to read. */
export function findClientsFor(
  serverMajor: number,
  dumpedBy: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Clients> {
  const dumped = Number(/\) (\d+)/.exec(dumpedBy ?? '')?.[1] ?? 0);
  return findClients(Math.max(serverMajor, dumped), env);
}

/** The newest programs on this machine: they read the dumps of all older ones. Throws ProblemError ClientTooOld. */
export async function findNewestClients(env: NodeJS.ProcessEnv = process.env): Promise<Clients> {
  const folders = await programFolders(env);
  const found = await findPrograms(folders, PROGRAMS);
  const [newest] = found.sort((a, b) => b.major - a.major);
  if (newest !== undefined) return newest;
  throw tooOld(0, found, folders);
}

function tooOld(serverMajor: number, found: Clients[], folders: string[]): ProblemError {
  const have =
    found.length > 0
      ? `only ${found.map(({ version, folder }) => `${version} in ${folder}`).join(', ')}`
      : `none in ${folders.join(', ')}`;
  return new ProblemError({
    reason: 'ClientTooOld',
    message:
      `The server is PostgreSQL ${serverMajor} and needs pg_dump, pg_restore and psql ${serverMajor} or newer; found ` +
      `${have}. Use a runner image with postgresql-client-${serverMajor}, or set PG_BIN to their folder.`,
  });
}
