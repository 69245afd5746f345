import type { DatabaseMigration } from '../../core/model/resource.ts';
import { type ClusterOptions, clusterProblem, notFound, openCluster } from '../cluster.ts';

export interface NamedOptions extends ClusterOptions {
  name: string;
}

interface Named {
  metadata: { name: string; creationTimestamp?: string; ownerReferences?: { name: string }[] };
}

/** One DatabaseMigration, with the cluster that has it. Throws ProblemError. */
export async function openResource({ name, ...options }: NamedOptions) {
  const cluster = await openCluster(options);
  const resource = await cluster.client.get(cluster.namespace, name);
  if (resource === undefined) throw notFound(name, cluster.namespace);
  return { ...cluster, resource };
}

type Cluster = Awaited<ReturnType<typeof openResource>>;

/** Objects of one kind in the namespace, oldest first. Throws ProblemError. */
export async function listed<T extends Named>(
  { api, namespace }: Pick<Cluster, 'api' | 'namespace'>,
  group: string,
  plural: string,
  labelSelector?: string,
): Promise<T[]> {
  const path = `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  const { items } = await api
    .request<{ items: T[] }>({ verb: 'list', path, query: { labelSelector } })
    .catch(clusterProblem);
  return items.sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
}

export interface Pod extends Named {
  status?: { phase?: string };
}

/** The newest pod of the last run; undefined if it was deleted. */
export async function podOfRun(cluster: Cluster): Promise<Pod | undefined> {
  const job = cluster.resource.status?.run?.job;
  if (job === undefined) return undefined;
  return (await listed<Pod>(cluster, '/api/v1', 'pods', `job-name=${job}`)).at(-1);
}

/** Why no log exists, and what to type. */
export function noPod({ metadata, status }: DatabaseMigration): string {
  const { name, namespace } = metadata;
  const next = `Its state: kubectl dbm status ${name} -n ${namespace}`;
  if (status?.run === undefined) return `No run of ${name} has started. ${next}`;
  return `The pod of run ${status.run.id} was deleted; finished Jobs are deleted after spec.runner.ttlAfterFinished. ${next}`;
}
