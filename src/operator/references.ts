import type { Api } from '../controller-runtime/api.ts';
import { isStatus } from '../controller-runtime/api-error.ts';
import type { KubernetesObject } from '../controller-runtime/store.ts';
import type { DatabaseMigration } from '../core/model/resource.ts';
import { digest } from '../core/reconcile/inputs.ts';
import type { Caches } from './caches.ts';
import { backupClaimName } from './manifests/claim.ts';

/** An object in the namespace of a resource that the kubelet reads for its pod. */
interface Reference {
  plural: 'secrets' | 'configmaps' | 'persistentvolumeclaims';
  name: string;
}

/** The objects that a run uses, except the ConfigMaps that are part of its inputs. */
function referencesOf(resource: DatabaseMigration): Reference[] {
  const { database, migrations, safety, runner, backup } = resource.spec;
  const { passwordFrom, caFrom, certFrom, keyFrom } = database.postgres ?? {};
  const keys = [
    database.urlFrom,
    passwordFrom,
    caFrom,
    certFrom,
    keyFrom,
    safety.rehearsalServerUrlFrom,
    backup.encryption?.identityFrom,
  ];
  const env = (runner.env ?? []).map((each) => (each as { valueFrom?: EnvSource } | null)?.valueFrom);
  const secrets = [
    ...[...keys, ...env].map((source) => source?.secretKeyRef?.name),
    ...(runner.imagePullSecrets ?? []).map(({ name }) => name),
    backup.objectStore?.credentialsFrom?.secretRef.name,
    backup.objectStore?.caFrom?.secretKeyRef?.name,
  ];
  const claims = [database.sqlite?.volume.claimName, migrations.volume?.claimName, backupClaimName(resource)];
  return [
    ...named('secrets', secrets),
    ...named(
      'configmaps',
      env.map((source) => source?.configMapKeyRef?.name),
    ),
    ...named('persistentvolumeclaims', claims),
  ];
}

interface EnvSource {
  secretKeyRef?: { name?: unknown };
  configMapKeyRef?: { name?: unknown };
}

function named(plural: Reference['plural'], names: readonly unknown[]): Reference[] {
  const given = names.filter((name) => typeof name === 'string');
  return [...new Set(given)].sort().map((name) => ({ plural, name }));
}

/**
 * A digest over the versions of the objects that a run of the resource uses. Only metadata is requested, never a value.
 * An object that the operator may not read is left out: a change of it starts nothing.
 */
export async function referencesDigest(
  resource: DatabaseMigration,
  { api, caches }: { api: Api; caches: Pick<Caches, 'configMaps'> },
): Promise<string> {
  const { namespace = '' } = resource.metadata;
  const versions = await Promise.all(
    referencesOf(resource).map(async ({ plural, name }) => {
      const version =
        plural === 'configmaps'
          ? (caches.configMaps.get(`${namespace}/${name}`) ?? ABSENT)
          : await versionOf(api, `/api/v1/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`);
      return version === undefined ? [] : [[plural, name, version]];
    }),
  );
  return `sha256:${digest(versions.flat())}`;
}

const ABSENT = 'absent';

async function versionOf(api: Api, path: string): Promise<string | undefined> {
  try {
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const { metadata } = await api.request<KubernetesObject>({ verb: 'get', path, accept });
    return `${metadata.uid} ${metadata.resourceVersion}`;
  } catch (error) {
    if (isStatus(error, 404)) return ABSENT;
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}
