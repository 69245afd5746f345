import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { type Run, signalRun, startContainer } from './container.ts';
import { planContainer } from './container-plan.ts';
import { warn } from './events.ts';
import type { AgentImage } from './image.ts';
import { hasStatus, lookupFor, NotYet } from './lookup.ts';
import type { Placement } from './placement.ts';
import { type ContainerRecord, isSidecar, type PodRecord, podStatus } from './pod-status.ts';
import { isReadyNow } from './probe.ts';
import { StatusWriter } from './status-writer.ts';
import { terminationMessage } from './termination.ts';
import { prepareVolumes, type VolumeSource } from './volumes.ts';

const RETRY_MS = 250;
// The kubelet waits 10 s, doubling to 5 min; tests have no such patience.
const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;

export interface WorkerContext {
  api: CoreV1Api;
  /** Where pods have their folders. */
  folder: string;
  place: Placement;
  imageOf(reference: string): AgentImage | undefined;
  claimFolder(namespace: string, claim: string): Promise<string>;
  /** False while the node is lost. */
  connected(): boolean;
  runtimeEnv: Record<string, string>;
}

/** Runs one pod from its binding to its end, as a kubelet's pod worker does. */
export class PodWorker {
  readonly runs: Run[] = [];
  readonly #context: WorkerContext;
  readonly #folder: string;
  readonly #record: PodRecord;
  readonly #writer: StatusWriter;
  readonly #stopping = new AbortController();
  readonly #current = new Map<ContainerRecord, Run>();
  readonly #finished: Promise<void>;
  #pod: V1Pod;
  #mainsDone = false;
  #deleting: Promise<void> | undefined;
  #volumes: ReadonlyMap<string, VolumeSource> = new Map();

