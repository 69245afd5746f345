import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Authority, base64Of } from '../support/certificates.ts';

interface KubectlRunner {
  mustKubectl(args: readonly string[]): Promise<string>;
}

/** Writes a kubeconfig whose user is known by a new client certificate. Returns the file's path. */
export async function userKubeconfig(
  file: string,
  server: string,
  authority: Authority,
  identity: { user: string; groups?: string[] },
): Promise<string> {
  const { certFile, keyFile } = await authority.issue({
    name: basename(file, '.kubeconfig'),
    commonName: identity.user,
    organisations: identity.groups,
  });
  return write(file, server, authority, {
    'client-certificate-data': await base64Of(certFile),
    'client-key-data': await base64Of(keyFile),
  });
}

/** Writes a kubeconfig that carries a new token of a service account. Returns the file's path. */
export async function serviceAccountKubeconfig(
  file: string,
  server: string,
  authority: Authority,
  identity: { serviceAccount: string; namespace: string; expires?: number },
  { mustKubectl }: KubectlRunner,
): Promise<string> {
  const duration = `--duration=${identity.expires ?? 3600}s`;
  const account = ['create', 'token', identity.serviceAccount, `--namespace=${identity.namespace}`, duration];
  return write(file, server, authority, { token: (await mustKubectl(account)).trim() });
}

async function write(file: string, server: string, authority: Authority, user: Record<string, string>) {
  // JSON is YAML, and every reader of a kubeconfig takes it.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': await base64Of(authority.certFile) } }],
    users: [{ name: 'test', user }],
  };
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  return file;
}
