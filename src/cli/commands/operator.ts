import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { createApi } from '../../controller-runtime/api.ts';
import { kubeConfigReader } from '../../controller-runtime/kubeconfig.ts';
import { ALWAYS_LEADER, acquireLease, type Leadership } from '../../controller-runtime/lease.ts';
import { TOOL_VERSION } from '../../core/model/version.ts';
import { createController } from '../../operator/controller.ts';
import { createLogger, type LogFormat, type LogLevel } from '../../telemetry/logger.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { startProbeServer } from '../../telemetry/server.ts';
import { logAndCount } from './operator-telemetry.ts';

export interface OperatorOptions {
  /** Empty or absent: the whole cluster. */
  namespaces?: readonly string[];
  /** Image of the runner where a resource names none. */
  runnerImage: string;
  runnerPullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Of /healthz, /readyz and /metrics; 0 asks the system for one. */
  metricsPort: number;
  leaderElection: boolean;
  /** Of the lease that the replicas of one operator share: another operator beside them has another. */
  leaseName: string;
  /** Where the lease lies; default: the pod's own namespace, else `default`. */
  leaseNamespace?: string;
  kubeconfig?: string;
  logLevel: LogLevel;
  logFormat: LogFormat;
  maxConcurrentRuns: number;
  /** Absent: as many as over all namespaces. */
  maxConcurrentRunsPerNamespace?: number;
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal;
}

/** Work that takes longer than this is stuck, and a restart is the cure, in milliseconds. */
const STUCK_MS = 120_000;
/** How long what is under way may take to end when we are asked to stop. */
const STOP_MS = 1_500;
/**
 * A controller has little to hold and much that passes: V8 lets the space for what passes grow to three times 16 MiB,
 * and the rest to twice what is used, which is half of the process.
 */
const SMALL_HEAP = ['--semi-space-growth-factor=1', '--optimize-for-size', '--heap-growing-percent=20'];

/**
 * The operator process: watches, waits until it leads, acts until it is asked to stop or loses its lease. Returns the
 * exit code: 0 when it was asked to stop, 1 when it lost the lease and has to begin anew. Runs that are under way go
 * on without it, and the next one takes them up.
 */
export async function runOperator(options: OperatorOptions): Promise<number> {
  for (const flag of SMALL_HEAP) setFlagsFromString(flag);
  const logger = createLogger({ level: options.logLevel, format: options.logFormat });
  const readConfig = await kubeConfigReader(options.kubeconfig);
  const identity = `${hostname()}-${randomBytes(3).toString('hex')}`;
  let leadership: Leadership | undefined;
  const metrics = createMetrics({
    version: TOOL_VERSION,
    resources: function* () {
      if (leadership?.valid() !== true) return;
      yield* controller.caches.resources.values();
    },
    queueDepth: () => controller.queue.depth,
    leading: () => leadership?.valid() === true,
  });
  const api = createApi(readConfig(), metrics.requested, readConfig);
  const controller = createController({
    api,
    namespaces: options.namespaces ?? [],
    runner: { image: options.runnerImage, imagePullPolicy: options.runnerPullPolicy },
    slots: {
      most: options.maxConcurrentRuns,
      mostPerNamespace: options.maxConcurrentRunsPerNamespace ?? options.maxConcurrentRuns,
    },
    identity,
    now: () => new Date(),
    emit: logAndCount(logger, metrics),
  });
  const probes = await startProbeServer({
    port: options.metricsPort,
    unwell: () => (controller.queue.longestWorkMs > STUCK_MS ? 'a reconcile is stuck' : undefined),
    unready: () => (controller.caches.hasSynced() ? undefined : 'the lists have not come in yet'),
    metrics: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }),
  });
  const scope = options.namespaces?.length ? options.namespaces.join(',') : 'all namespaces';
  logger.info('operator starts', { version: TOOL_VERSION, scope, identity, port: probes.port });

  const ended = new AbortController();
  const watching = controller.watch(AbortSignal.any([options.signal, ended.signal]));
  try {
    leadership = options.leaderElection ? await lead() : ALWAYS_LEADER;
    await synced();
    logger.info('operator leads', { identity, resources: controller.caches.resources.size });
    controller.lead(leadership);
    await aborted(AbortSignal.any([options.signal, leadership.lost]));
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    await Promise.race([controller.stop(), sleep(STOP_MS, undefined, { ref: false })]);
    const lost = leadership?.lost.aborted === true;
    await leadership?.release();
    ended.abort();
    await watching;
    await probes.close();
    logger.info(lost ? 'operator lost its lease and ends' : 'operator ends', { identity });
  }
  return options.signal.aborted ? 0 : 1;

  function lead(): Promise<Leadership> {
    const namespace = options.leaseNamespace ?? ownNamespace();
    const name = options.leaseName;
    logger.info('operator waits for its lease', { namespace, lease: name });
    const onError = (error: unknown) => logger.warn('the lease could not be renewed', { error: messageOf(error) });
    return acquireLease(api, { namespace, name, identity, onError }, options.signal);
  }

  async function synced(): Promise<void> {
    while (!controller.caches.hasSynced()) await sleep(20, undefined, { signal: options.signal });
  }
}

function ownNamespace(): string {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    return 'default'; // not in a pod
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