  constructor(pod: V1Pod, context: WorkerContext) {
    this.#pod = pod;
    this.#context = context;
    this.#folder = join(context.folder, pod.metadata?.uid ?? randomUUID());
    const hasInit = (pod.spec?.initContainers ?? []).length > 0;
    const record = (spec: ContainerRecord['spec']): ContainerRecord => ({
      spec,
      state: { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } },
      restartCount: 0,
      ready: false,
    });
    this.#record = {
      startTime: new Date(),
      init: (pod.spec?.initContainers ?? []).map(record),
      main: (pod.spec?.containers ?? []).map(record),
    };
    const status = () => podStatus(this.#pod, this.#record, new Date());
    this.#writer = new StatusWriter(context.api, pod, status, context.connected);
    this.#finished = this.#run();
  }

  get pod(): V1Pod {
    return this.#pod;
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

  /** The process of a container that runs now, or undefined. */
  running(container?: string): Run | undefined {
    return [...this.#current].find(([{ spec }]) => container === undefined || spec.name === container)?.[1];
  }

  waitingReason(container: string): string | undefined {
    const records = [...this.#record.init, ...this.#record.main];
    return records.find(({ spec }) => spec.name === container)?.state.waiting?.reason;
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
      this.#volumes = await this.#untilPossible([], () => this.#prepareVolumes());
      for (const init of this.#record.init) {
        if (!isSidecar(init)) {
          if (!(await this.#untilSucceeded(init))) return;
          continue;
        }
        sidecars.push(this.#supervise(init));
        while (!init.state.running) await sleep(20, undefined, { signal: this.#stopping.signal });
      }
      await Promise.all(this.#record.main.map((container) => this.#supervise(container)));
      this.#mainsDone = true;
      await this.#terminateRuns(this.#graceMs());
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
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
      imageOf: (reference) => this.#image(reference),
    });
  }

  async #untilSucceeded(init: ContainerRecord): Promise<boolean> {
    for (;;) {
      const exitCode = await this.#runOnce(init);
      if (exitCode === 0) return true;
      if (this.#pod.spec?.restartPolicy === 'Never') return false;
      await this.#backOff(init);
    }
  }

  async #supervise(container: ContainerRecord): Promise<void> {
    for (;;) {
      const exitCode = await this.#runOnce(container);
      if (!this.#restarts(container, exitCode)) return;
      await this.#backOff(container);
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

  /** Runs a container's process once, from the image's pull to its end; returns the exit code. */
  async #runOnce(container: ContainerRecord): Promise<number> {
    const { api, place, runtimeEnv } = this.#context;
    const folder = join(this.#folder, 'containers', `${container.spec.name}-${container.restartCount}`);
    const { plan, terminationFile } = await this.#untilPossible([container], () =>
      planContainer({
        pod: this.#pod,
        container: container.spec,
        image: this.#image(container.spec.image ?? ''),
        volumes: this.#volumes,
        lookup: lookupFor(api, this.#pod),
        folder,
        runtimeEnv,
      }),
    );
    const run = startContainer(container.spec.name, plan, place);
    this.runs.push(run);
    this.#current.set(container, run);
    container.containerID = `test-agent://${randomUUID()}`;
    container.state = { running: { startedAt: run.startedAt } };
    container.ready = container.spec.readinessProbe === undefined;
    this.#writer.changed();
    if (!container.ready) void this.#probe(container, run);

    const { exitCode, finishedAt } = await run.ended;
    this.#current.delete(container);
    container.ready = false;
    container.state = {
      terminated: {
        exitCode,
        reason: exitCode === 0 ? 'Completed' : run.outOfMemory ? 'OOMKilled' : 'Error',
        message: await terminationMessage(container.spec, terminationFile, run),
        startedAt: run.startedAt,
        finishedAt,
        containerID: container.containerID,
      },
    };
    this.#writer.changed();
    return exitCode;
  }

  async #probe(container: ContainerRecord, run: Run): Promise<void> {
    while (!run.ending) {
      const ready = await isReadyNow(container.spec);
      if (run.ending) return;
      if (ready !== container.ready) {
        container.ready = ready;
        this.#writer.changed();
      }
      await sleep(RETRY_MS);
    }
  }

  #image(reference: string): AgentImage {
    const image = this.#context.imageOf(reference);
    if (image) return image;
    throw new NotYet('ErrImagePull', `failed to pull image "${reference}": not found`);
  }

  /** Tries until nothing is missing, and shows in the containers' waiting state what is. */
  async #untilPossible<T>(containers: ContainerRecord[], attempt: () => Promise<T>): Promise<T> {
    for (let attempts = 0; ; attempts++) {
      this.#stopping.signal.throwIfAborted();
      try {
        if (!this.#context.connected()) throw new NotYet('ContainerCreating', 'the node is lost');
        const result = await attempt();
        this.#stopping.signal.throwIfAborted();
        return result;
      } catch (error) {
        this.#stopping.signal.throwIfAborted();
        const message = error instanceof Error ? error.message : String(error);
        const reason = error instanceof NotYet ? error.reason : 'ContainerCreating';
        await this.#showWaiting(containers, reason, message, attempts);
      }
      await sleep(RETRY_MS, undefined, { signal: this.#stopping.signal });
    }
  }

  async #showWaiting(containers: ContainerRecord[], reason: string, message: string, attempts: number) {
    const backingOff = reason === 'ErrImagePull' && attempts > 0;
    const waiting = backingOff
      ? { reason: 'ImagePullBackOff', message: `Back-off pulling image: ErrImagePull: ${message}` }
      : { reason, message };
    for (const container of containers) {
      if (container.state.waiting?.reason === waiting.reason && container.state.waiting.message === waiting.message)
        continue;
      container.state = { waiting };
      this.#writer.changed();
    }
    if (attempts > 0 || !this.#context.connected()) return;
    await warn(this.#context.api, this.#pod, containers.length === 0 ? 'FailedMount' : 'Failed', message);
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    return (metadata?.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  async #terminate(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#terminateRuns(graceMs);
    await this.#finished.catch(() => {});
  }

  async #terminateRuns(graceMs: number): Promise<void> {
    await Promise.all(
      [...this.#current.values()].map(async (run) => {
        if (graceMs > 0) signalRun(run, 'SIGTERM');
        const timer = setTimeout(() => signalRun(run, 'SIGKILL'), graceMs);
        await run.ended;
        clearTimeout(timer);
      }),
    );
  }

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
