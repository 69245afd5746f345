import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import { type Run, signalRun, startContainer } from './container.ts';
import { planContainer } from './container-plan.ts';
import { warn } from './events.ts';
import type { AgentImage } from './image.ts';
import { lookupFor, NotYet } from './lookup.ts';
import type { Placement } from './placement.ts';
import type { ContainerRecord } from './pod-status.ts';
import { isReadyNow } from './probe.ts';
import { terminationMessage } from './termination.ts';
import type { VolumeSource } from './volumes.ts';

const RETRY_MS = 250;

export interface RunnerContext {
  api: CoreV1Api;
  place: Placement;
  imageOf(reference: string): AgentImage | undefined;
  /** False while the node is lost. */
  connected(): boolean;
  runtimeEnv: Record<string, string>;
}

/** Runs the processes of one pod's containers and keeps their records true. */
export class ContainerRunner {
  readonly runs: Run[] = [];
  readonly #context: RunnerContext;
  readonly #folder: string;
  readonly #pod: () => V1Pod;
  readonly #changed: () => void;
  readonly #stopping: AbortSignal;
  readonly #current = new Map<ContainerRecord, Run>();

  constructor(context: RunnerContext, folder: string, pod: () => V1Pod, changed: () => void, stopping: AbortSignal) {
    this.#context = context;
    this.#folder = folder;
    this.#pod = pod;
    this.#changed = changed;
    this.#stopping = stopping;
  }

  /** The process of a container that runs now, or undefined. */
  running(container?: string): Run | undefined {
    return [...this.#current].find(([{ spec }]) => container === undefined || spec.name === container)?.[1];
  }

  /** Runs a container's process once, from the image's pull to its end; returns the exit code. */
  async runOnce(container: ContainerRecord, volumes: ReadonlyMap<string, VolumeSource>): Promise<number> {
    const { api, place, runtimeEnv } = this.#context;
    const pod = this.#pod();
    const { plan, terminationFile } = await this.untilPossible([container], () =>
      planContainer({
        pod,
        container: container.spec,
        image: this.image(container.spec.image ?? ''),
        volumes,
        lookup: lookupFor(api, pod),
        folder: join(this.#folder, `${container.spec.name}-${container.restartCount}`),
        runtimeEnv,
      }),
    );
    const run = startContainer(container.spec.name, plan, place);
    this.runs.push(run);
    this.#current.set(container, run);
    container.containerID = `test-agent://${randomUUID()}`;
    container.state = { running: { startedAt: run.startedAt } };
    container.ready = container.spec.readinessProbe === undefined;
    this.#changed();
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
    this.#changed();
    return exitCode;
  }

  /** An image by its reference; throws NotYet as long as the agent does not know it. */
  image(reference: string): AgentImage {
    const image = this.#context.imageOf(reference);
    if (image) return image;
    throw new NotYet('ErrImagePull', `failed to pull image "${reference}": not found`);
  }

  /** Tries until nothing is missing, and shows in the containers' waiting state what is. */
  async untilPossible<T>(containers: ContainerRecord[], attempt: () => Promise<T>): Promise<T> {
    for (let attempts = 0; ; attempts++) {
      this.#stopping.throwIfAborted();
      try {
        if (!this.#context.connected()) throw new NotYet('ContainerCreating', 'the node is lost');
        const result = await attempt();
        this.#stopping.throwIfAborted();
        return result;
      } catch (error) {
        this.#stopping.throwIfAborted();
        await this.#showWaiting(containers, error, attempts);
      }
      await sleep(RETRY_MS, undefined, { signal: this.#stopping });
    }
  }

  /** Ends every process: SIGTERM, and SIGKILL after `graceMs` (0: at once). */
  async terminate(graceMs: number): Promise<void> {
    await Promise.all(
      [...this.#current.values()].map(async (run) => {
        if (graceMs > 0) signalRun(run, 'SIGTERM');
        const timer = setTimeout(() => signalRun(run, 'SIGKILL'), graceMs);
        await run.ended;
        clearTimeout(timer);
      }),
    );
  }

  async #showWaiting(containers: ContainerRecord[], error: unknown, attempts: number): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const reason = error instanceof NotYet ? error.reason : 'ContainerCreating';
    const waiting =
      reason === 'ErrImagePull' && attempts > 0
        ? { reason: 'ImagePullBackOff', message: `Back-off pulling image: ErrImagePull: ${message}` }
        : { reason, message };
    for (const container of containers) {
      const before = container.state.waiting;
      if (before?.reason === waiting.reason && before.message === waiting.message) continue;
      container.state = { waiting };
      this.#changed();
    }
    if (attempts > 0 || !this.#context.connected()) return;
    await warn(this.#context.api, this.#pod(), containers.length === 0 ? 'FailedMount' : 'Failed', message);
  }

  async #probe(container: ContainerRecord, run: Run): Promise<void> {
    while (!run.ending) {
      const ready = await isReadyNow(container.spec);
      if (run.ending) return;
      if (ready !== container.ready) {
        container.ready = ready;
        this.#changed();
      }
      await sleep(RETRY_MS);
    }
  }
}
