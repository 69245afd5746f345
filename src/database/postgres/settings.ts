import type { Timeouts } from '../../core/model/target.ts';
import { type Client, quoteIdentifier } from './driver.ts';
import { serverError } from './errors.ts';

/** Since version 14 (PostgreSQL manual, 20.3.1 and 20.11.1). */
const HAS_SESSION_SETTINGS = 140_000;

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
export function migrationSettings(version: number, timeouts: Timeouts, schemas: readonly string[]): string[] {
  const path = [...new Set([...schemas, 'public'])].map(quoteIdentifier).join(', ');
  return [
    ...idleSettings(version),
    ...(version >= HAS_SESSION_SETTINGS ? ["SET client_connection_check_interval = '1s'"] : []),
    `SET lock_timeout = ${timeouts.lock}`,
    `SET statement_timeout = ${timeouts.statement}`,
    `SET search_path = ${path}`,
    'SET client_min_messages = warning',
  ];
}

/** In one round trip; one by one where the platform refuses one of them (there is no check of sockets on Windows). */
export async function applySettings(client: Client, settings: readonly string[]): Promise<void> {
  try {
    await client.query(settings.join('; '));
  } catch (error) {
    if (serverError(error)?.code !== '22023') throw error;
    for (const setting of settings) await client.query(setting).catch(() => {});
  }
}
