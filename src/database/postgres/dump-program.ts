import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { Clients } from './dump-clients.ts';

/** How much of a program's own words is kept for a message: its last ones, where the error is. */
const KEPT = 8_000;

export interface Ended {
  ok: boolean;
  /** What the program wrote to stderr, the last of it. */
  words: string;
}

export interface Program {
  child: ChildProcess;
  /** Settles when the program has ended; rejects only where it could not be started. */
  ended: Promise<Ended>;
}

/** Starts one of PostgreSQL's programs. Where to connect and the password go by the environment, never by argument. */
export function startProgram(
  clients: Clients,
  program: 'pg_dump' | 'pg_restore' | 'psql',
  args: string[],
  options: { env: NodeJS.ProcessEnv; stdin?: 'pipe'; stdout?: 'pipe'; signal?: AbortSignal },
): Program {
  const child = spawn(join(clients.folder, program), args, {
    env: options.env,
    stdio: [options.stdin ?? 'ignore', options.stdout ?? 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-KEPT);
  });
  const stop = () => child.kill('SIGTERM');
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, words: words.trim() }));
  }).finally(() => options.signal?.removeEventListener('abort', stop));
  // Awaited later, when what it writes has been read.
  ended.catch(() => {});
  return { child, ended };
}

/** The environment of libpq for this target (PostgreSQL manual, 34.15), and nothing of ours that is not needed. */
export function environmentOf(target: PostgresTarget, database = target.database): NodeJS.ProcessEnv {
  const { HOME, PATH, PGPASSFILE, TMPDIR } = process.env;
  const { mode, caFile, certFile, keyFile } = target.ssl;
  const all: NodeJS.ProcessEnv = {
    HOME,
    PATH,
    PGPASSFILE,
    TMPDIR,
    LC_ALL: 'C',
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGPASSWORD: target.password?.reveal(),
    PGDATABASE: database,
    PGSSLMODE: mode,
    PGSSLROOTCERT: caFile,
    PGSSLCERT: certFile,
    PGSSLKEY: keyFile,
    PGAPPNAME: 'db-manager backup',
    PGCONNECT_TIMEOUT: '30',
    PGCLIENTENCODING: 'UTF8',
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The line that says what went wrong, without the program's name. */
export function errorIn(words: string): string {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  const from = lines.findIndex((line) => /error:|ERROR:|FATAL:/.test(line));
  const told = from < 0 ? lines.slice(-2) : lines.slice(from, from + 3);
  return (
    told
      .join(' ')
      .replace(/^(pg_dump|pg_restore|psql): (error: )?/, '')
      .trim() || 'it said nothing'
  );
}
