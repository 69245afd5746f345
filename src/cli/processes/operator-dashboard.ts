import { readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Api, createApi } from '../../controller-runtime/api.ts';
import { configWithToken } from '../../controller-runtime/kubeconfig.ts';
import { tokenAuthorizer } from '../../controller-runtime/token-review.ts';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { LiveResources } from '../../dashboard/live.ts';
import { type DashboardServer, startDashboard } from '../../dashboard/server.ts';
import { SHOWN_KINDS } from './dashboard-kinds.ts';

export interface OperatorDashboardOptions {
  /** Port of the page; absent: no page. */
  dashboardPort?: number;
  dashboardApprove?: boolean;
  dashboardCertFile?: string;
  dashboardKeyFile?: string;
  /** The namespaces that the operator watches: the page shows no others. */
  namespaces?: readonly string[];
}

const HELP =
  'To create a token: kubectl create token ACCOUNT -n NAMESPACE. The page shows what that account may list and watch. It is kept in this tab only.';

/**
 * The page of all resources, for every caller that TokenReview knows and that may `get` /dashboard. What a caller sees and
 * approves is requested with the token of that caller: the operator adds no permission. Undefined without a port.
 */
export async function startOperatorDashboard(
  options: OperatorDashboardOptions,
  api: Api,
  readConfig: () => KubeConfig,
): Promise<DashboardServer | undefined> {
  const { dashboardPort: port, dashboardCertFile: certFile, dashboardKeyFile: keyFile, namespaces = [] } = options;
  if (port === undefined) return undefined;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw invalidConfiguration('--dashboard-cert-file and --dashboard-key-file belong together. Set both, or neither.');
  }
  const apiOf = (token: string) => createApi(configWithToken(readConfig(), token));
  return startDashboard({
    port,
    ...(certFile === undefined || keyFile === undefined
      ? {}
      : { tls: { read: () => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) }) } }),
    authorize: tokenAuthorizer(api, '/dashboard'),
    signIn: { kind: 'token', help: HELP },
    apiOf,
    live: (token) =>
      new LiveResources({
        api: apiOf(token),
        kinds: SHOWN_KINDS,
        named: namespaces.length === 0 ? undefined : namespaces,
        fallback: namespaceOf(token),
      }),
    allowApprove: options.dashboardApprove === true,
    place: namespaces.length === 0 ? 'all namespaces' : `namespaces ${namespaces.join(', ')}`,
  });
}

/** The namespace of a service account, from its token. It only selects what the API server is asked with that token. */
function namespaceOf(token: string): string[] {
  try {
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      sub?: unknown;
    };
    const [system, kind, namespace] = String(sub).split(':');
    return system === 'system' && kind === 'serviceaccount' && namespace !== undefined ? [namespace] : [];
  } catch {
    return []; // not a JSON web token
  }
}
