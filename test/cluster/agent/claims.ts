import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CoreV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { hasStatus, unlessMissing } from './lookup.ts';

/**
 * Volume claims, with the agent as their provisioner: a claim is a folder under its own name, made for the first pod
 * that wants it and kept until the agent stops, so that a test can look into it after the pod and the claim are gone.
 */
export class Claims {
  readonly #api: CoreV1Api;
  readonly #folder: string;

  constructor(api: CoreV1Api, folder: string) {
    this.#api = api;
    this.#folder = folder;
  }

  async folderOf(namespace: string, claim: string): Promise<string> {
    const folder = join(this.#folder, namespace, claim);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Binds a pod's claims; returns a sentence in the scheduler's words where one does not exist. */
  async bindFor(pod: V1Pod): Promise<string | undefined> {
    const namespace = pod.metadata?.namespace ?? '';
    for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
      if (!persistentVolumeClaim) continue;
      const name = persistentVolumeClaim.claimName;
      const found = await unlessMissing(this.#api.readNamespacedPersistentVolumeClaim({ name, namespace }));
      if (!found) return `persistentvolumeclaim "${name}" not found. not found`;
      if (found.metadata?.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
      if (found.status?.phase !== 'Bound') await this.#bind(namespace, name);
    }
    return undefined;
  }

  async #bind(namespace: string, name: string): Promise<void> {
    const claim = await this.#api.readNamespacedPersistentVolumeClaim({ name, namespace });
    const volume = `pvc-${claim.metadata?.uid}`;
    const accessModes = claim.spec?.accessModes ?? ['ReadWriteOnce'];
    const capacity = claim.spec?.resources?.requests ?? { storage: '1Gi' };
    const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    try {
      await this.#api.createPersistentVolume({
        body: {
          metadata: { name: volume },
          spec: {
            accessModes,
            capacity,
            storageClassName: claim.spec?.storageClassName,
            persistentVolumeReclaimPolicy: 'Retain',
            claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid: claim.metadata?.uid },
            hostPath: { path: await this.folderOf(namespace, name) },
          },
        },
      });
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
    await this.#api.patchPersistentVolumeStatus({ name: volume, body: { status: { phase: 'Bound' } } }, merge);
    await this.#api.patchNamespacedPersistentVolumeClaim(
      { name, namespace, body: { spec: { volumeName: volume } } },
      merge,
    );
    const status = { phase: 'Bound', accessModes, capacity };
    await this.#api.patchNamespacedPersistentVolumeClaimStatus({ name, namespace, body: { status } }, merge);
  }
}
