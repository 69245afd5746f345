import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Lease } from '@kubernetes/client-node';
import type { Api } from '../controller-runtime/api.ts';
import { isStatus, isTerminating } from '../controller-runtime/api-error.ts';

interface LeaseOptions {
  namespace: string;
  name: string;
  /** Identity of this process, unique among the replicas. */
  identity: string;
  /** A lease that was not renewed for this time is free. Milliseconds; default 15 s. */
  durationMs?: number;
  /**
   * The leader stops if it could not renew for this time. Less than `durationMs`, so that it stops before another
   * starts.
   */
  renewDeadlineMs?: number;
  /** How often the lease is renewed; default 2 s. */
  retryMs?: number;
  /** How often a lease of another process is checked: the longest time that a handover takes. Default 1 s. */
  lookMs?: number;
  onError?(error: unknown): void;
}

export interface Leadership {
  /** Aborted if leadership is lost. It cannot be regained: the process has to restart. */
  lost: AbortSignal;
  /**
   * Whether this process may still write. It checks the clock, not timers: a process that was suspended for longer than
   * its lease detects it here, before any timer has run.
   */
  valid(): boolean;
  /** Releases the lease, so that the next leader does not have to wait until it expires. */
  release(): Promise<void>;
}

/** Thrown by a fenced write if this process is no longer the leader. */
export class NotLeader extends Error {
  constructor() {
    super('this process lost its lease and no longer writes');
    this.name = 'NotLeader';
  }
}

/** What makes a controller look again and is not a fault: a conflict, the end of a namespace, the loss of the lease. */
export function isExpected(error: unknown): boolean {
  return isStatus(error, 409) || isTerminating(error) || error instanceof NotLeader;
}

/** Leadership of a controller that runs without a lease: it is always valid. */
export const ALWAYS_LEADER: Leadership = {
  lost: new AbortController().signal,
  valid: () => true,
  release: async () => {},
};

/** Waits until this process holds the lease, then renews it. Rejects only if the signal aborts. */
export async function acquireLease(api: Api, options: LeaseOptions, signal: AbortSignal): Promise<Leadership> {
  const { durationMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2_000, lookMs = 1_000 } = options;
  const attempt = createAttempt(api, { ...options, durationMs });
  for (;;) {
    signal.throwIfAborted();
    const asked = performance.now();
    if (await attempt.take(signal)) return keep(asked);
    await sleep(lookMs * (0.9 + Math.random() / 5), undefined, { signal });
  }

  function keep(since: number): Leadership {
    const lost = new AbortController();
    // The time of the request counts, not of the response: the lease is valid from the earlier time.
    let renewedAt = since;
    const valid = () => !lost.signal.aborted && performance.now() - renewedAt < renewDeadlineMs;
    const stop = new AbortController();
    const renewing = (async () => {
      while (!stop.signal.aborted && valid()) {
        await sleep(retryMs, undefined, { signal: stop.signal }).catch(() => {});
        if (stop.signal.aborted) return;
        const asked = performance.now();
        const kept = await attempt.take(stop.signal);
        if (kept && valid()) renewedAt = asked;
        else if (attempt.heldByAnother) break;
      }
      if (!stop.signal.aborted) lost.abort(new NotLeader());
    })();
    return {
      lost: lost.signal,
      valid,
      async release() {
        const mine = valid();
        stop.abort();
        await renewing;
        if (mine) await attempt.giveBack();
        lost.abort(new NotLeader());
      },
    };
  }
}

function createAttempt(api: Api, options: LeaseOptions & { durationMs: number }) {
  const { namespace, name, identity, durationMs, onError } = options;
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${collection}/${name}`;
  // The age of another lease is measured with the local clock since its last renewal was seen: clocks of nodes differ.
  let seen: { version: string; at: number } | undefined;
  const self = {
    heldByAnother: false,
    async take(signal: AbortSignal): Promise<boolean> {
      try {
        return await tryTake(signal);
      } catch (error) {
        if (!signal.aborted && !isStatus(error, 409)) onError?.(error);
        return false;
      }
    },
    async giveBack(): Promise<void> {
      try {
        const lease = await api.request<V1Lease>({ verb: 'get', path, timeoutMs: 1_000 });
        if (lease.spec?.holderIdentity !== identity) return;
        const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
        await api.request({ verb: 'update', path, body: { ...lease, spec }, timeoutMs: 1_000 });
      } catch (error) {
        onError?.(error);
      }
    },
  };

  async function tryTake(signal: AbortSignal): Promise<boolean> {
    const lease = await api
      .request<V1Lease>({ verb: 'get', path, timeoutMs: 5_000, signal })
      .catch((error: unknown) => {
        if (isStatus(error, 404)) return undefined;
        throw error;
      });
    const time = new Date().toISOString().replace('Z', '000Z'); // MicroTime
    const ours = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(durationMs / 1000), renewTime: time };
    if (lease === undefined) {
      const metadata = { name, namespace };
      const spec = { ...ours, acquireTime: time, leaseTransitions: 0 };
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
      await api.request({ verb: 'create', path: collection, body, timeoutMs: 5_000, signal });
      return true;
    }
    const { holderIdentity: holder, leaseTransitions = 0, leaseDurationSeconds = 0 } = lease.spec ?? {};
    if (holder !== identity && holder !== undefined && holder !== '') {
      const version = lease.metadata?.resourceVersion ?? '';
      if (seen?.version !== version) seen = { version, at: performance.now() };
      self.heldByAnother = performance.now() - seen.at < leaseDurationSeconds * 1000;
      if (self.heldByAnother) return false;
    }
    self.heldByAnother = false;
    const taken = holder === identity ? {} : { acquireTime: time, leaseTransitions: leaseTransitions + 1 };
    // The version that was read is sent back: if two processes take a free lease at the same time, one gets a conflict.
    const body = { ...lease, spec: { ...lease.spec, ...ours, ...taken } };
    await api.request({ verb: 'update', path, body, timeoutMs: 5_000, signal });
    return true;
  }
  return self;
}

/** An API that refuses to write if the lease is lost; checked immediately before each write. */
export function fenced(api: Api, leadership: Leadership): Api {
  const guard = () => {
    if (!leadership.valid()) throw new NotLeader();
  };
  return {
    stream: (request) => api.stream(request),
    request(request) {
      const reads = request.verb === 'get' || request.verb === 'list' || request.verb === 'watch';
      if (reads) return api.request(request);
      const signals = [leadership.lost, ...(request.signal === undefined ? [] : [request.signal])];
      return api.request({ ...request, guard, signal: AbortSignal.any(signals) });
    },
  };
}
