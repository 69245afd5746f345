import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApi } from '../../controller-runtime/api.ts';
import { kubeConfigReader } from '../../controller-runtime/kubeconfig.ts';
import { ALWAYS_LEADER, acquireLease, type Leadership } from '../../controller-runtime/lease.ts';
import { tokenAuthorizer } from '../../controller-runtime/token-review.ts';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { TOOL_VERSION } from '../../core/model/version.ts';
import { createController } from '../../operator/controller.ts';
import { createDriftController, type DriftController } from '../../operator/drift/controller.ts';
import { createKindController } from '../../operator/kinds/controller.ts';
import { createNotifyController, type NotifyController } from '../../operator/notify/controller.ts';
import { createLogger, type LogFormat, type LogLevel } from '../../telemetry/logger.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { startProbeServer, type TlsFiles } from '../../telemetry/server.ts';
import type { OperatorDashboardOptions, startOperatorDashboard } from './operator-dashboard.ts';
import { logAndCount, trackedSchedules } from './operator-telemetry.ts';

export interface OperatorOptions extends OperatorDashboardOptions {
  /** Empty or absent: the whole cluster. */
  namespaces?: readonly string[];
  /** Runner image of resources that do not set one. */
  runnerImage: string;
  runnerPullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Port of /healthz, /readyz and /metrics; 0 selects a free port. */
  metricsPort: number;
  leaderElection: boolean;
  /** Name of the lease that the replicas of one operator share. A second operator needs a different name. */
  leaseName: string;
  /** Namespace of the lease; default: the namespace of the pod, else `default`. */
  leaseNamespace?: string;
  kubeconfig?: string;
  logLevel: LogLevel;
  logFormat: LogFormat;
  maxConcurrentRuns: number;
  /** Absent: no limit per namespace. */
  maxConcurrentRunsPerNamespace?: number;
  /** Patterns; absent: everything is allowed. */
  allowedImages?: string[];
  allowedServiceAccounts?: string[];
  allowedSources?: string[];
  allowedPriorityClasses?: string[];
  /** Hosts to which notifications are sent; empty or absent: none are sent. */
  notifyHosts?: string[];
  /** /metrics requires a bearer token whose user may get it. */
  metricsAuth?: boolean;
  metricsCertFile?: string;
  metricsKeyFile?: string;
  /** Aborted when the process receives a request to stop. */
  signal: AbortSignal;
}

/** A reconcile that takes longer than this is stuck, and the process has to be restarted. Milliseconds. */
const STUCK_MS = 120_000;
/** How long reconciles in progress may take to finish at shutdown. */
const STOP_MS = 1_500;

/**
 * The operator process: watches, waits for leader election, and reconciles until it is stopped or loses its lease.
 * Returns the exit code: 0 if it was stopped, 1 if it lost the lease and has to restart. Runs in progress continue
 * without it, and the next leader follows them.
 */
