import { Socket } from 'node:net';
import pg, { type ClientConfig } from 'pg';
import type { PostgresTarget } from '../../core/model/target.ts';
import { guardAuthentication } from './authentication.ts';
import type { Client } from './client.ts';
import type { TlsAttempt } from './tls.ts';

export type { Client } from './client.ts';

/**
 * The configuration of node-postgres for one connection. The password leaves its `Secret` here. Unset values are passed
 * explicitly, or node-postgres would look for them in the environment, which has already been read into the target.
 */
export function clientConfig(target: PostgresTarget, options: ClientOptions): ClientConfig {
  const { host, hostaddr, port, user, password, ssl, keepAlive = true, keepAliveIdleMs = 2_000 } = target;
  return {
    host,
    port,
    database: options.database ?? target.database,
    user,
    password: password?.reveal() ?? noPassword,
    ssl: options.ssl,
    sslnegotiation: options.ssl === false ? 'postgres' : (ssl.negotiation ?? 'postgres'),
    options: target.options,
    application_name: sessionName(options.applicationName, target),
    connectionTimeoutMillis: timeoutOf(target, options.connectMs),
    keepAlive,
    keepAliveInitialDelayMillis: keepAliveIdleMs,
    enableChannelBinding: target.channelBinding === 'require' || target.channelBinding === 'prefer',
    ...(hostaddr === undefined ? {} : { stream: () => socketTo(hostaddr) }),
  } as ClientConfig;
}

interface ClientOptions {
  applicationName: string;
  connectMs: number;
  ssl: TlsAttempt;
  database?: string;
}

/** node-postgres then reports that the server requests a password and none was given. */
function noPassword(): string {
  return undefined as unknown as string;
}

/** Our name first, because it identifies our sessions; the server truncates it to 63 bytes. */
function sessionName(ours: string, { applicationName }: PostgresTarget): string {
  return (applicationName === undefined ? ours : `${ours} (${applicationName})`).slice(0, 63);
}

function timeoutOf({ connectTimeoutMs = 0 }: PostgresTarget, connectMs: number): number | undefined {
  const limits = [connectTimeoutMs, connectMs].filter((ms) => ms > 0);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** A socket that connects to the address regardless of the requested name; TLS still checks the name. */
function socketTo(address: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (port: number, host: string) => Socket;
  socket.connect = ((port: number) => connect(port, address)) as Socket['connect'];
  return socket;
}

/** The major version that the server reported while connecting; undefined behind a pooler that does not pass it on. */
export function serverMajor(client: Client): number | undefined {
  return MAJORS.get(client);
}

const MAJORS = new WeakMap<Client, number>();

/** Keeps the server's version. node-postgres reads the message and drops it. */
export function noteVersion(client: Client): void {
  client.connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
    const major = Number.parseInt(message.parameterValue, 10);
    if (message.parameterName === 'server_version' && major > 0) MAJORS.set(client, major);
  });
}

/** A connected client. An error while it idles is kept for the next query instead of ending the process. */
export async function openClient(
  config: ClientConfig,
  target: Pick<PostgresTarget, 'channelBinding' | 'requireAuth'> = {},
): Promise<Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  noteVersion(client);
  const check = guardAuthentication(client, target);
  try {
    await client.connect();
    check();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** `"a""b"`: an identifier as SQL text. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
