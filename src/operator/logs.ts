import type { Readable } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Api } from '../controller-runtime/api.ts';
import { isStatus } from '../controller-runtime/api-error.ts';
import { linesOf } from '../controller-runtime/lines.ts';
import { backoff } from '../core/model/backoff.ts';
import type { StepReport } from '../core/model/report.ts';
import { REPORT_BYTES } from '../core/model/report-limits.ts';
import type { RunLog } from '../core/reconcile/observed.ts';
import type { Cleaning } from '../core/reconcile/redact.ts';
import { RUNNER_CONTAINER } from './names.ts';
import { longestLine, RunLogReader } from './run-log.ts';

/** Run IDs are annotations of pods, so they are unique only within a namespace. */
export function runKey(namespace: string, runId: string): string {
  return `${namespace}/${runId}`;
}

interface FollowedPod {
  namespace: string;
  name: string;
  /** `namespace/name` of the resource. */
  resource: string;
  runId: string;
  cleaning?: Cleaning;
}

const RETRY_MS = { first: 250, most: 5_000 } as const;
/** How long to wait for the end of the log of a terminated pod before its termination message is used instead. */
const END_MS = 5_000;
/** The maximum that is read from the log of one pod while it runs, over all its readings, in bytes. */
const LOG_BYTES = 16_000_000;
/**
 * A normal run writes less than this, in bytes. More is read slowly, so that a long log takes no time from other
 * namespaces.
 */
export const FREE_BYTES = 2_000_000;
const BYTES_PER_SECOND = 256_000;
const PORTION_BYTES = 64_000;
/** Lines are read for at most this time before others run, in milliseconds. */
const TURN_MS = 5;
/** The cost of a line in addition to its length, in bytes: empty lines take time too. */
const LINE_BYTES = 100;
/**
 * The last line of a run is its report. A kubelet counts the pieces of 16 KiB in which it keeps a long line; other
 * sources of a log count whole lines, of which an earlier one may be of any length.
 */
const LAST = { tailLines: [12, 1], limitBytes: 2 * REPORT_BYTES, timeoutMs: 5_000 } as const;

interface Follower {
  pod: FollowedPod;
  reader: RunLogReader;
  stop: AbortController;
  /** Set if the pod has ended: the log is complete at the next end of the stream. */
  ended: boolean;
  /** Bytes read so far, and how many of them when it last waited. */
  bytes: number;
  paid: number;
  /** When the event loop last ran others; of `performance.now()`. */
  turn: number;
  done: Promise<void>;
  /** The reading of the end of the log. */
  end?: Promise<void>;
}

type Outcome = 'end' | 'failed' | 'gone' | 'tooLong';

class TooLong extends Error {}

/** Called if there is news about a run; with `step` once for each step, when the step has ended. */
type OnRunChange = (pod: FollowedPod, news: { step?: StepReport; hasReport: boolean }) => void;

/** Follows the logs of the runs in progress. */
export class LogFollowers {
  readonly #api: Api;
  readonly #onChange: OnRunChange;
  readonly #followers = new Map<string, Follower>();

  constructor(api: Api, onChange: OnRunChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /** What is known so far of the run with this `runKey`; undefined if it is not followed. */
  of(run: string): RunLog | undefined {
    return this.#followers.get(run)?.reader.snapshot();
  }

  /** Starts to follow a pod whose container has started; does nothing if the pod is already followed. */
  follow(pod: FollowedPod): void {
    const key = runKey(pod.namespace, pod.runId);
    if (this.#followers.has(key)) return;
    const reader = new RunLogReader(pod.runId, pod.cleaning);
    const stop = new AbortController();
    const follower: Follower = { pod, reader, stop, ended: false, bytes: 0, paid: 0, turn: 0, done: Promise.resolve() };
    this.#followers.set(key, follower);
    follower.done = this.#run(pod, follower);
  }

  /**
   * For a pod that has ended: whether as much of its log is read as will be. If not, the change is reported when it is,
   * after a timeout at the latest.
   */
  end(pod: FollowedPod): boolean {
    const key = runKey(pod.namespace, pod.runId);
    const follower = this.#followers.get(key);
    if (follower === undefined || follower.reader.complete) return true;
    follower.ended = true;
    follower.end ??= this.#readEnd(pod, follower).then(() => {
      if (this.#followers.get(key) === follower) this.#changed(follower);
    });
    return false;
  }

  async #readEnd(pod: FollowedPod, follower: Follower): Promise<void> {
    const { reader, stop } = follower;
    if (follower.bytes > FREE_BYTES) reader.unreadable ??= tooLong(follower);
    else {
      const timeout = new AbortController();
      await Promise.race([follower.done, sleep(END_MS, undefined, { signal: timeout.signal }).catch(() => {})]);
      timeout.abort();
      if (reader.complete && reader.unreadable === undefined) return;
    }
    stop.abort();
    reader.unreadable ??= `it was not read within ${END_MS / 1000} s`;
    // A log that could not be read completely is not read again.
    if (reader.snapshot().report === undefined) await this.#readLast(pod, reader);
    reader.complete = true;
  }

