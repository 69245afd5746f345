import pMap from 'p-map';
import type { Api } from '../controller-runtime/api.ts';
import { isStatus } from '../controller-runtime/api-error.ts';
import { GROUP, VERSION } from '../core/model/resource.ts';

/** A kind that the dashboard shows. */
export interface ShownKind {
  kind: string;
  plural: string;
}

export interface Collection extends ShownKind {
  /** Path of the collection in the API. */
  path: string;
  /** Undefined: all namespaces. */
  namespace?: string;
}

export interface Scope {
  collections: Collection[];
  /** What is left out: the caller may not list and watch it, or there are too many namespaces. */
  denied: { plural: string; namespaces: string[]; why: 'forbidden' | 'limit' }[];
  /** How many namespaces were asked about one by one. */
  asked: number;
}

/** So many namespaces are watched one by one at most: each is four connections. */
const MOST_NAMESPACES = 50;
const AT_ONCE = 8;

/**
 * The collections that the caller may list and watch: the whole cluster, else namespace by namespace. `named` limits it to
 * these namespaces; `fallback` is used by a caller who may not list namespaces. Throws the errors of the API server.
 */
export async function readableScope(
  api: Api,
  kinds: readonly ShownKind[],
  { named, fallback }: { named?: readonly string[]; fallback: readonly string[] },
  signal: AbortSignal,
): Promise<Scope> {
  const collections: Collection[] = [];
  const single: ShownKind[] = [];
  if (named === undefined) {
    for (const each of kinds) {
      if (await mayRead(api, each.plural, undefined, signal)) collections.push(collection(each));
      else single.push(each);
    }
  } else single.push(...kinds);
  const denied: Scope['denied'] = [];
  let asked = 0;
  if (single.length > 0) {
    const namespaces = named ?? (await namespacesOf(api, signal)) ?? fallback;
    asked = namespaces.length;
    for (const each of single) {
      const allowed = await pMap(namespaces, (name) => mayRead(api, each.plural, name, signal), {
        concurrency: AT_ONCE,
      });
      const mine = namespaces.filter((_, at) => allowed[at]);
      const others = namespaces.filter((_, at) => !allowed[at]);
      collections.push(...mine.slice(0, MOST_NAMESPACES).map((name) => collection(each, name)));
      const left = mine.slice(MOST_NAMESPACES);
      if (others.length > 0) denied.push({ plural: each.plural, namespaces: others, why: 'forbidden' });
      if (left.length > 0) denied.push({ plural: each.plural, namespaces: left, why: 'limit' });
    }
  }
  return { collections, denied, asked };
}

function collection(each: ShownKind, namespace?: string): Collection {
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return { ...each, namespace, path: `/apis/${GROUP}/${VERSION}${place}/${each.plural}` };
}

async function mayRead(
  api: Api,
  resource: string,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  for (const verb of ['list', 'watch']) {
    const { status } = await api.request<{ status?: { allowed?: boolean } }>({
      verb: 'create',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { group: GROUP, resource, verb, namespace } },
      },
      signal,
    });
    if (status?.allowed !== true) return false;
  }
  return true;
}

/** Undefined if the caller may not list them. */
async function namespacesOf(api: Api, signal: AbortSignal): Promise<string[] | undefined> {
  const names: string[] = [];
  let next: string | undefined;
  try {
    do {
      const { items, metadata } = await api.request<{
        items: { metadata: { name: string } }[];
        metadata: { continue?: string };
      }>({
        verb: 'list',
        path: '/api/v1/namespaces',
        query: { limit: 500, continue: next },
        accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
        signal,
      });
      names.push(...items.map(({ metadata }) => metadata.name));
      next = metadata.continue === '' ? undefined : metadata.continue;
    } while (next !== undefined);
    return names;
  } catch (error) {
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}
