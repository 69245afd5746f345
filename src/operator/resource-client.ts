import type { Api } from '../controller-runtime/api.ts';
import { isStatus } from '../controller-runtime/api-error.ts';
import { API_VERSION, type DatabaseMigration, GROUP, KIND, PLURAL, VERSION } from '../core/model/resource.ts';

/** What people and hooks do with DatabaseMigrations; the controller has ways of its own. */
export interface ResourceClient {
  /** Undefined where there is none. */
  get(namespace: string, name: string): Promise<DatabaseMigration | undefined>;
  /** Of one namespace, or of all. */
  list(namespace: string | undefined): Promise<DatabaseMigration[]>;
  /** Server-side apply. `force` takes fields over that another manager has set; without it that is a conflict (409). */
  apply(namespace: string, resource: Applied, force: boolean): Promise<DatabaseMigration>;
  /** A merge patch; with the resourceVersion in it, only of the state that was looked at (409 otherwise). */
  patch(namespace: string, name: string, body: object): Promise<DatabaseMigration>;
}

/** As it was written: what it leaves out is not ours. */
export interface Applied {
  metadata: { name: string };
  spec: unknown;
}

const FIELD_MANAGER = 'db-manager-cli';

/** Throws `ApiError` where the server refuses, any other error where it is not reached. */
export function resourceClient(api: Api): ResourceClient {
  return {
    async get(namespace, name) {
      try {
        return await api.request<DatabaseMigration>({ verb: 'get', path: pathOf(namespace, name) });
      } catch (error) {
        // Without the CRD the whole path is unknown, which is another thing than a resource that is not there.
        if (isStatus(error, 404) && error instanceof Error && error.message.includes(name)) return undefined;
        throw error;
      }
    },
    async list(namespace) {
      const { items } = await api.request<{ items: DatabaseMigration[] }>({ verb: 'list', path: pathOf(namespace) });
      return items;
    },
    apply: (namespace, { metadata, spec }, force) =>
      api.request({
        verb: 'patch',
        path: pathOf(namespace, metadata.name),
        query: { fieldManager: FIELD_MANAGER, force },
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: API_VERSION, kind: KIND, metadata: { ...metadata, namespace }, spec },
      }),
    patch: (namespace, name, body) =>
      api.request({
        verb: 'patch',
        path: pathOf(namespace, name),
        query: { fieldManager: FIELD_MANAGER },
        contentType: 'application/merge-patch+json',
        body,
      }),
  };
}

function pathOf(namespace: string | undefined, name?: string): string {
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${GROUP}/${VERSION}${place}/${PLURAL}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
