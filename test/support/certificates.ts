/** Certificates for the test ground, made by the `openssl` program (3.0 or newer) at start; nothing is kept. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './processes.ts';

export interface Certificate {
  certFile: string;
  keyFile: string;
}

export interface CertificateRequest {
  /** The name of the files. */
  name: string;
  commonName: string;
  /** Kubernetes reads these as groups. */
  organisations?: string[];
  /** DNS names and IP addresses that a server answers to. */
  hosts?: string[];
}

export interface Authority extends Certificate {
  folder: string;
  issue(request: CertificateRequest): Promise<Certificate>;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '7'];

/** A new certificate authority with its files in `folder` (`ca.crt`, `ca.key`). */
export async function createAuthority(folder: string, commonName = 'db-manager test'): Promise<Authority> {
  const certFile = join(folder, 'ca.crt');
  const keyFile = join(folder, 'ca.key');
  await openssl([
    ...['req', '-x509', ...NEW_KEY, '-subj', `/CN=${commonName}`, '-out', certFile, '-keyout', keyFile],
    ...['-addext', 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign'],
  ]);

  async function issue({ name, commonName, organisations = [], hosts = [] }: CertificateRequest): Promise<Certificate> {
    const issued = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
    const subject = [
      ...organisations.map((organisation) => `/O=${escaped(organisation)}`),
      `/CN=${escaped(commonName)}`,
    ];
    const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`));
    await openssl([
      ...['req', '-x509', ...NEW_KEY, '-CA', certFile, '-CAkey', keyFile, '-subj', subject.join('')],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
      ...(names.length > 0 ? ['-addext', `subjectAltName=${names.join(',')}`] : []),
      ...['-out', issued.certFile, '-keyout', issued.keyFile],
    ]);
    return issued;
  }

  return { folder, certFile, keyFile, issue };
}

/** A new RSA key pair: `<name>.key` (private) and `<name>.pub`. */
export async function createKeyPair(
  folder: string,
  name: string,
): Promise<{ privateFile: string; publicFile: string }> {
  const pair = { privateFile: join(folder, `${name}.key`), publicFile: join(folder, `${name}.pub`) };
  await openssl(['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', pair.privateFile]);
  await openssl(['pkey', '-in', pair.privateFile, '-pubout', '-out', pair.publicFile]);
  return pair;
}

export async function base64Of(file: string): Promise<string> {
  return (await readFile(file)).toString('base64');
}

async function openssl(args: string[]): Promise<void> {
  await mustRun('openssl', args);
}

function escaped(value: string): string {
  return value.replaceAll(/[\\/+=]/g, '\\$&');
}
