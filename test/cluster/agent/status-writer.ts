import { setTimeout as sleep } from 'node:timers/promises';
import { type CoreV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { hasStatus } from './lookup.ts';
import type { WrittenStatus } from './pod-status.ts';

const RETRY_MS = 200;

/**
 * Writes one pod's status, the newest only, one request at a time, and again until the API server takes it: it may be
 * down, since tests stop it.
 */
export class StatusWriter {
  readonly #api: CoreV1Api;
  readonly #pod: V1Pod;
  readonly #current: () => WrittenStatus;
  /** False while the node is lost: it cannot report its state. */
  readonly #connected: () => boolean;
  #dirty = false;
  #closed = false;
  #writing: Promise<void> | undefined;

  constructor(api: CoreV1Api, pod: V1Pod, current: () => WrittenStatus, connected: () => boolean) {
    this.#api = api;
    this.#pod = pod;
    this.#current = current;
    this.#connected = connected;
  }

  /** The status has changed. */
  changed(): void {
    if (this.#closed) return;
    this.#dirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when the API server has the newest status, or the pod is gone. */
  async flushed(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  close(): void {
    this.#closed = true;
  }

  async #write(): Promise<void> {
    while (this.#dirty && !this.#closed) {
      if (!this.#connected()) {
        await sleep(RETRY_MS);
        continue;
      }
      this.#dirty = false;
      const { name = '', namespace = '', uid } = this.#pod.metadata ?? {};
      try {
        await this.#api.patchNamespacedPodStatus(
          { name, namespace, body: { metadata: { uid }, status: this.#current() } },
          setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
        );
      } catch (error) {
        // Not found, or another pod with this name: this pod is gone, and its status has no reader.
        if (hasStatus(error, 404, 409)) return;
        if (hasStatus(error, 400, 422)) throw error;
        this.#dirty = true;
        await sleep(RETRY_MS);
      }
    }
  }
}
