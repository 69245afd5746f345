import type { PostgresLogin, PostgresSsl } from '../target.ts';
import { ConnectionStringError, type Given } from './given.ts';
import { oneOf } from './tls.ts';

/** `auth=rds-iam`: the password is a token of AWS, made for each connection. Throws ConnectionStringError. */
export function readLogin(given: Given): PostgresLogin | undefined {
  const login = oneOf(given.get('auth'), 'auth', ['password', 'rds-iam']);
  const region = given.get('aws_region')?.text || undefined;
  if (login !== 'rds-iam') {
    if (region === undefined) return undefined;
    throw new ConnectionStringError('The database URL has aws_region, which needs auth=rds-iam.');
  }
  if (given.has('password')) {
    throw new ConnectionStringError(
      'The database URL has auth=rds-iam and a password. The password is a token of AWS: remove the password.',
    );
  }
  return { kind: 'rds-iam', ...(region === undefined ? {} : { region }) };
}

/** A token is sent as it is, so that it needs TLS; RDS refuses it otherwise. Throws ConnectionStringError. */
export function withTlsForLogin(ssl: PostgresSsl, login: PostgresLogin | undefined, given: Given): PostgresSsl {
  if (login?.kind !== 'rds-iam' || !['disable', 'prefer'].includes(ssl.mode)) return ssl;
  if (given.has('sslmode') || given.has('ssl') || given.has('requiressl')) {
    throw new ConnectionStringError(
      `auth=rds-iam needs sslmode=require or stricter, not ${ssl.mode}: the token would be sent without TLS.`,
    );
  }
  return { ...ssl, mode: 'require' };
}