  /** Stops to follow the runs of a resource for which `isOver` is true. */
  dropOf(resource: string, isOver: (runId: string) => boolean): void {
    for (const [run, { pod }] of this.#followers) if (pod.resource === resource && isOver(pod.runId)) this.#drop(run);
  }

  get size(): number {
    return this.#followers.size;
  }

  stop(): void {
    for (const run of this.#followers.keys()) this.#drop(run);
  }

  #drop(run: string): void {
    this.#followers.get(run)?.stop.abort();
    this.#followers.delete(run);
  }

  #changed({ pod, reader }: Follower, step?: StepReport): void {
    this.#onChange(pod, { step, hasReport: reader.snapshot().report !== undefined });
  }

  async #run(pod: FollowedPod, follower: Follower): Promise<void> {
    const { reader, stop } = follower;
    let failures = 0;
    while (!stop.signal.aborted && !reader.complete) {
      const wasEnded = follower.ended;
      const outcome = await this.#readOnce(pod, follower);
      if (outcome === 'tooLong') {
        reader.unreadable = tooLong(follower);
        // The pod may still run; the report is read when it has ended.
        return;
      }
      if (outcome === 'gone' || (outcome === 'end' && (wasEnded || reader.snapshot().report !== undefined))) {
        reader.complete = true;
        break;
      }
      failures = outcome === 'end' ? 1 : failures + 1;
      // The stream can end while the pod still runs (API server restarted, log rotated): the log is read again.
      const wait = backoff(failures, RETRY_MS);
      await sleep(wait, undefined, { signal: stop.signal }).catch(() => {});
    }
    if (!stop.signal.aborted) this.#changed(follower);
  }

  async #readOnce(pod: FollowedPod, follower: Follower): Promise<Outcome> {
    const { reader, stop } = follower;
    try {
      const response = await this.#open(pod, { follow: true }, stop.signal);
      reader.restart();
      for await (const line of linesOf(counted(response, follower), longestLine)) {
        await spend(follower, LINE_BYTES);
        const news = reader.read(line);
        if (news !== undefined) this.#changed(follower, news.step);
      }
      return 'end';
    } catch (error) {
      if (error instanceof TooLong) return 'tooLong';
      return isStatus(error, 404) ? 'gone' : 'failed';
    }
  }

  async #readLast(pod: FollowedPod, reader: RunLogReader): Promise<void> {
    const { tailLines, limitBytes, timeoutMs } = LAST;
    for (const lines of tailLines) {
      try {
        const query = { tailLines: lines, limitBytes };
        const response = await this.#open(pod, query, AbortSignal.timeout(timeoutMs));
        for await (const line of linesOf(response, longestLine)) reader.read(line);
      } catch {
        // The termination message is used instead.
      }
      if (reader.snapshot().report !== undefined) return;
    }
  }

  #open(pod: FollowedPod, query: Record<string, string | number | boolean>, signal: AbortSignal): Promise<Readable> {
    return this.#api.stream({
      verb: 'get',
      path: `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log`,
      query: { container: RUNNER_CONTAINER, ...query },
      accept: '*/*',
      signal,
    });
  }
}

async function* counted(stream: Readable, follower: Follower): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    await spend(follower, (chunk as Buffer).length);
    yield chunk as Buffer;
  }
}

async function spend(follower: Follower, bytes: number): Promise<void> {
  follower.bytes += bytes;
  if (follower.bytes > mostOf(follower)) throw new TooLong();
  const owed = follower.bytes - Math.max(follower.paid, FREE_BYTES);
  if (owed >= PORTION_BYTES) {
    follower.paid = follower.bytes;
    await sleep((owed / BYTES_PER_SECOND) * 1000, undefined, { signal: follower.stop.signal });
  } else if (performance.now() - follower.turn > TURN_MS) await turn();
  else return;
  follower.turn = performance.now();
}

/** How much of a log is read. The rest of a long log of a pod that has ended is not: its last lines have the report. */
function mostOf({ ended }: Follower): number {
  return ended ? FREE_BYTES : LOG_BYTES;
}

function tooLong(follower: Follower): string {
  return `the log is longer than ${mostOf(follower) / 1_000_000} MB`;
}
