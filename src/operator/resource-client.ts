import type { Api } from '../controller-runtime/api.ts';
import { isStatus } from '../controller-runtime/api-error.ts';
import { API_VERSION, type DatabaseMigration, GROUP, KIND, PLURAL, VERSION } from '../core/model/resource.ts';

/** Operations of commands and hooks on DatabaseMigrations; the controller does not use this client. */
export interface ResourceClient {
  /** Undefined if it does not exist. */
  get(namespace: string, name: string): Promise<DatabaseMigration | undefined>;
  /** In one namespace, or in all. */
  list(namespace: string | undefined): Promise<DatabaseMigration[]>;
  /**
   * Server-side apply. `force` takes over fields of other managers; without it such a field causes a conflict (409).
   */
  apply(namespace: string, resource: Applied, force: boolean): Promise<DatabaseMigration>;
  /** A merge patch. If it contains a resourceVersion, it applies only to that version (otherwise 409). */
  patch(namespace: string, name: string, body: object): Promise<DatabaseMigration>;
}

/** As it was written: omitted fields belong to other managers. */
interface Applied {
  metadata: { name: string };
  spec: unknown;
}

const FIELD_MANAGER = 'db-manager-cli';

/** Throws `ApiError` if the server refuses, any other error if it cannot be reached. */
export function resourceClient(api: Api): ResourceClient {
  return {
    async get(namespace, name) {
      try {
        return await api.request<DatabaseMigration>({ verb: 'get', path: pathOf(namespace, name) });
      } catch (error) {
        // Without the CRD the whole path is unknown, which differs from a missing resource.
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