export async function runOperator(options: OperatorOptions): Promise<number> {
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
    schedules: function* () {
      if (leadership?.valid() === true) yield* trackedSchedules(kinds.resources('DatabaseBackupSchedule'));
    },
    queueDepth: () => controller.queue.depth,
    leading: () => leadership?.valid() === true,
  });
  const api = createApi(readConfig(), metrics.requested, readConfig);
  const allowed = {
    images: options.allowedImages && [...options.allowedImages, options.runnerImage],
    serviceAccounts: options.allowedServiceAccounts,
    sources: options.allowedSources,
    priorityClasses: options.allowedPriorityClasses,
  };
  let drift: DriftController | undefined;
  let notify: NotifyController | undefined;
  const controller = createController({
    api,
    namespaces: options.namespaces ?? [],
    runner: { image: options.runnerImage, imagePullPolicy: options.runnerPullPolicy },
    tasks: { active: () => kinds.tasks.active(), queued: () => kinds.tasks.queued() },
    slots: {
      most: options.maxConcurrentRuns,
      mostPerNamespace: options.maxConcurrentRunsPerNamespace ?? options.maxConcurrentRuns,
    },
    allowed,
    identity,
    now: () => new Date(),
    emit: logAndCount(logger, metrics),
    onTouched(key) {
      drift?.touch(key);
      notify?.touch(key);
    },
  });
  drift = createDriftController({
    api,
    namespaces: options.namespaces ?? [],
    resources: controller.caches.resources,
    runner: { image: options.runnerImage, imagePullPolicy: options.runnerPullPolicy },
    identity,
    most: Math.max(1, Math.ceil(options.maxConcurrentRuns / 4)),
    now: () => new Date(),
    onError: (key, error) => logger.warn('a drift check could not be reconciled', { key, error: messageOf(error) }),
  });
  notify = createNotifyController({
    api,
    resources: controller.caches.resources,
    hosts: options.notifyHosts ?? [],
    identity,
    now: () => new Date(),
    onError: (key, error) => logger.warn('a notification could not be handled', { key, error: messageOf(error) }),
  });
  const kinds = createKindController({
    api,
    namespaces: options.namespaces ?? [],
    runner: { image: options.runnerImage, imagePullPolicy: options.runnerPullPolicy },
    identity,
    now: () => new Date(),
    slots: controller.slots,
    allowed,
    onEnd: ({ key, ...end }) => {
      metrics.taskEnded(end);
      logger.log(end.result === 'failed' ? 'warn' : 'info', 'a backup or restore ended', { resource: key, ...end });
    },
    onError: (key, error) =>
      logger.warn('a backup or restore could not be reconciled', { key, error: messageOf(error) }),
  });
  const probes = await startProbeServer({
    port: options.metricsPort,
    unwell: () => (controller.queue.longestWorkMs > STUCK_MS ? 'a reconcile is stuck' : undefined),
    unready: () =>
      controller.caches.hasSynced() && kinds.hasSynced() && drift.hasSynced()
        ? undefined
        : 'the caches have not synced yet',
    ...(options.metricsAuth === true ? { authorize: tokenAuthorizer(api, '/metrics') } : {}),
    tls: tlsFiles(options),
    metrics: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }),
  });
  const page = await openDashboard(options, api, readConfig).catch(async (error: unknown) => {
    // An open server would keep the process from ending.
    await probes.close();
    throw error;
  });
  const scope = options.namespaces?.length ? options.namespaces.join(',') : 'all namespaces';
  logger.info('operator starting', {
    version: TOOL_VERSION,
    scope,
    identity,
    port: probes.port,
    dashboard: page?.port,
  });

  const ended = new AbortController();
  const watchSignal = AbortSignal.any([options.signal, ended.signal]);
  const watching = Promise.all([controller.watch(watchSignal), kinds.watch(watchSignal), drift.watch(watchSignal)]);
  try {
    leadership = options.leaderElection ? await lead() : ALWAYS_LEADER;
    await synced();
    logger.info('leader election won', { identity, resources: controller.caches.resources.size });
    controller.lead(leadership);
    kinds.lead(leadership);
    drift.lead(leadership);
    notify.lead(leadership);
    await aborted(AbortSignal.any([options.signal, leadership.lost]));
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    await Promise.race([
      Promise.all([controller.stop(), kinds.stop(), drift.stop(), notify.stop()]),
      sleep(STOP_MS, undefined, { ref: false }),
    ]);
    const lost = leadership?.lost.aborted === true;
    await leadership?.release();
    ended.abort();
    await watching;
    await page?.close();
    await probes.close();
    logger.info(lost ? 'lease lost; operator stopped' : 'operator stopped', { identity });
  }
  return options.signal.aborted ? 0 : 1;

  /** With its own connections: a renewal must not wait until slow requests of the controllers have ended. */
  function lead(): Promise<Leadership> {
    const api = createApi(readConfig(), metrics.requested, readConfig);
    const namespace = options.leaseNamespace ?? ownNamespace();
    const name = options.leaseName;
    logger.info('waiting for leader election', { namespace, lease: name });
    const onError = (error: unknown) => logger.warn('the lease could not be renewed', { error: messageOf(error) });
    return acquireLease(api, { namespace, name, identity, onError }, options.signal);
  }

  async function synced(): Promise<void> {
    while (!controller.caches.hasSynced() || !kinds.hasSynced() || drift?.hasSynced() === false)
      await sleep(20, undefined, { signal: options.signal });
  }
}

/** Loads the page only if it is served. */
async function openDashboard(...given: Parameters<typeof startOperatorDashboard>) {
  if (given[0].dashboardPort === undefined) return undefined;
  return (await import('./operator-dashboard.ts')).startOperatorDashboard(...given);
}

function tlsFiles({ metricsCertFile: certFile, metricsKeyFile: keyFile }: OperatorOptions): TlsFiles | undefined {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  throw invalidConfiguration('--metrics-cert-file and --metrics-key-file belong together. Set both, or neither.');
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
