import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import pg, { type ClientConfig } from 'pg';
import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresTarget } from '../../core/model/target.ts';

export type Client = pg.Client;

/** What node-postgres needs for one connection. The password leaves its `Secret` here and in Sequelize's options. */
export function clientConfig(target: PostgresTarget, options: ClientOptions): ClientConfig {
  return {
    host: target.host,
    port: target.port,
    database: options.database ?? target.database,
    user: target.user,
    password: target.password?.reveal(),
    ssl: options.ssl,
    application_name: options.applicationName.slice(0, 63),
    connectionTimeoutMillis: options.connectMs || undefined,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2_000,
  };
}

export interface ClientOptions {
  applicationName: string;
  connectMs: number;
  ssl: false | ConnectionOptions;
  database?: string;
}

/** A connected client. An error while it idles is kept for the next query instead of ending the process. */
export async function openClient(config: ClientConfig): Promise<Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/**
 * The ways to try, in order, as libpq's sslmode defines them (PostgreSQL manual, 34.19): `prefer` tries TLS without
 * checking it and goes on without; `verify-ca` checks the chain, `verify-full` the name too.
 */
export function sslAttempts({ ssl, host }: PostgresTarget): (false | ConnectionOptions)[] {
  const files = {
    ca: read(ssl.caFile, 'the certificate authority'),
    cert: read(ssl.certFile, 'the client certificate'),
    key: read(ssl.keyFile, 'the client key'),
  };
  if (host.startsWith('/')) return [false];
  switch (ssl.mode) {
    case 'disable':
      return [false];
    case 'prefer':
      return [{ ...files, rejectUnauthorized: false }, false];
    case 'require':
      return [{ ...files, rejectUnauthorized: false }];
    case 'verify-ca':
      return [{ ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }];
    case 'verify-full':
      return [{ ...files, rejectUnauthorized: true }];
  }
}

function read(file: string | undefined, what: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ProblemError(
      {
        reason: 'InvalidConfiguration',
        message: `The file of ${what}, ${file}, cannot be read: ${(error as Error).message}`,
      },
      { cause: error },
    );
  }
}

/** `"a""b"`: an identifier as SQL text. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
