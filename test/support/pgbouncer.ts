import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './lifetime.ts';
import { freePort } from './ports.ts';
import type { PrivatePostgres } from './postgres.ts';
import { eventually, findOnPath, startServer } from './processes.ts';
import { chownTo, unprivilegedOwner } from './unprivileged.ts';

const DEBIAN = '/usr/sbin/pgbouncer';

export interface PgBouncer {
  readonly port: number;
  /** The same database as `postgres.url(database)`, through the pooler. */
  url(database?: string): string;
  stop(): Promise<void>;
}

/** The program's path, or undefined where PgBouncer is not installed. */
export function findPgBouncer(): string | undefined {
  return findOnPath('pgbouncer') ?? (existsSync(DEBIAN) ? DEBIAN : undefined);
}

/** Starts PgBouncer before a server, for any of its databases. Throws where it is not installed. */
export async function startPgBouncer(
  postgres: PrivatePostgres,
  mode: 'session' | 'transaction' | 'statement',
): Promise<PgBouncer> {
  const command = findPgBouncer();
  if (!command) throw new Error('PgBouncer is not installed. On Debian and Ubuntu: apt-get install pgbouncer');
  const owner = unprivilegedOwner();
  const folder = await temporaryFolder('pgbouncer');
  const port = await freePort();
  const users = join(folder, 'users.txt');
  const configuration = join(folder, 'pgbouncer.ini');
  await writeFile(users, `"${postgres.user}" "${postgres.password}"\n`, { mode: 0o600 });
  await writeFile(
    configuration,
    `[databases]
* = host=${postgres.host} port=${postgres.port}
[pgbouncer]
listen_addr = ${postgres.host}
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
ignore_startup_parameters = extra_float_digits
`,
    { mode: 0o600 },
  );
  for (const path of [folder, users, configuration]) await chownTo(path, owner);

  const server = await startServer({ command, args: [configuration], logFile: join(folder, 'log'), ...owner });
  await eventually(
    'PgBouncer to listen',
    async () => {
      const log = await server.logTail();
      if (!server.isRunning()) throw new Error(`PgBouncer ended while starting:\n${log}`);
      return log.includes('process up');
    },
    { explain: () => server.logTail() },
  );
  return {
    port,
    url: (database) => postgres.url(database).replace(`:${postgres.port}/`, `:${port}/`),
    async stop() {
      await server.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
