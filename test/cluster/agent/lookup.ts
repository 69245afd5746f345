import { ApiException, type CoreV1Api, type V1Pod } from '@kubernetes/client-node';

/** A container or volume cannot be made yet, in the kubelet's words; asked again until it can. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A Secret's or ConfigMap's values by key. */
export type Files = ReadonlyMap<string, Buffer>;

/** Reads what a pod's env and volumes refer to. A missing object is undefined, not an error. */
export interface Lookup {
  configMap(name: string): Promise<Files | undefined>;
  secret(name: string): Promise<Files | undefined>;
  serviceAccountToken(audience: string | undefined, seconds: number): Promise<string>;
}

export function lookupFor(api: CoreV1Api, pod: V1Pod): Lookup {
  const namespace = pod.metadata?.namespace ?? 'default';
  return {
    async configMap(name) {
      const found = await unlessMissing(api.readNamespacedConfigMap({ name, namespace }));
      return found && new Map([...decoded(found.data, 'utf8'), ...decoded(found.binaryData, 'base64')]);
    },
    async secret(name) {
      const found = await unlessMissing(api.readNamespacedSecret({ name, namespace }));
      return found && new Map(decoded(found.data, 'base64'));
    },
    async serviceAccountToken(audience, seconds) {
      const { status } = await api.createNamespacedServiceAccountToken({
        name: pod.spec?.serviceAccountName ?? 'default',
        namespace,
        body: {
          spec: {
            audiences: audience ? [audience] : [],
            expirationSeconds: seconds,
            boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata?.name, uid: pod.metadata?.uid },
          },
        },
      });
      if (!status?.token) throw new Error('the API server answered a token request without a token');
      return status.token;
    },
  };
}

export async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

export function hasStatus(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiException && codes.includes(error.code);
}

function decoded(values: Record<string, string> | undefined, encoding: BufferEncoding): [string, Buffer][] {
  return Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]);
}
