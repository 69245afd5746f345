import assert from 'node:assert/strict';
import { boundDriftReport, type DriftReport, driftReportSchema } from '../../../src/core/model/drift-check.ts';
import { type DatabaseMigration, databaseMigrationSchema } from '../../../src/core/model/resource.ts';
import { blockingDrift, type DriftDecision, type DriftJob, decideDrift } from '../../../src/core/reconcile/drift.ts';

const NOW = new Date('2026-05-01T10:00:30Z');

function resource(spec: object = {}, status: object = {}, metadata: object = {}): DatabaseMigration {
  return databaseMigrationSchema.parse({
    apiVersion: 'db-manager.dev/v1alpha1',
    kind: 'DatabaseMigration',
    metadata: {
      name: 'orders',
      namespace: 'shop',
      uid: 'u',
      generation: 3,
      creationTimestamp: '2026-05-01T09:00:00Z',
      ...metadata,
    },
    spec: {
      database: { urlFrom: { secretKeyRef: { name: 'x', key: 'x' } } },
      migrations: { configMaps: [{ name: 'x' }] },
      backup: { mode: 'Disabled' },
      drift: { schedule: '0 * * * *' },
      ...spec,
    },
    status: { currentRevision: '1_a', run: { id: 'r', attempt: 1, finishedAt: '2026-05-01T09:10:00Z' }, ...status },
  });
}

const decide = (one: DatabaseMigration, jobs: DriftJob[] = [], now = NOW) => decideDrift({ resource: one, jobs, now });

/** The resource as the API server has it after the decision. */
function written(one: DatabaseMigration, { status }: DriftDecision): DatabaseMigration {
  const others = one.status?.conditions?.filter(({ type }) => type !== 'InSync') ?? [];
  const conditions = [...others, ...(status?.conditions ?? [])];
  return { ...one, status: { ...one.status, drift: JSON.parse(JSON.stringify(status?.drift ?? {})), conditions } };
}

const report = (differences: { message: string; sql?: string }[], more: Partial<DriftReport> = {}): DriftReport => ({
  version: 1,
  result: 'succeeded',
  reason: differences.length === 0 ? 'InSync' : 'SchemaDrift',
  message: `${differences.length} found`,
  finishedAt: '2026-05-01T10:01:00.123Z',
  total: differences.length,
  ignored: 0,
  differences,
  ...more,
});

