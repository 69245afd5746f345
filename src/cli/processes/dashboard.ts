import { randomBytes } from 'node:crypto';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { isSameSecret } from '../../core/model/same-secret.ts';
import { LiveResources } from '../../dashboard/live.ts';
import { startDashboard } from '../../dashboard/server.ts';
import type { ClusterOptions } from '../cluster.ts';
import { openCluster } from '../cluster.ts';
import type { Io } from '../io.ts';
import { SHOWN_KINDS } from './dashboard-kinds.ts';

export interface LocalDashboardOptions extends ClusterOptions {
  namespaces?: string[];
  port?: number;
  allowApprove?: boolean;
  json?: boolean;
}

/** Names by which a browser on this machine reaches it. */
const LOCAL_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

/** `db-manager dashboard`: serves the page on this machine, with the user's kubeconfig, until it is stopped. */
export async function runDashboard(options: LocalDashboardOptions, io: Io): Promise<void> {
  const { api, context, namespace } = await openCluster(options);
  const named = [...(options.namespace === undefined ? [] : [options.namespace]), ...(options.namespaces ?? [])];
  const key = randomBytes(24).toString('base64url');
  const server = await startDashboard({
    host: '127.0.0.1',
    port: options.port ?? 0,
    hosts: LOCAL_HOSTS,
    authorize: async (token) => (token !== undefined && isSameSecret(token, key) ? 'allowed' : 'unauthenticated'),
    signIn: { kind: 'key', help: '' },
    apiOf: () => api,
    live: () =>
      new LiveResources({
        api,
        kinds: SHOWN_KINDS,
        named: named.length === 0 ? undefined : [...new Set(named)],
        fallback: [namespace],
      }),
    allowApprove: options.allowApprove === true,
    place: `context ${context}`,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    const why = error.code === 'EACCES' ? 'this user may not listen on it' : 'another process uses it';
    const message = `Port ${options.port} cannot be used: ${why}. Leave out --port to get a free one.`;
    throw invalidConfiguration(message, error);
  });
  try {
    const url = `http://127.0.0.1:${server.port}/#key=${key}`;
    if (options.json === true) io.out(JSON.stringify({ url, port: server.port, context }, null, 2));
    else {
      io.out(`Dashboard of context ${context}: ${url}`);
      io.out('The address contains a key. Only a client with this key can read the page, and only on this machine.');
      io.out(
        options.allowApprove === true
          ? 'Approvals are allowed, with the permissions of your kubeconfig. Stop with Ctrl-C.'
          : 'The page is read-only; --allow-approve allows approvals. Stop with Ctrl-C.',
      );
    }
    if (!io.signal.aborted)
      await new Promise((resolve) => io.signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    await server.close();
  }
}
