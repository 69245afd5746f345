/**
 * A private PostgreSQL server, started from installed binaries as an unprivileged user: a data folder that is thrown
 * away, TCP on 127.0.0.1 only, passwords checked (scram-sha-256). `sharedPostgres()` is one for the whole test process;
 * tests that break servers start their own.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { atEnd, temporaryFolder } from './lifetime.ts';
import { freePort } from './ports.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { eventually, mustRun, type Server, startServer } from './processes.ts';
import { fetchServer } from './programs/postgres-server.ts';
import { chownTo, type Owner, unprivilegedOwner } from './unprivileged.ts';

/** Distinctive, so that a test can search every log, event and status for it. */
export const TEST_PASSWORD = 'S3cr3t-b7f1-do-not-print';
/** The server's superuser. */
export const TEST_USER = 'tester';

const HOST = '127.0.0.1';
const QUICK = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

export interface PostgresOptions {
  /** The folder of initdb and postgres; by default that of all tests. */
  bin?: string;
  /** True for tests about durability; by default nothing is flushed to disk. */
  fsync?: boolean;
  /** Lines of postgresql.conf, e.g. `{ log_statement: 'all' }`. */
  settings?: Record<string, string>;
  /** Certificate and key files, readable by this process, to serve TLS with. */
  tls?: { certFile: string; keyFile: string };
}

export interface TestDatabase {
  name: string;
  /** `postgresql://user:password@127.0.0.1:port/name` */
  url: string;
  /** Ends the database's sessions and drops it; nothing happens when it is gone. */
  drop(): Promise<void>;
}

export interface PrivatePostgres {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The folder of initdb, psql, pg_dump and the like. */
  readonly bin: string;
  /** The data folder. */
  readonly dataFolder: string;
  /** `server_version_num`, e.g. 150018. */
  readonly version: number;
  url(database?: string): string;
  /** Runs SQL as the superuser, by default in the database `postgres`. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[], database?: string): Promise<Row[]>;
  /** A new empty database; `prefix` makes its name readable. */
  createDatabase(prefix?: string): Promise<TestDatabase>;
  /** What the server has logged so far. */
  log(): Promise<string>;
  /** Ends the server as a crash does (immediate shutdown); `start()` brings it back on the same port with its data. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

/** The release of PyPI that is built with OpenSSL. */
const MAJOR_WITH_TLS = 17;

/** Starts a server with TLS; of another version where the one of all tests is built without it. */
export async function startPostgresWithTls(options: PostgresOptions & Required<Pick<PostgresOptions, 'tls'>>) {
  try {
    return await startPostgres(options);
  } catch (error) {
    if (!(error instanceof Error && /SSL is not supported by this build/.test(error.message))) throw error;
    return startPostgres({ ...options, bin: await fetchServer(MAJOR_WITH_TLS) });
  }
}

/** Starts a server (about a second). Throws with the log's end when it does not come up in 20 s. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PrivatePostgres> {
  const bin = options.bin ?? (await findPostgresBinaries());
  const owner = unprivilegedOwner();
  const folder = await temporaryFolder('pg');
  await chownTo(folder, owner);
  const dataFolder = join(folder, 'data');
  await initialise(bin, folder, dataFolder, owner);
  const port = await freePort();
  await writeConfiguration(folder, dataFolder, port, options, owner);

  const logFile = join(folder, 'postgres.log');
  let server = await launch(bin, dataFolder, logFile, owner);
  let databases = 0;
  const url = (database = 'postgres') => `postgresql://${TEST_USER}:${TEST_PASSWORD}@${HOST}:${port}/${database}`;

  async function query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = [], database = 'postgres') {
    const client = new pg.Client({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  const [row] = await query<{ version: string }>(`SELECT current_setting('server_version_num') AS version`);
  const version = Number(row?.version);
  return {
    host: HOST,
    port,
    user: TEST_USER,
    password: TEST_PASSWORD,
    bin,
    dataFolder,
    version,
    url,
    query,
    async createDatabase(prefix = 'test') {
      const name = `${prefix.toLowerCase().replace(/[^a-z0-9_]+/g, '_')}_${++databases}`;
      // Files that are copied take half of the time of pages that are logged; older servers only copy.
      const strategy = version >= 150_000 ? 'STRATEGY file_copy' : '';
      await query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0 ${strategy}`);
      const drop = async () => {
        await query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      };
      return { name, url: url(name), drop };
    },
    log: () => readFile(logFile, 'utf8'),
    async crash() {
      await server.stop('SIGQUIT');
    },
    async start() {
      if (server.isRunning()) return;
      await rm(logFile, { force: true });
      server = await launch(bin, dataFolder, logFile, owner);
    },
    async stop() {
      await server.stop('SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let shared: Promise<PrivatePostgres> | undefined;

/** The server that all tests of this process share; stopped by the root hook. Never crash or stop it in a test. */
export function sharedPostgres(): Promise<PrivatePostgres> {
  shared ??= startPostgres().then((postgres) => {
    atEnd('the shared PostgreSQL', async () => {
      shared = undefined;
      await postgres.stop();
    });
    return postgres;
  });
  return shared;
}

async function initialise(bin: string, folder: string, dataFolder: string, owner: Owner): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, TEST_PASSWORD, { mode: 0o600 });
  await chownTo(passwordFile, owner);
  const args = ['-D', dataFolder, '-U', TEST_USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await mustRun(join(bin, 'initdb'), [...args, '--no-sync', '--locale=C', '--encoding=UTF8'], {
    cwd: folder,
    ...owner,
  });
  await rm(passwordFile);
}

async function writeConfiguration(
  folder: string,
  dataFolder: string,
  port: number,
  options: PostgresOptions,
  owner: Owner,
): Promise<void> {
  const settings: Record<string, string> = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '200',
    ...(options.fsync ? {} : QUICK),
    ...(await tlsSettings(dataFolder, options.tls, owner)),
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  const file = join(dataFolder, 'postgresql.auto.conf');
  await writeFile(file, lines.join(''), { mode: 0o600 });
  await chownTo(file, owner);
}

async function tlsSettings(
  dataFolder: string,
  tls: PostgresOptions['tls'],
  owner: Owner,
): Promise<Record<string, string>> {
  if (!tls) return {};
  for (const [name, source] of [
    ['server.crt', tls.certFile],
    ['server.key', tls.keyFile],
  ] as const) {
    await writeFile(join(dataFolder, name), await readFile(source), { mode: 0o600 });
    await chownTo(join(dataFolder, name), owner);
  }
  return { ssl: 'on' };
}

async function launch(bin: string, dataFolder: string, logFile: string, owner: Owner): Promise<Server> {
  const server = await startServer({
    command: join(bin, 'postgres'),
    args: ['-D', dataFolder],
    cwd: dataFolder,
    logFile,
    ...owner,
  });
  await eventually(
    'PostgreSQL to accept connections',
    async () => {
      const log = await readFile(logFile, 'utf8');
      if (!server.isRunning()) throw new Error(`PostgreSQL ended while starting:\n${log}`);
      return log.includes('ready to accept connections');
    },
    { timeoutMs: 20_000, everyMs: 20, explain: () => server.logTail() },
  );
  return server;
}
