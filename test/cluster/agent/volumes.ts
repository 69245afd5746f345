import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { V1KeyToPath, V1Pod, V1Volume, V1VolumeProjection } from '@kubernetes/client-node';
import { fieldOf } from './downward.ts';
import type { AgentImage } from './image.ts';
import { type Files, type Lookup, NotYet } from './lookup.ts';

/** The folder of a volume's content on this machine. */
export type VolumeSource =
  | { kind: 'folder'; path: string; readOnly: boolean }
  /** An image volume: each of the image's files at its own path inside the volume. */
  | { kind: 'image'; files: Record<string, string> };

export interface VolumeContext {
  pod: V1Pod;
  lookup: Lookup;
  /** The pod's own folder. */
  folder: string;
  claimFolder(claim: string): Promise<string>;
  imageOf(reference: string): AgentImage;
}

interface File {
  path: string;
  data: Buffer;
  mode: number;
}

/** Writes a pod's volumes to folders. Throws NotYet as long as something that a volume needs is missing. */
export async function prepareVolumes(context: VolumeContext): Promise<Map<string, VolumeSource>> {
  const sources = new Map<string, VolumeSource>();
  for (const volume of context.pod.spec?.volumes ?? []) sources.set(volume.name, await prepare(context, volume));
  return sources;
}

async function prepare(context: VolumeContext, volume: V1Volume): Promise<VolumeSource> {
  const { pod, folder, claimFolder, imageOf } = context;
  if (volume.hostPath) {
    if (volume.hostPath.type === 'DirectoryOrCreate') await mkdir(volume.hostPath.path, { recursive: true });
    return { kind: 'folder', path: volume.hostPath.path, readOnly: false };
  }
  if (volume.image) return { kind: 'image', files: imageOf(volume.image.reference ?? '').files ?? {} };
  if (volume.persistentVolumeClaim) {
    const path = await claimFolder(volume.persistentVolumeClaim.claimName);
    await share(pod, path);
    return { kind: 'folder', path, readOnly: volume.persistentVolumeClaim.readOnly === true };
  }
  if (volume.ephemeral) {
    const path = await claimFolder(`${pod.metadata?.name}-${volume.name}`);
    await share(pod, path);
    return { kind: 'folder', path, readOnly: false };
  }
  const path = join(folder, 'volumes', volume.name);
  await mkdir(path, { recursive: true });
  if (volume.emptyDir) {
    await chmod(path, 0o777);
    await share(pod, path);
    return { kind: 'folder', path, readOnly: false };
  }
  for (const file of await filesOfVolume(context, volume)) {
    const target = join(path, file.path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.data, { mode: 0o600 });
    const { fsGroup } = pod.spec?.securityContext ?? {};
    if (fsGroup !== undefined && isRoot()) await chown(target, -1, fsGroup);
    await chmod(target, fsGroup === undefined ? file.mode : file.mode | 0o440);
  }
  return { kind: 'folder', path, readOnly: true };
}

async function filesOfVolume(context: VolumeContext, volume: V1Volume): Promise<File[]> {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret) {
    const { secretName: name, ...rest } = secret;
    return projection(context, { secret: { ...rest, name } }, secret.defaultMode);
  }
  if (configMap) return projection(context, { configMap }, configMap.defaultMode);
  if (downwardAPI) return projection(context, { downwardAPI }, downwardAPI.defaultMode);
  const files: File[] = [];
  for (const source of projected?.sources ?? []) {
    files.push(...(await projection(context, source, projected?.defaultMode)));
  }
  if (!projected)
    throw new NotYet('ContainerCreating', `the test agent does not know the kind of volume ${volume.name}`);
  return files;
}

async function projection({ pod, lookup }: VolumeContext, source: V1VolumeProjection, mode = 0o644): Promise<File[]> {
  const { secret, configMap, downwardAPI, serviceAccountToken } = source;
  if (serviceAccountToken) {
    const { audience, expirationSeconds = 3600, path } = serviceAccountToken;
    const token = await lookup.serviceAccountToken(audience, expirationSeconds);
    return [{ path, data: Buffer.from(token), mode: 0o600 | (pod.spec?.securityContext?.fsGroup ? 0o040 : 0o044) }];
  }
  if (downwardAPI) {
    return (downwardAPI.items ?? []).map((item) => ({
      path: item.path,
      data: Buffer.from(fieldOf(pod, item.fieldRef?.fieldPath ?? '')),
      mode: item.mode ?? mode,
    }));
  }
  const ref = secret ?? configMap;
  if (!ref?.name) throw new NotYet('ContainerCreating', 'the test agent does not know this kind of projected volume');
  const kind = secret ? 'secret' : 'configmap';
  const object = await (secret ? lookup.secret(ref.name) : lookup.configMap(ref.name));
  if (!object) {
    if (ref.optional) return [];
    throw new NotYet('ContainerCreating', `MountVolume.SetUp failed: ${kind} "${ref.name}" not found`);
  }
  return selected(object, ref.items, mode, ref.optional === true, `${kind} "${ref.name}"`);
}

function selected(
  files: Files,
  items: V1KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
  owner: string,
): File[] {
  if (!items) return [...files].map(([path, data]) => ({ path, data, mode }));
  return items.flatMap((item) => {
    const data = files.get(item.key);
    if (data) return [{ path: item.path, data, mode: item.mode ?? mode }];
    if (optional) return [];
    throw new NotYet('ContainerCreating', `MountVolume.SetUp failed: ${owner} has no key ${item.key}`);
  });
}

// The kubelet gives a volume to the pod's fsGroup; new files inherit the group from the folder's set-group-id bit.
async function share(pod: V1Pod, path: string): Promise<void> {
  const { fsGroup } = pod.spec?.securityContext ?? {};
  if (fsGroup === undefined || !isRoot()) return;
  await chown(path, -1, fsGroup);
  await chmod(path, 0o2777);
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
