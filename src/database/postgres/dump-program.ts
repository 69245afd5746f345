import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { redactRows } from '../../core/model/redact-rows.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { Clients } from './dump-clients.ts';
import { withCurrentLogin } from './login.ts';

/** How much of a program's output is kept for a message: the end, which contains the error. */
const KEPT = 8_000;

export interface Ended {
  ok: boolean;
  /** The last part of the program's standard error. */
  stderr: string;
}

export interface Program {
  child: ChildProcess;
  /** Settles when the program has ended; rejects only if it could not be started. */
  ended: Promise<Ended>;
}

/** Starts one of PostgreSQL's programs. The connection and the password are passed in the environment, never as arguments. */
export function startProgram(
  clients: Clients,
  program: 'pg_dump' | 'pg_restore' | 'psql',
  args: string[],
  options: { env: NodeJS.ProcessEnv; stdin?: 'pipe'; stdout?: 'pipe'; signal?: AbortSignal },
): Program {
  const child = spawn(join(clients.folder, program), args, {
    env: understood(options.env, clients),
    stdio: [options.stdin ?? 'ignore', options.stdout ?? 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT);
  });
  const stop = () => child.kill('SIGTERM');
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, stderr: stderr.trim() }));
  }).finally(() => options.signal?.removeEventListener('abort', stop));
  // Awaited later, when its output has been read.
  ended.catch(() => {});
  return { child, ended };
}

const NO_FILE = '/dev/null/none';

/**
 * The environment of libpq for this target (PostgreSQL manual, 32.15): the settings of our own connections, and none of
 * our variables that are not needed. A list of hosts has become one host by now.
 */
export async function environmentOf(wanted: PostgresTarget, database = wanted.database): Promise<NodeJS.ProcessEnv> {
  const target = await withCurrentLogin(wanted);
  const { HOME, PATH, PGPASSFILE, TMPDIR, SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
  const { mode, certFile, keyFile, crlFile, minVersion, maxVersion, negotiation, unchecked } = target.ssl;
  // node-postgres checks against these without a file; libpq needs an explicit one.
  const authorities = target.ssl.caFile ?? (mode === 'verify-full' ? 'system' : undefined);
  // libpq would check against ~/.postgresql/root.crt; a file that does not exist turns that off.
  const caFile = unchecked ? NO_FILE : authorities;
  const all: NodeJS.ProcessEnv = {
    HOME,
    PATH,
    PGPASSFILE,
    TMPDIR,
    SSL_CERT_FILE,
    SSL_CERT_DIR,
    LC_ALL: 'C',
    PGHOST: target.host,
    PGHOSTADDR: target.hostaddr,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGPASSWORD: target.password?.reveal(),
    PGDATABASE: database,
    PGOPTIONS: target.options,
    PGSSLMODE: mode,
    PGSSLROOTCERT: caFile,
    PGSSLCERT: certFile,
    PGSSLKEY: keyFile,
    PGSSLCRL: crlFile,
    PGSSLMINPROTOCOLVERSION: minVersion,
    PGSSLMAXPROTOCOLVERSION: maxVersion,
    PGSSLNEGOTIATION: negotiation,
    PGGSSENCMODE: 'disable',
    PGCHANNELBINDING: target.channelBinding,
    PGREQUIREAUTH: target.requireAuth?.join(','),
    PGAPPNAME: 'db-manager backup',
    PGCONNECT_TIMEOUT: String(Math.ceil((target.connectTimeoutMs ?? 30_000) / 1000)),
    PGCLIENTENCODING: 'UTF8',
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/**
 * The files in which systems keep trusted authorities, for programs before PostgreSQL 16, which do not support
 * `system`.
 */
const AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
  '/etc/ssl/ca-bundle.pem',
];

function understood(env: NodeJS.ProcessEnv, { major }: Clients): NodeJS.ProcessEnv {
  if (env.PGSSLROOTCERT !== 'system' || major >= 16) return env;
  const file = [env.SSL_CERT_FILE, ...AUTHORITIES].find((path) => path !== undefined && existsSync(path));
  return file === undefined ? env : { ...env, PGSSLROOTCERT: file };
}

/** The line with the error, without the program's name and without the values of rows that the server quotes. */
export function errorIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const from = lines.findIndex((line) => /error:|ERROR:|FATAL:/.test(line));
  const text = from < 0 ? lines.slice(-2) : lines.slice(from, from + 3);
  return (
    redactRows(text.join('\n'))
      .replaceAll('\n', ' ')
      .replace(/^(pg_dump|pg_restore|psql): (error: )?/, '')
      .trim() || 'no error message'
  );
}

/** A value of libpq's connection string (PostgreSQL manual, 34.1.1.1). */
export function conninfo(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}
