import type { V1Container, V1EnvVarSource, V1Pod } from '@kubernetes/client-node';
import { fetchedServer } from '../../support/postgres-binaries.ts';
import { fieldOf } from './downward.ts';
import { expand } from './expand.ts';
import type { AgentImage } from './image.ts';
import { type Lookup, NotYet } from './lookup.ts';

/** The programs of PostgreSQL too, which the real image has: on a machine without Debian's they are the fetched ones. */
const PATH = ['/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', fetchedServer()]
  .filter((folder) => folder !== undefined)
  .join(':');

/**
 * A container's whole environment: the runtime's, the image's, then envFrom, then env, later ones winning and seeing
 * earlier ones as `$(NAME)`. Nothing of this process's own environment gets in. Throws NotYet in the kubelet's words
 * where a Secret, ConfigMap or key is missing.
 */
export async function resolveEnvironment(
  pod: V1Pod,
  container: V1Container,
  image: AgentImage,
  lookup: Lookup,
  runtime: Record<string, string>,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {
    PATH,
    HOME: '/',
    HOSTNAME: pod.spec?.hostname ?? pod.metadata?.name ?? '',
    ...runtime,
    ...image.env,
  };
  for (const source of container.envFrom ?? []) {
    const { configMapRef, secretRef, prefix = '' } = source;
    const ref = configMapRef ?? secretRef;
    if (!ref?.name) continue;
    const object = await (configMapRef ? lookup.configMap(ref.name) : lookup.secret(ref.name));
    if (!object && !ref.optional) throw missing(configMapRef ? 'configmap' : 'secret', ref.name);
    for (const [key, value] of object ?? []) env[prefix + key] = value.toString();
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const resolved = valueFrom ? await fromSource(pod, valueFrom, lookup) : expand(value ?? '', env);
    if (resolved !== undefined) env[name] = resolved;
  }
  return env;
}

async function fromSource(pod: V1Pod, source: V1EnvVarSource, lookup: Lookup): Promise<string | undefined> {
  const { configMapKeyRef, secretKeyRef, fieldRef } = source;
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath);
  const ref = configMapKeyRef ?? secretKeyRef;
  if (!ref?.name) throw new NotYet('CreateContainerConfigError', 'the test agent does not know this kind of valueFrom');
  const kind = configMapKeyRef ? 'ConfigMap' : 'Secret';
  const object = await (configMapKeyRef ? lookup.configMap(ref.name) : lookup.secret(ref.name));
  if (!object) {
    if (ref.optional) return undefined;
    throw missing(kind.toLowerCase(), ref.name);
  }
  const value = object.get(ref.key);
  if (value) return value.toString();
  if (ref.optional) return undefined;
  throw new NotYet(
    'CreateContainerConfigError',
    `couldn't find key ${ref.key} in ${kind} ${pod.metadata?.namespace}/${ref.name}`,
  );
}

function missing(kind: string, name: string): NotYet {
  return new NotYet('CreateContainerConfigError', `${kind} "${name}" not found`);
}
