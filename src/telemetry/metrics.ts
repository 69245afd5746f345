import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { StepReport } from '../core/model/report.ts';
import type { DatabaseMigrationStatus } from '../core/model/resource.ts';
import { createBackupMetrics, type TrackedSchedule } from './backup-metrics.ts';
import { gaugesOf } from './gauges.ts';

/** The data for the metrics of one resource. */
export interface TrackedResource {
  namespace: string;
  name: string;
  ready: { status: string; reason: string } | undefined;
  stalled: boolean;
  /** It is not Ready, and another event has to happen before its pod can start. */
  waits: boolean;
  pending: number | undefined;
  backup: { sizeBytes: number; takenAt: string } | undefined;
  run: { startedAt?: string; finishedAt?: string } | undefined;
  /** The last comparison of the live schema; `total` is absent if it failed. */
  drift: { total?: number; checkedAt?: string } | undefined;
}

/** Read when Prometheus scrapes, so that no copy has to be kept up to date. */
interface MetricSources {
  version: string;
  /** Exported by the leader only: with a second replica everything would be counted twice. */
  resources(): Iterable<TrackedResource>;
  schedules(): Iterable<TrackedSchedule>;
  queueDepth(): number;
  leading(): boolean;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];
const STEP_SECONDS = [0.01, 0.1, 1, 5, 15, 60, 300, 900, 3600];

/** The operator's metrics. docs/operations/monitoring.md lists them, and a test checks this. */
export function createMetrics(sources: MetricSources) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const runs = new Counter({
    name: 'db_manager_runs_total',
    help: 'Finished runs, by result and reason.',
    labelNames: ['result', 'reason'],
    registers,
  });
  const steps = new Histogram({
    name: 'db_manager_step_duration_seconds',
    help: 'Duration of the steps of runs.',
    labelNames: ['step', 'kind'],
    buckets: STEP_SECONDS,
    registers,
  });
  const reconciles = new Histogram({
    name: 'db_manager_reconcile_duration_seconds',
    help: 'Duration of the reconciles of a resource, by its situation.',
    labelNames: ['situation'],
    buckets: SECONDS,
    registers,
  });
  const errors = new Counter({
    name: 'db_manager_reconcile_errors_total',
    help: 'Failed reconciles, which are retried.',
    registers,
  });
  const waits = new Histogram({
    name: 'db_manager_queue_wait_seconds',
    help: 'Time that a due resource waited for a worker.',
    buckets: SECONDS,
    registers,
  });
  const requests = new Counter({
    name: 'db_manager_api_requests_total',
    help: 'Requests to the API server; code 0 means that it did not respond.',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  });
  const watches = new Counter({
    name: 'db_manager_watch_failures_total',
    help: 'Lists and watches that were closed and restarted.',
    labelNames: ['resource'],
    registers,
  });
  new Gauge({
    name: 'db_manager_build_info',
    help: 'Always 1; the version of this process.',
    labelNames: ['version'],
    registers,
  }).set({ version: sources.version }, 1);
  new Gauge({
    name: 'db_manager_ready_reason',
    help: 'Always 1; the reason of the condition Ready of each resource.',
    labelNames: ['namespace', 'name', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { namespace, name, ready } of sources.resources()) {
        if (ready !== undefined) this.set({ namespace, name, reason: ready.reason }, 1);
      }
    },
  });
  new Gauge({
    name: 'db_manager_queue_depth',
    help: 'Resources waiting for a worker.',
    registers,
    collect() {
      this.set(sources.queueDepth());
    },
  });
  new Gauge({
    name: 'db_manager_leader',
    help: '1 if this process is the leader.',
    registers,
    collect() {
      this.set(sources.leading() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'db_manager_waiting_runs',
    help: 'Runs that are due but waiting, by namespace and by cause (the reason of Ready).',
    labelNames: ['namespace', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { namespace, ready, waits } of sources.resources()) {
        if (waits && ready !== undefined) this.inc({ namespace, reason: ready.reason }, 1);
      }
    },
  });
  const perResource = gaugesOf(registers, sources.resources);
  perResource('db_manager_pending_migrations', 'Number of pending migrations.', ({ pending }) => pending);
  perResource('db_manager_ready', '1 if the resource is Ready.', ({ ready }) =>
    ready === undefined ? undefined : Number(ready.status === 'True'),
  );
  perResource('db_manager_stalled', '1 if a person has to act.', ({ ready, stalled }) =>
    ready === undefined ? undefined : Number(stalled),
  );
  perResource('db_manager_run_started_timestamp_seconds', 'Start of the current run (Unix time).', (each) =>
    each.run?.finishedAt === undefined ? unix(each.run?.startedAt) : undefined,
  );
  perResource('db_manager_backup_size_bytes', 'Size of the last backup.', ({ backup }) => backup?.sizeBytes);
  perResource('db_manager_backup_timestamp_seconds', 'Time of the last backup (Unix time).', ({ backup }) =>
    unix(backup?.takenAt),
  );

  perResource('db_manager_drift_differences', 'Number of differences of the live schema.', ({ drift }) => drift?.total);
  perResource('db_manager_drift_check_timestamp_seconds', 'Time of the last drift check (Unix time).', ({ drift }) =>
    unix(drift?.checkedAt),
  );

  return {
    registry,
    ...createBackupMetrics(registers, sources.schedules),
    runEnded({ run, history }: DatabaseMigrationStatus): void {
      const entry = history?.find((each) => each.run === run?.id);
      if (entry !== undefined) runs.inc({ result: entry.result, reason: entry.reason });
    },
    stepEnded: ({ step, kind, seconds }: StepReport) => steps.observe({ step, kind }, seconds),
    reconciled: (situation: string, seconds: number) => reconciles.observe({ situation }, seconds),
    failed: () => errors.inc(),
    watchBroke: (resource: string) => watches.inc({ resource }),
    waited: (seconds: number) => waits.observe(seconds),
    requested: (verb: string, resource: string, code: number) => requests.inc({ verb, resource, code }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

function unix(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time) / 1000;
}
