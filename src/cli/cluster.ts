import { readFileSync } from 'node:fs';
import { type Api, createApi } from '../controller-runtime/api.ts';
import { ApiError, CredentialsError } from '../controller-runtime/api-error.ts';
import { kubeConfigReader } from '../controller-runtime/kubeconfig.ts';
import { invalidConfiguration, ProblemError } from '../core/model/problem.ts';
import { type ResourceClient, resourceClient } from '../operator/resource-client.ts';
import { requirePackages } from '../required-packages.ts';

export interface ClusterOptions {
  kubeconfig?: string;
  /** A context of the kubeconfig; default: the current one. */
  context?: string;
  namespace?: string;
}

interface Cluster {
  client: ResourceClient;
  /** For other requests; its errors are those of the API server. */
  api: Api;
  /** Name of the context, or of the cluster in a pod. */
  context: string;
  /** The requested namespace, else the one of the context, else the one of the pod. */
  namespace: string;
}

/** The default of client-node if it finds no configuration. */
const NOWHERE = 'http://localhost:8080';

/** The cluster of the kubeconfig, or of the pod that the process runs in. Throws ProblemError InvalidConfiguration. */
export async function openCluster({ kubeconfig, context: named, namespace }: ClusterOptions): Promise<Cluster> {
  requirePackages('A command on a cluster', ['@kubernetes/client-node']);
  const read = await kubeConfigReader(kubeconfig, named);
  try {
    const config = read();
    if (config.getCurrentCluster()?.server === NOWHERE)
      throw new Error('no kubeconfig was found, and the process does not run in a pod');
    const context = config.getContextObject(config.getCurrentContext());
    const api = createApi(config, undefined, read);
    return {
      client: inWords(resourceClient(api)),
      api,
      context: config.getCurrentContext(),
      namespace: namespace ?? context?.namespace ?? ownNamespace(),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidConfiguration(
      `No Kubernetes cluster is configured: ${why}. Pass --kubeconfig, or set KUBECONFIG.`,
      error,
    );
  }
}

/** The errors of the API server as problems: a denied request, or a missing object. */
function inWords(client: ResourceClient): ResourceClient {
  return {
    get: (...args) => client.get(...args).catch(clusterProblem),
    list: (...args) => client.list(...args).catch(clusterProblem),
    apply: (...args) => client.apply(...args).catch(clusterProblem),
    patch: (...args) => client.patch(...args).catch(clusterProblem),
  };
}

/** Throws the error of a request as a problem. */
export function clusterProblem(error: unknown): never {
  if (error instanceof CredentialsError)
    throw invalidConfiguration(`The kubeconfig cannot be used: ${error.message}`, error);
  if (!(error instanceof ApiError)) throw new ClusterUnreachable(error);
  if (error.status === 404) {
    throw invalidConfiguration(
      `The CRD of DatabaseMigration is not installed in the cluster (${error.message}). Install the CRD: kubectl apply -f crds/`,
      error,
    );
  }
  if (error.status === 401 || error.status === 403) {
    throw new ProblemError(
      { reason: 'PermissionDenied', message: `The API server denied the request: ${error.message}.` },
      { cause: error },
    );
  }
  if (error.status === 409) throw new ClusterConflict(error.message, { cause: error });
  if (error.status >= 500 || error.status === 429) {
    throw new ProblemError(
      {
        reason: 'ApiServerUnavailable',
        message: `The API server failed (HTTP ${error.status}): ${error.message}.`,
      },
      { cause: error },
    );
  }
  throw invalidConfiguration(`The API server rejected the request: ${error.message}`, error);
}

/** Whether the same request may succeed when it is retried. */
export function mayPass(error: unknown): error is ProblemError {
  return (
    error instanceof ProblemError &&
    (error.problem.reason === 'ApiServerUnreachable' || error.problem.reason === 'ApiServerUnavailable')
  );
}

/** The API server did not respond. */
class ClusterUnreachable extends ProblemError {
  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super({ reason: 'ApiServerUnreachable', message: `The API server cannot be reached: ${why}.` }, { cause });
  }
}

/** Another client has written the object since, or owns a field. */
export class ClusterConflict extends ProblemError {
  constructor(message: string, options?: ErrorOptions) {
    super({ reason: 'Conflict', message: `${message}. --force-conflicts takes ownership of the fields.` }, options);
  }
}

export function notFound(name: string, namespace: string): ProblemError {
  const message = `DatabaseMigration ${name} was not found in namespace ${namespace}. List all of them: db-manager status -A`;
  return invalidConfiguration(message);
}

function ownNamespace(): string {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    return 'default'; // not in a pod
  }
}
