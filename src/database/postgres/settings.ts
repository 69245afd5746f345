import type { PostgresTarget, Timeouts } from '../../core/model/target.ts';
import { type Client, quoteIdentifier, serverMajor } from './driver.ts';
import { serverError } from './errors.ts';

/** Since version 14 (PostgreSQL manual, 20.3.1 and 20.11.1). */
const HAS_SESSION_SETTINGS = 140_000;

/** Settings of a role or database that would end our session between two statements; 0 disables the limit. */
function patientSettings(major: number): string[] {
  return [
    'SET idle_in_transaction_session_timeout = 0',
    ...(major >= 14 ? ['SET idle_session_timeout = 0'] : []),
    ...(major >= 17 ? ['SET transaction_timeout = 0'] : []),
  ];
}

/**
 * For connections on which only our own queries run: they behave the same regardless of `ALTER DATABASE … SET` or
 * `ALTER ROLE … SET`. The values are PostgreSQL's defaults. Migrations do not get them: they see the settings of the
 * database as they do in psql. Decision: docs/decisions/2026-11-28-whose-settings-a-migration-sees.md.
 */
export async function applyOwnSettings(client: Client): Promise<void> {
  await applySettings(client, [
    'SET statement_timeout = 0',
    'SET lock_timeout = 0',
    'SET default_transaction_read_only = off',
    ...patientSettings(serverMajor(client) ?? 0),
    'SET datestyle = ISO',
    'SET intervalstyle = postgres',
    'SET bytea_output = hex',
    'SET extra_float_digits = 3',
    'SET standard_conforming_strings = on',
    'SET quote_all_identifiers = off',
    'SET row_security = on',
    'SET search_path = "$user", public',
  ]);
}

/**
 * For a connection that idles for a whole run: a client that vanished without a word is noticed within seconds, and
 * a limit that the server or the role has for idle sessions does not end it.
 */
export function idleSettings(version: number): string[] {
  return [
    'SET tcp_keepalives_idle = 2',
    'SET tcp_keepalives_interval = 1',
    'SET tcp_keepalives_count = 2',
    ...(version >= HAS_SESSION_SETTINGS ? ['SET idle_session_timeout = 0'] : []),
  ];
}

/**
 * For the session of migrations. `client_connection_check_interval` ends a statement whose client is gone; without
 * it the server would go on for as long as it takes.
 */
export function migrationSettings(
  version: number,
  timeouts: Timeouts,
  { schemas, searchPath }: Pick<PostgresTarget, 'schemas' | 'searchPath'>,
): string[] {
  const path = (searchPath ?? [...new Set([...schemas, 'public'])]).map(quoteIdentifier).join(', ');
  return [
    `SET statement_timeout = ${timeouts.statement}`,
    ...idleSettings(version),
    ...patientSettings(Math.floor(version / 10_000)),
    ...(version >= HAS_SESSION_SETTINGS ? ["SET client_connection_check_interval = '1s'"] : []),
    `SET lock_timeout = ${timeouts.lock}`,
    `SET search_path = ${path}`,
    'SET client_min_messages = warning',
  ];
}

/**
 * The same settings as `options` of the startup message (PostgreSQL manual, 55.2.1): RESET ALL then restores these values, so
 * that they need not be set again.
 */
export function startupOptions(settings: readonly string[]): string {
  return settings
    .flatMap((setting) => {
      const [, name, value = ''] = /^SET (\w+) = '?(.*?)'?$/s.exec(setting) ?? [];
      return name === undefined ? [] : [`-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`];
    })
    .join(' ');
}

/** Whether RESET ALL restores the values that these settings have now. */
export async function areRestored(client: Client, settings: readonly string[]): Promise<boolean> {
  const names = new Set(settings.map((setting) => /^SET (\w+)/.exec(setting)?.[1]));
  const { rows } = await client.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM pg_settings WHERE name = ANY ($1) AND setting = reset_val',
    [[...names]],
  );
  return rows[0]?.n === names.size;
}

/** A value that the platform rejects (no check of sockets on Windows), a setting that a fork of PostgreSQL lacks. */
const NO_SUCH_SETTING = ['22023', '42704', '0A000'];

/**
 * In one round trip; one by one if the server rejects one of them. The limit for statements comes first: until then
 * that of the database holds, which may be so short that a busy server exceeds it.
 */
export async function applySettings(client: Client, settings: readonly string[], attempts = 10): Promise<void> {
  try {
    await client.query(settings.join('; '));
  } catch (error) {
    if (serverError(error)?.code === '57014' && attempts > 1) return applySettings(client, settings, attempts - 1);
    if (!NO_SUCH_SETTING.includes(serverError(error)?.code ?? '')) throw error;
    for (const setting of settings) await client.query(setting).catch(() => {});
  }
}
