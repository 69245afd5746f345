import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { Run } from './container.ts';
import { ContainerRunner, type RunnerContext } from './container-runner.ts';
import { hasStatus, lookupFor } from './lookup.ts';
import { type ContainerRecord, isSidecar, type PodRecord, podStatus } from './pod-status.ts';
import { StatusWriter } from './status-writer.ts';
import { prepareVolumes, type VolumeSource } from './volumes.ts';

const RETRY_MS = 250;
// The kubelet waits 10 s, doubling to 5 min; tests have no such patience.
const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

export interface WorkerContext extends RunnerContext {
  /** Where pods have their folders. */
  folder: string;
  claimFolder(namespace: string, claim: string): Promise<string>;
}

/** Runs one pod from its binding to its end, as a kubelet's pod worker does. */
export class PodWorker {
  readonly #context: WorkerContext;
  readonly #folder: string;
  readonly #record: PodRecord;
  readonly #writer: StatusWriter;
  readonly #runner: ContainerRunner;
  readonly #stopping = new AbortController();
  readonly #finished: Promise<void>;
  #pod: V1Pod;
  #mainsDone = false;
  #deleting: Promise<void> | undefined;
  #volumes: ReadonlyMap<string, VolumeSource> = new Map();

  constructor(pod: V1Pod, context: WorkerContext) {
    this.#pod = pod;
    this.#context = context;
    this.#folder = join(context.folder, pod.metadata?.uid ?? randomUUID());
    const { initContainers = [], containers = [] } = pod.spec ?? {};
    const record = (spec: ContainerRecord['spec']): ContainerRecord => ({
      spec,
      state: { waiting: { reason: initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating' } },
      restartCount: 0,
      ready: false,
    });
    this.#record = { startTime: new Date(), init: initContainers.map(record), main: containers.map(record) };
    const status = () => podStatus(this.#pod, this.#record, new Date());
    this.#writer = new StatusWriter(context.api, pod, status, context.connected);
    this.#runner = new ContainerRunner(
      context,
      join(this.#folder, 'containers'),
      () => this.#pod,
      () => this.#writer.changed(),
      this.#stopping.signal,
    );
    this.#finished = this.#run();
  }

  get pod(): V1Pod {
    return this.#pod;
  }

  get runs(): readonly Run[] {
    return this.#runner.runs;
  }

  running(container?: string): Run | undefined {
    return this.#runner.running(container);
  }

  waitingReason(container: string): string | undefined {
    const records = [...this.#record.init, ...this.#record.main];
    return records.find(({ spec }) => spec.name === container)?.state.waiting?.reason;
  }

  /** The newest version of the pod from the API server; a deletion begins the end. */
  update(pod: V1Pod): void {
    this.#pod = pod;
    if (pod.metadata?.deletionTimestamp) this.#deleting ??= this.#delete();
  }

  /** The pod's object is gone: nothing may be left of it here. */
  async vanish(): Promise<void> {
    this.#writer.close();
    await this.#terminate(1_000);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Ends the pod as a node under pressure does. */
  async evict(message: string): Promise<void> {
    this.#record.evicted = { message };
    await this.#terminate(0);
    this.#writer.changed();
    await this.#writer.flushed();
  }

  /** Kills every process at once and forgets the pod; for the agent's own stop. */
  async abandon(): Promise<void> {
    this.#writer.close();
    await this.#terminate(0);
  }

  async #run(): Promise<void> {
    this.#writer.changed();
    const sidecars: Promise<void>[] = [];
    try {
      await mkdir(this.#folder, { recursive: true });
      this.#volumes = await this.#runner.untilPossible([], () => this.#prepareVolumes());
      for (const init of this.#record.init) {
        if (!isSidecar(init)) {
          if (!(await this.#untilSucceeded(init))) return;
          continue;
        }
        sidecars.push(this.#supervise(init));
        while (!init.state.running) await sleep(20, undefined, { signal: this.#stopping.signal });
      }
      await Promise.all(this.#record.main.map((container) => this.#supervise(container)));
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
      this.#mainsDone = true;
      // Only sidecars still run; they end after the others. (A stop from outside ends all of them.)
      if (!this.#stopping.signal.aborted) await this.#runner.terminate(this.#graceMs());
      await Promise.allSettled(sidecars);
      this.#writer.changed();
    }
  }

  #prepareVolumes(): Promise<Map<string, VolumeSource>> {
    const { api, claimFolder } = this.#context;
    return prepareVolumes({
      pod: this.#pod,
      lookup: lookupFor(api, this.#pod),
      folder: this.#folder,
      claimFolder: (claim) => claimFolder(this.#pod.metadata?.namespace ?? '', claim),
      imageOf: (reference) => this.#runner.image(reference),
    });
  }

  async #untilSucceeded(init: ContainerRecord): Promise<boolean> {
    for (;;) {
      if ((await this.#runner.runOnce(init, this.#volumes)) === 0) return true;
      if (this.#pod.spec?.restartPolicy === 'Never') return false;
      await this.#backOff(init);
    }
  }

  async #supervise(container: ContainerRecord): Promise<void> {
    for (;;) {
      const exitCode = await this.#runner.runOnce(container, this.#volumes);
      if (!this.#restarts(container, exitCode)) return;
      await this.#backOff(container);
      if (isSidecar(container) && this.#mainsDone) return;
    }
  }

  #restarts(container: ContainerRecord, exitCode: number): boolean {
    if (this.#stopping.signal.aborted) return false;
    if (isSidecar(container)) return !this.#mainsDone;
    const policy = this.#pod.spec?.restartPolicy ?? 'Always';
    return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
  }

  async #backOff(container: ContainerRecord): Promise<void> {
    const delay = Math.min(BACKOFF_MS * 2 ** container.restartCount, MAX_BACKOFF_MS);
    container.lastState = container.state;
    container.restartCount += 1;
    const message = `back-off ${delay}ms restarting failed container=${container.spec.name}`;
    container.state = { waiting: { reason: 'CrashLoopBackOff', message } };
    this.#writer.changed();
    await sleep(delay, undefined, { signal: this.#stopping.signal });
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    return (metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  async #terminate(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#runner.terminate(graceMs);
    await this.#finished.catch(() => {});
  }

  // The kubelet removes a pod's object only after its containers have ended and their end is in the status.
  async #delete(): Promise<void> {
    await this.#terminate(this.#graceMs());
    for (const container of [...this.#record.init, ...this.#record.main]) {
      if (container.state.terminated) continue;
      const message = 'The container could not be located when the pod was terminated';
      container.state = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } };
    }
    this.#writer.changed();
    await this.#writer.flushed();
    const { name = '', namespace = '', uid } = this.#pod.metadata ?? {};
    for (;;) {
      try {
        if (this.#context.connected()) {
          const body = { gracePeriodSeconds: 0, preconditions: { uid } };
          await this.#context.api.deleteNamespacedPod({ name, namespace, body });
          return;
        }
      } catch (error) {
        if (hasStatus(error, 404, 409)) return;
      }
      await sleep(RETRY_MS);
    }
  }
}
