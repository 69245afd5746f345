import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '../../core/model/backoff.ts';
import { nearest } from '../../core/model/connection/parameters.ts';
import { addressOf } from '../../core/model/database-url.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresHost, PostgresTarget } from '../../core/model/target.ts';
import type { OpenOptions } from '../port.ts';
import { type Client, clientConfig, openClient, quoteIdentifier } from './driver.ts';
import { connectProblem } from './errors.ts';
import { withCurrentLogin } from './login.ts';
import { withClient } from './queries.ts';
import { applyOwnSettings } from './settings.ts';
import { type TlsAttempt, tlsAttempts } from './tls.ts';

export interface Opened {
  client: Client;
  ssl: TlsAttempt;
  /** The target with the one host that answered: the rest of the run uses it too. */
  target: PostgresTarget;
}

/** A failure and the host that it is of. */
class HostError extends Error {
  readonly target: PostgresTarget;

  constructor(cause: unknown, target: PostgresTarget) {
    super('connecting failed', { cause });
    this.target = target;
  }
}

const RETRY_MS = { first: 100, most: 2_000 } as const;

/** Tries until `timeouts.connect` has passed, as long as the failure may be temporary. The client has our own settings. */
export async function connectWithRetry(target: PostgresTarget, options: OpenOptions): Promise<Opened> {
  const deadline = performance.now() + (options.timeouts.connect || 60_000);
  let failures = 0;
  let created = false;
  for (;;) {
    try {
      const opened = await attempt(target, options);
      await applyOwnSettings(opened.client);
      return opened;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      const [cause, host] = error instanceof HostError ? [error.cause, error.target] : [error, target];
      if (cause instanceof ProblemError) throw cause;
      const { problem, passing } = connectProblem(cause, host);
      if (problem.reason === 'DatabaseNotFound') {
        if (options.create === true && !created) {
          await createDatabase(host, options);
          created = true;
          continue;
        }
        problem.message += await similarName(host, options);
      }
      failures += 1;
      const wait = backoff(failures, RETRY_MS);
      if (!passing || performance.now() + wait > deadline) throw new ProblemError(problem, { cause });
      await sleep(wait);
    }
  }
}

/** Each host in turn. As in libpq the next one is tried only if this one did not answer or is not of the requested kind. */
async function attempt(target: PostgresTarget, options: OpenOptions, database?: string): Promise<Opened> {
  const hosts = target.hosts ?? [target];
  const ordered = target.loadBalanceHosts ? shuffled(hosts) : hosts;
  const kinds =
    target.targetSessionAttrs === 'prefer-standby' ? (['standby', undefined] as const) : [target.targetSessionAttrs];
  let last: unknown;
  for (const kind of kinds) {
    for (const host of ordered) {
      const one = pinned(target, host);
      try {
        const opened = await reachHost(one, options, database);
        const wrong = await isOfWrongKind(opened.client, kind);
        if (wrong === undefined) return opened;
        await opened.client.end().catch(() => {});
        last = new ProblemError({
          reason: 'DatabaseUnreachable',
          message: `${addressOf(one)} is ${wrong}, and target_session_attrs asks for ${kind}.`,
        });
      } catch (error) {
        last = new HostError(error, one);
        if (!isOfHost(error)) throw last;
      }
    }
  }
  throw last;
}

function pinned(
  { hosts: _, ...target }: PostgresTarget,
  { host, hostaddr, port, password }: PostgresHost,
): PostgresTarget {
  return { ...target, host, hostaddr, port, password };
}

function shuffled<T>(list: readonly T[]): T[] {
  const keyed = list.map((value) => ({ value, key: Math.random() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value);
}

/** Errors without an SQLSTATE are of the network; the server's own are about this host only while it starts or is full. */
function isOfHost(error: unknown): boolean {
  if (error instanceof ProblemError) return false;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return !/^(?=.*\d)[0-9A-Z]{5}$/.test(code) || /^(57P0|53)/.test(code);
}

async function reachHost(wanted: PostgresTarget, options: OpenOptions, database?: string): Promise<Opened> {
  const target = await withCurrentLogin(wanted);
  const ways = tlsAttempts(target);
  for (const [index, ssl] of ways.entries()) {
    try {
      const config = clientConfig(target, {
        applicationName: options.applicationName,
        connectMs: options.timeouts.connect,
        ssl,
        database,
      });
      return { client: await openClient(config, target), ssl, target };
    } catch (error) {
      const refusedTls = error instanceof Error && /does not support SSL/i.test(error.message);
      if (!refusedTls || index === ways.length - 1) throw error;
    }
  }
  throw new Error('no connection method left');
}

/** The kind of the server, if it is not what `target_session_attrs` requests (PostgreSQL manual, 32.1.2). */
async function isOfWrongKind(
  client: Client,
  kind: Exclude<PostgresTarget['targetSessionAttrs'], 'prefer-standby'>,
): Promise<string | undefined> {
  if (kind === undefined) return undefined;
  const { rows } = await client.query<{ standby: boolean; readonly: boolean }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('default_transaction_read_only')::bool AS readonly`,
  );
  const { standby = false, readonly = false } = rows[0] ?? {};
  switch (kind) {
    case 'primary':
      return standby ? 'a standby' : undefined;
    case 'standby':
      return standby ? undefined : 'a primary';
    case 'read-write':
      return readonly ? 'read-only' : undefined;
    case 'read-only':
      return readonly ? undefined : 'read-write';
  }
}

/** The database that every server has. */
async function maintenance(target: PostgresTarget, options: OpenOptions): Promise<Client> {
  return (await attempt(target, options, 'postgres')).client;
}

async function createDatabase(target: PostgresTarget, options: OpenOptions): Promise<void> {
  try {
    await withClient(maintenance(target, options), async (client) => {
      await applyOwnSettings(client);
      await client.query(`CREATE DATABASE ${quoteIdentifier(target.database)}`);
      options.onCreated?.(`created the database ${target.database} on ${addressOf(target)}`);
    });
  } catch (error) {
    const cause = error instanceof HostError ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${addressOf(target)} has no database "${target.database}", and it could not be created: ${why}`;
    throw new ProblemError({ reason: 'DatabaseNotFound', message }, { cause });
  }
}

/** A database of the server whose name is similar, as a sentence; empty if none is found. */
async function similarName(target: PostgresTarget, options: OpenOptions): Promise<string> {
  try {
    return await withClient(maintenance(target, options), async (client) => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate',
      );
      const near = nearest(
        target.database,
        rows.map(({ name }) => name),
      );
      return near === undefined ? '' : ` Did you mean "${near}"?`;
    });
  } catch {
    return ''; // the database "postgres" is missing, or this user may not connect to it
  }
}
