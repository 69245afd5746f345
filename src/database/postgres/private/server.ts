/** A PostgreSQL server that belongs to this run: private socket, random superuser, nothing flushed to disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, open, readFile, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesText } from '../../../core/model/bytes.ts';
import { type Client, openClient } from '../driver.ts';
import { findPrograms, findVersion, type Programs, programFolders } from '../programs.ts';
import { fillFolder } from './empty.ts';
import { makeFolder, type ServerFolder } from './folder.ts';
import { serverEnvironment } from './initdb.ts';
import { NoPrivateServer } from './problem.ts';

const START_MS = 60_000;
/** Disk space of an empty server with its WAL. */
const EMPTY_BYTES = 200_000_000;

export interface PrivateServer {
  /** The folder of its socket, for `host`. */
  host: string;
  port: number;
  superuser: string;
  connect(database: string, user?: string): Promise<Client>;
  /** Ends it and removes its folder; safe to call twice. */
  stop(): Promise<void>;
}

interface ServerOptions {
  /** Lines of postgresql.conf. */
  settings: Readonly<Record<string, string>>;
  /** Size of the copy, plus the bytes that a migration may write. */
  bytes: number;
}

/** `initdb` and `postgres` of exactly this major version. Throws NoPrivateServer. */
export async function findServer(major: number, env: NodeJS.ProcessEnv = process.env): Promise<Programs> {
  const names = ['postgres', 'initdb'];
  const exact = await findVersion(major, names, env);
  if (exact !== undefined) return exact;
  const found = await findPrograms(await programFolders(env), names);
  const have = found.length === 0 ? 'none' : found.map((one) => `${one.major} in ${one.folder}`).join(', ');
  throw new NoPrivateServer(
    `the server programs (initdb, postgres) of PostgreSQL ${major} are not on this machine (found: ${have}). Install postgresql-${major}, or set PG_BIN to their folder`,
  );
}

/** Throws NoPrivateServer if it is not possible. */
export async function startServer(programs: Programs, options: ServerOptions): Promise<PrivateServer> {
  await refuseWithoutSpace(options.bytes);
  const folder = await makeFolder();
  let child: ChildProcess | undefined;
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGQUIT');
      await ended;
    }
    await folder.remove();
  };
  try {
    const superuser = await fillFolder(programs, folder);
    await configure(folder, options.settings);
    child = await launch(programs, folder);
    const connect = (database: string, user = superuser) =>
      openClient({ host: folder.socket, port: PORT, user, database, application_name: 'db-manager', ssl: false });
    await ready(child, folder, () => connect('postgres'));
    return {
      host: folder.socket,
      port: PORT,
      superuser,
      connect,
      stop() {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Only the name of its socket: nothing listens on a network. */
const PORT = 5432;

/** Throws NoPrivateServer. */
export async function refuseWithoutSpace(bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  const needed = bytes + EMPTY_BYTES;
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new NoPrivateServer(
    `the copy needs about ${bytesText(needed)}, and ${tmpdir()} has ${bytesText(free)} free. Free space there, or set TMPDIR to a larger folder`,
  );
}

export const MAX_CONNECTIONS = 50;

/** Only the run can use the socket: its folder is closed to all other users. */
const FIXED: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: String(PORT),
  unix_socket_permissions: '0700',
  max_connections: String(MAX_CONNECTIONS),
  shared_buffers: '64MB',
  // The log of changes takes disk space of the machine, and with nothing flushed a checkpoint costs little.
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  wal_keep_size: '0',
  // /dev/shm of a container is small.
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  jit: 'off',
  logging_collector: 'off',
  log_statement: 'none',
  log_min_error_statement: 'panic',
};

async function configure({ data, socket }: ServerFolder, settings: Readonly<Record<string, string>>): Promise<void> {
  const all = { ...settings, ...FIXED, unix_socket_directories: socket };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  await appendFile(join(data, 'postgresql.conf'), `\n${lines.join('')}`);
}

async function launch(programs: Programs, { path, data, user }: ServerFolder): Promise<ChildProcess> {
  const log = await open(join(path, 'log'), 'a', 0o600);
  try {
    const child = spawn(join(programs.folder, 'postgres'), ['-D', data], {
      cwd: '/',
      env: serverEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
      // Ctrl-C in a terminal is for the run, which ends its server itself.
      detached: true,
      ...user,
    });
    child.on('error', () => {});
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

async function ready(child: ChildProcess, { path }: ServerFolder, connect: () => Promise<Client>): Promise<void> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      const client = await connect();
      return await client.end();
    } catch (error) {
      const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      if (ended || performance.now() > deadline) {
        const log = await readFile(join(path, 'log'), 'utf8').catch(() => '');
        const reason = log.split('\n').find((line) => /FATAL|ERROR|could not/.test(line)) ?? String(error);
        throw new NoPrivateServer(`the server did not start: ${reason.replace(/^.*(?:FATAL|ERROR): +/, '')}`);
      }
      await sleep(20);
    }
  }
}