describe('the decision about drift checks', () => {
  it('starts one check for the last missed time, and names the same Job each time', () => {
    const old = resource({}, {}, { creationTimestamp: '2026-04-01T00:00:00Z' });
    const first = decide(old);
    assert.equal(first.status?.drift?.scheduledFor, '2026-05-01T10:00:00Z');
    assert.equal(first.status?.drift?.nextCheckAt, '2026-05-01T11:00:00Z');
    assert.equal(first.start, decide(old).start);
    assert.match(first.start ?? '', /^orders-drift-[0-9a-f]{10}$/);
    // Years of missed times end too.
    const older = resource({ drift: { schedule: '* * * * *' } }, {}, { creationTimestamp: '2020-01-01T00:00:00Z' });
    assert.ok(decide(older).start !== undefined);
  });

  it('starts none before its time, during a run, before the first migration, and where a sidecar migrates', () => {
    assert.deepEqual(decide(resource(), [], new Date('2026-05-01T09:59:00Z')), { requeueAfter: 60_000, events: [] });
    const running = resource({}, { run: { id: 'r', attempt: 1 } });
    assert.deepEqual(decide(running), { requeueAfter: 10_000, events: [] });
    for (const currentRevision of [undefined, 'base'])
      assert.deepEqual(decide(resource({}, { currentRevision })), { events: [] });
    assert.deepEqual(decide(resource({ execution: 'Sidecar' })), { events: [] });
  });

  it('records the report, with one event when drift appears or changes, and one when it ends', () => {
    const job = decide(resource()).start ?? '';
    const started = written(resource(), decide(resource()));
    assert.deepEqual(decide(started, [{ name: job, state: 'active' }]), { requeueAfter: 10_000, events: [] });
    const none = decide(started, [{ name: job, state: 'complete', report: report([]) }]);
    assert.deepEqual([none.status?.conditions?.[0]?.status, none.events], ['True', []]);
    const found = decide(started, [{ name: job, state: 'complete', report: report([{ message: 'index' }]) }]);
    assert.equal(found.status?.conditions?.[0]?.reason, 'SchemaDrift');
    assert.deepEqual(
      found.events.map(({ type }) => type),
      ['Warning'],
    );
    const again = (one: DatabaseMigration, differences: { message: string }[]) => {
      const asked = { ...one, metadata: { ...one.metadata, annotations: { 'db-manager.dev/check-drift': '1' } } };
      const next = decide(asked);
      const name = next.start ?? '';
      return decide(written(asked, next), [{ name, state: 'complete', report: report(differences) }]);
    };
    const drifted = written(started, found);
    assert.deepEqual(again(drifted, [{ message: 'index' }]).events, []);
    assert.deepEqual(again(drifted, [{ message: 'another' }]).events.length, 1);
    assert.deepEqual(
      again(drifted, []).events.map(({ type }) => type),
      ['Normal'],
    );
  });

  it('is Unknown if a check fails, disappears or its schedule cannot be read', () => {
    const start = decide(resource());
    const started = written(resource(), start);
    const name = start.start ?? '';
    const failed = report([], { result: 'failed', reason: 'DatabaseUnreachable', message: 'no route' });
    const unknown = decide(started, [{ name, state: 'failed', report: failed }]);
    assert.deepEqual(unknown.status?.conditions?.[0]?.status, 'Unknown');
    assert.equal(unknown.status?.drift?.total, undefined);
    for (const jobs of [[], [{ name, state: 'failed' as const }]])
      assert.equal(decide(started, jobs).status?.conditions?.[0]?.reason, 'RunLost');
    const invalid = decide(resource({ drift: { schedule: '99 * * * *' } }));
    assert.equal(invalid.status?.conditions?.[0]?.reason, 'InvalidConfiguration');
    assert.equal(invalid.start, undefined);
  });

  it('blocks only if the spec requests it, and compares again after five minutes', () => {
    const conditions = (ready: string) => [
      { type: 'Ready', status: 'False', reason: ready, message: '', lastTransitionTime: '2026-05-01T10:00:00Z' },
      {
        type: 'InSync',
        status: 'False',
        reason: 'SchemaDrift',
        message: 'An index.',
        lastTransitionTime: '2026-05-01T10:00:00Z',
      },
    ];
    const spec = { drift: { schedule: '0 0 1 1 *', onDrift: 'BlockNextRun' } };
    const drift = { job: 'x', checkedAt: '2026-05-01T10:00:00Z', total: 1 };
    const blocked = resource(spec, { conditions: conditions('SchemaDrift'), drift });
    assert.match(
      blockingDrift(blocked) ?? '',
      /An index\..*kubectl annotate dbm orders -n shop db-manager\.dev\/check-drift/,
    );
    assert.equal(blockingDrift(resource({}, { conditions: conditions('UpToDate'), drift })), undefined);
    assert.deepEqual(decide(blocked), { requeueAfter: 270_000, events: [] });
    assert.ok(decide(blocked, [], new Date('2026-05-01T10:05:00Z')).start !== undefined);
    assert.equal(
      decide(resource(spec, { conditions: conditions('UpToDate'), drift }), [], new Date('2026-05-01T10:06:00Z')).start,
      undefined,
    );
  });

  it('removes its fields with the spec, and writes nothing where there was nothing', () => {
    assert.deepEqual(decide(resource({ drift: undefined }, { drift: { job: 'x' } })), { status: {}, events: [] });
    assert.deepEqual(decide(resource({ drift: undefined })), { events: [] });
  });
});

describe('the report of a drift check', () => {
  it('fits into a termination message for any differences, and cuts no SQL', () => {
    for (const length of [1, 10, 250, 100_000]) {
      const differences = Array.from({ length: 100 }, (_, n) => ({
        message: `${n} ${'ä'.repeat(length)}`,
        sql: 's'.repeat(length),
      }));
      const bounded = boundDriftReport(report(differences));
      assert.ok(Buffer.byteLength(JSON.stringify(bounded)) <= 4_096);
      assert.equal(bounded.total, 100);
      assert.ok(bounded.differences.length > 0);
      assert.ok(bounded.differences.every(({ sql }) => sql === undefined || sql.length === length));
      assert.ok(driftReportSchema.safeParse(JSON.parse(JSON.stringify(bounded))).success);
    }
  });
});
