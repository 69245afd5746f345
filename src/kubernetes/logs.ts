import { setTimeout as sleep } from 'node:timers/promises';
import type { StepReport } from '../core/model/report.ts';
import type { RunLog } from '../core/reconcile/observed.ts';
import type { Api } from './api.ts';
import { isStatus } from './api-error.ts';
import { linesOf } from './lines.ts';
import { RUNNER_CONTAINER } from './names.ts';
import { RunLogReader } from './run-log.ts';

export interface FollowedPod {
  namespace: string;
  name: string;
  runId: string;
}

const RETRY_MS = { first: 250, most: 5_000 } as const;
/** How long the end of a terminated pod's log is waited for, before its termination message has to do. */
const END_MS = 5_000;

interface Follower {
  reader: RunLogReader;
  stop: AbortController;
  /** Set when the pod is known to have ended: after the next end of the stream nothing more comes. */
  ended: boolean;
  done: Promise<void>;
}

/** Told that there is more to know of a run; with each step once, when it has ended. */
export type OnRunChange = (runId: string, step?: StepReport) => void;

/** Follows the logs of the runs that are under way. */
export class LogFollowers {
  readonly #api: Api;
  readonly #onChange: OnRunChange;
  readonly #followers = new Map<string, Follower>();

  constructor(api: Api, onChange: OnRunChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /** What is known; undefined where the run is not followed. */
  of(runId: string): RunLog | undefined {
    return this.#followers.get(runId)?.reader.snapshot();
  }

  /** Begins to follow a pod whose container has started; nothing happens when it is followed already. */
  follow(pod: FollowedPod): void {
    if (this.#followers.has(pod.runId)) return;
    const reader = new RunLogReader(pod.runId);
    const stop = new AbortController();
    const follower: Follower = { reader, stop, ended: false, done: Promise.resolve() };
    this.#followers.set(pod.runId, follower);
    follower.done = this.#run(pod, follower);
  }

  /** The pod has ended: resolves when its whole log is read, or when that takes too long. */
  async end(runId: string): Promise<void> {
    const follower = this.#followers.get(runId);
    if (follower === undefined) return;
    follower.ended = true;
    if (follower.reader.complete) return;
    const timeout = new AbortController();
    await Promise.race([follower.done, sleep(END_MS, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
    follower.reader.complete = true;
  }

  /** Forgets a run. */
  drop(runId: string): void {
    this.#followers.get(runId)?.stop.abort();
    this.#followers.delete(runId);
  }

  get size(): number {
    return this.#followers.size;
  }

  runs(): string[] {
    return [...this.#followers.keys()];
  }

  stop(): void {
    for (const runId of this.runs()) this.drop(runId);
  }

  async #run(pod: FollowedPod, follower: Follower): Promise<void> {
    const { reader, stop } = follower;
    let failures = 0;
    while (!stop.signal.aborted && !reader.complete) {
      const wasEnded = follower.ended;
      const outcome = await this.#readOnce(pod, reader, stop.signal);
      if (outcome === 'gone' || (outcome === 'end' && (wasEnded || reader.snapshot().report !== undefined))) {
        reader.complete = true;
        break;
      }
      failures = outcome === 'end' ? 1 : failures + 1;
      // The stream can end while the pod goes on (a restarted API server, a rotated log): it is read again.
      const wait = Math.min(RETRY_MS.first * 2 ** Math.min(failures - 1, 10), RETRY_MS.most);
      await sleep(wait, undefined, { signal: stop.signal }).catch(() => {});
    }
    if (!stop.signal.aborted) this.#onChange(pod.runId);
  }

  async #readOnce(pod: FollowedPod, reader: RunLogReader, signal: AbortSignal): Promise<'end' | 'failed' | 'gone'> {
    try {
      const response = await this.#api.stream({
        verb: 'get',
        path: `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log`,
        query: { container: RUNNER_CONTAINER, follow: true },
        accept: '*/*',
        signal,
      });
      reader.restart();
      for await (const line of linesOf(response)) {
        const news = reader.read(line);
        if (news !== undefined) this.#onChange(pod.runId, news.step);
      }
      return 'end';
    } catch (error) {
      return isStatus(error, 404) ? 'gone' : 'failed';
    }
  }
}
