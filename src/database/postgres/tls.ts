import { readFileSync } from 'node:fs';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresSsl, PostgresTarget } from '../../core/model/target.ts';

/** One way to connect: without TLS, or with it as Node.js describes it. */
export type TlsAttempt = false | ConnectionOptions;

/**
 * The ways to try, in order, as libpq's sslmode defines them (PostgreSQL manual, 32.19): `prefer` tries TLS without
 * checking it and goes on without; `require` checks the chain where an authority is named, as `verify-ca` does;
 * `verify-full` checks the name too. Throws ProblemError InvalidConfiguration if a file cannot be read.
 */
export function tlsAttempts({ ssl, host }: PostgresTarget): TlsAttempt[] {
  if (host.startsWith('/') || ssl.mode === 'disable') return [false];
  const { minVersion, maxVersion } = ssl;
  const common: ConnectionOptions = {
    ...certificates(ssl),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
  const chain = { ...common, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  const unchecked = { ...common, rejectUnauthorized: false };
  switch (ssl.mode) {
    case 'prefer':
      return [ssl.caFile === undefined ? unchecked : chain, false];
    case 'require':
      return [ssl.caFile === undefined ? unchecked : chain];
    case 'verify-ca':
      return [chain];
    case 'verify-full':
      return [{ ...common, rejectUnauthorized: true }];
  }
}

function certificates({ caFile, certFile, keyFile, crlFile }: PostgresSsl): ConnectionOptions {
  return {
    ca: caFile === 'system' ? getCACertificates('system') : read(caFile, 'the certificate authority'),
    cert: read(certFile, 'the client certificate'),
    key: read(keyFile, 'the client key'),
    crl: read(crlFile, 'the revocation list'),
  };
}

function read(file: string | undefined, what: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const message = `The file of ${what}, ${file}, cannot be read: ${(error as Error).message}`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause: error });
  }
}
