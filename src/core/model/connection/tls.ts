import { withoutUndefined } from '../parts.ts';
import type { PostgresSsl, SslMode } from '../target.ts';
import { ConnectionStringError, type Given, type Value } from './given.ts';
import { capital } from './parameters.ts';
import type { Surroundings } from './surroundings.ts';

/** From the weakest to the strictest. */
const SSL_MODES: readonly SslMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];
const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

/** What `ssl=true` means: TLS without a check in libpq (manual, 32.1.2), `verify-full` in JDBC and asyncpg. */
export type SslTrue = 'require' | 'verify-full';

/**
 * TLS as libpq does it: a certificate authority makes `require` check the server (manual, 32.19.1), and the files in
 * `~/.postgresql` are the defaults. Of two contradicting parameters the stricter one is used.
 */
export function readTls(given: Given, sslTrue: SslTrue, surroundings: Surroundings): PostgresSsl {
  const own = (name: string) => {
    const { HOME } = surroundings.env;
    const path = HOME === undefined ? undefined : `${HOME}/.postgresql/${name}`;
    return path !== undefined && surroundings.exists(path) ? path : undefined;
  };
  const asked = [
    modeOf(given.get('sslmode')),
    modeOfSsl(given.get('ssl'), sslTrue),
    modeOfRequired(given.get('requiressl')),
  ];
  const modes = asked.filter((mode) => mode !== undefined);
  const negotiation = oneOf(given.get('sslnegotiation'), 'sslnegotiation', ['postgres', 'direct']);
  const sendCertificate = oneOf(given.get('sslcertmode'), 'sslcertmode', ['disable', 'allow']) !== 'disable';
  const unchecked = [given.get('sslmode'), given.get('ssl')].some((value) => value?.text === 'no-verify');
  const files = withoutUndefined({
    caFile: unchecked ? undefined : (given.get('sslrootcert')?.text ?? own('root.crt')),
    certFile: sendCertificate ? (given.get('sslcert')?.text ?? own('postgresql.crt')) : undefined,
    keyFile: sendCertificate ? (given.get('sslkey')?.text ?? own('postgresql.key')) : undefined,
    crlFile: given.get('sslcrl')?.text ?? own('root.crl'),
    minVersion: oneOf(given.get('ssl_min_protocol_version'), 'ssl_min_protocol_version', TLS_VERSIONS),
    maxVersion: oneOf(given.get('ssl_max_protocol_version'), 'ssl_max_protocol_version', TLS_VERSIONS),
    negotiation,
    unchecked: unchecked || undefined,
  });
  let mode = SSL_MODES[Math.max(...modes.map((each) => SSL_MODES.indexOf(each)))] ?? 'prefer';
  if (files.caFile === 'system') {
    if (modes.length > 0 && mode !== 'verify-full')
      throw new ConnectionStringError(`sslrootcert=system needs sslmode=verify-full, not ${mode}.`);
    mode = 'verify-full';
  }
  if (mode === 'verify-ca' && files.caFile === undefined)
    throw new ConnectionStringError(
      'sslmode=verify-ca needs sslrootcert with the file of the certificate authority. Against public authorities use sslmode=verify-full.',
    );
  if (negotiation === 'direct' && SSL_MODES.indexOf(mode) < SSL_MODES.indexOf('require'))
    throw new ConnectionStringError(`sslnegotiation=direct needs sslmode=require or stricter, not ${mode}.`);
  refuseUnsupported(given);
  return { mode, ...files };
}

function modeOf(value: Value | undefined): SslMode | undefined {
  if (value === undefined) return undefined;
  if (value.text === 'allow') return 'prefer';
  if (value.text === 'no-verify') return 'require'; // node-postgres
  const mode = SSL_MODES.find((each) => each === value.text);
  if (mode === undefined)
    throw new ConnectionStringError(`${capital(value.from)}: sslmode must be one of ${SSL_MODES.join(', ')}, allow.`);
  return mode;
}

function modeOfSsl(value: Value | undefined, sslTrue: SslTrue): SslMode | undefined {
  if (value === undefined) return undefined;
  if (/^(true|1|on|yes|)$/i.test(value.text)) return sslTrue;
  if (/^(false|0|off|no)$/i.test(value.text)) return 'disable';
  const known = [...SSL_MODES, 'allow', 'no-verify'].includes(value.text);
  if (!known)
    throw new ConnectionStringError(
      `${capital(value.from)}: ssl must be true, false or one of ${SSL_MODES.join(', ')}.`,
    );
  return modeOf(value);
}

function modeOfRequired(value: Value | undefined): SslMode | undefined {
  if (value === undefined) return undefined;
  return value.text === '1' ? 'require' : 'prefer';
}

/** A parameter that would weaken the requested connection is an error. */
function refuseUnsupported(given: Given): void {
  const only = (name: string, allowed: readonly string[], why: string) => {
    const value = given.get(name);
    if (value !== undefined && !allowed.includes(value.text))
      throw new ConnectionStringError(`${capital(value.from)} has a ${name} that is not supported. ${why}`);
  };
  only('gssencmode', ['disable', 'prefer'], 'db-manager does not support GSSAPI encryption. Use sslmode=verify-full.');
  only('sslcompression', ['0'], 'TLS compression is unsafe. Remove it.');
  only('sslsni', ['1'], 'db-manager always sends the name of the server. Remove it.');
  only('min_protocol_version', ['3.0'], 'node-postgres uses version 3.0 of the protocol. Remove it.');
  only('max_protocol_version', ['3.0', '3.2', 'latest'], 'Use 3.0.');
}

/** The value, if it is in the list. Throws ConnectionStringError. */
export function oneOf<T extends string>(value: Value | undefined, name: string, allowed: readonly T[]): T | undefined {
  if (value === undefined || value.text === '') return undefined;
  const found = allowed.find((each) => each.toLowerCase() === value.text.toLowerCase());
  if (found === undefined)
    throw new ConnectionStringError(`${capital(value.from)}: ${name} must be one of ${allowed.join(', ')}.`);
  return found;
}
