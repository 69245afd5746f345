import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { trackedSchedules } from '../../src/cli/processes/operator-telemetry.ts';
import type { TrackedSchedule } from '../../src/telemetry/backup-metrics.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics, type TrackedResource } from '../../src/telemetry/metrics.ts';
import { startProbeServer } from '../../src/telemetry/server.ts';

describe('the probes', () => {
  it('answer 200 while all is well, 503 with the reason when it is not, 500 when the metrics fail', async () => {
    let [unwell, unready]: (string | undefined)[] = [undefined, 'the caches have not synced yet'];
    const server = await startProbeServer({
      port: 0,
      unwell: () => unwell,
      unready: () => unready,
      metrics: () => Promise.reject(new Error('no numbers')),
    });
    try {
      const ask = async (path: string) => {
        const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
        return `${response.status} ${(await response.text()).trim()}`;
      };
      assert.equal(await ask('/healthz'), '200 ok');
      assert.equal(await ask('/readyz?verbose'), '503 the caches have not synced yet');
      [unwell, unready] = ['a reconcile is stuck', undefined];
      assert.equal(await ask('/healthz'), '503 a reconcile is stuck');
      assert.equal(await ask('/readyz'), '200 ok');
      assert.equal(await ask('/metrics'), '500 Error: no numbers');
      assert.match(await ask('/'), /^404 /);
    } finally {
      await server.close();
    }
  });
});

describe('the metrics of resources', () => {
  const resource: TrackedResource = {
    namespace: 'shop',
    name: 'orders',
    ready: { status: 'False', reason: 'MigrationFailed' },
    stalled: true,
    waits: false,
    pending: 2,
    backup: { sizeBytes: 4_096, takenAt: '2026-01-05T09:00:00Z' },
    run: { startedAt: '2026-01-05T09:00:00Z' },
    drift: { total: 3, checkedAt: '2026-01-05T09:00:00Z' },
  };
  const told = async (resources: TrackedResource[], schedules: Iterable<TrackedSchedule> = []) => {
    const metrics = createMetrics({
      version: '1',
      resources: () => resources,
      schedules: () => schedules,
      queueDepth: () => 3,
      leading: () => true,
    });
    return metrics.registry.metrics();
  };
  const labels = 'namespace="shop",name="orders"';

  it('contain the text of its status', async () => {
    const text = await told([resource]);
    for (const line of [
      `db_manager_ready{${labels}} 0`,
      `db_manager_ready_reason{${labels},reason="MigrationFailed"} 1`,
      `db_manager_stalled{${labels}} 1`,
      `db_manager_pending_migrations{${labels}} 2`,
      `db_manager_backup_size_bytes{${labels}} 4096`,
      `db_manager_backup_timestamp_seconds{${labels}} ${Date.UTC(2026, 0, 5, 9) / 1000}`,
      `db_manager_run_started_timestamp_seconds{${labels}} ${Date.UTC(2026, 0, 5, 9) / 1000}`,
      `db_manager_drift_differences{${labels}} 3`,
      `db_manager_drift_check_timestamp_seconds{${labels}} ${Date.UTC(2026, 0, 5, 9) / 1000}`,
      'db_manager_queue_depth 3',
    ])
      assert.ok(text.split('\n').includes(line), line);
  });

  it('have the age of the last successful backup of a schedule', async () => {
    const object = (spec: object, status: object) => ({
      apiVersion: 'db-manager.dev/v1alpha1',
      kind: 'DatabaseBackupSchedule',
      metadata: { name: 'nightly', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec,
      status,
    });
    const times = { lastScheduleTime: '2026-01-05T02:30:00Z', lastSuccessfulTime: '2026-01-05T02:30:02Z', missed: 3 };
    const text = await told(
      [],
      [...trackedSchedules([object({ verify: 'Restore', verifyInterval: '24h', suspend: true }, times)])],
    );
    const of = '{namespace="shop",name="nightly"}';
    for (const line of [
      `db_manager_schedule_last_schedule_timestamp_seconds${of} ${Date.UTC(2026, 0, 5, 2, 30) / 1000}`,
      `db_manager_schedule_last_success_timestamp_seconds${of} ${Date.UTC(2026, 0, 5, 2, 30, 2) / 1000}`,
      `db_manager_schedule_proof_due_timestamp_seconds${of} ${Date.UTC(2026, 0, 2) / 1000}`,
      `db_manager_schedule_missed${of} 3`,
      `db_manager_schedule_suspended${of} 1`,
    ]) {
      assert.ok(text.includes(`${line}\n`), `${line} is missing in:\n${text}`);
    }
    const fresh = await told([], [...trackedSchedules([object({ verify: 'Checksum' }, {})])]);
    assert.doesNotMatch(fresh, /^db_manager_schedule_(last_success|last_schedule|proof)\w+\{/m);
  });

  it('have no series without a value, and none of a deleted resource', async () => {
    const ended = {
      ...resource,
      backup: undefined,
      drift: undefined,
      run: { ...resource.run, finishedAt: '2026-01-05T09:01:00Z' },
    };
    const text = await told([ended]);
    assert.doesNotMatch(text, /db_manager_(backup|run_started|drift)_\w+\{/);
    assert.doesNotMatch(await told([]), /name="orders"/);
  });
});

describe('the log', () => {
  const lines = (format: 'json' | 'text', level: 'info' | 'warn') => {
    const stream = new PassThrough();
    const logger = createLogger({ format, level, stream });
    logger.info('run started', { resource: 'shop/orders', run: 'r-1' });
    logger.warn('run ended', { resource: 'shop/orders', run: 'r-1', step: 'apply', reason: 'MigrationFailed' });
    return String(stream.read() ?? '')
      .trim()
      .split('\n');
  };

  it('has resource, run and step as fields of each line', () => {
    const [, ended = ''] = lines('json', 'info');
    const { resource, run, step, reason, level } = JSON.parse(ended);
    assert.deepEqual([resource, run, step, reason, level], ['shop/orders', 'r-1', 'apply', 'MigrationFailed', 'warn']);
  });

  it('is readable as text, and leaves out what is below its level', () => {
    const [only, ...more] = lines('text', 'warn');
    assert.match(
      only ?? '',
      /warn {2}run ended {2}resource=shop\/orders {2}run=r-1 {2}step=apply {2}reason=MigrationFailed$/,
    );
    assert.deepEqual(more, []);
  });
});
