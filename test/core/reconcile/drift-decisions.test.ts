/** The whole decision about a drift check, and what it leaves in the status. */
import assert from 'node:assert/strict';
import type { DriftReport } from '../../../src/core/model/drift-check.ts';
import type { DatabaseMigration, DatabaseMigrationStatus } from '../../../src/core/model/resource.ts';
import type { DriftStatus } from '../../../src/core/model/resource-drift.ts';
import { blockingDrift, type DriftDecision, type DriftJob, decideDrift } from '../../../src/core/reconcile/drift.ts';
import { resource as build } from './reconcile-harness.ts';

const NOW = new Date('2026-05-01T10:00:30Z');
const HOURLY = { schedule: '0 * * * *' };
const YEARLY = { schedule: '0 0 1 1 *' };
const CHECK = 'db-manager.dev/check-drift';

interface Given {
  drift?: object | undefined;
  spec?: object;
  metadata?: object;
  status?: Partial<DatabaseMigrationStatus>;
}

const resource = ({ spec = {}, metadata, status, ...rest }: Given = {}): DatabaseMigration => ({
  ...build(
    { drift: 'drift' in rest ? rest.drift : HOURLY, ...spec },
    { generation: 3, creationTimestamp: '2026-05-01T09:00:00Z', ...metadata },
  ),
  status: {
    currentRevision: '1_a',
    run: { id: 'r', attempt: 1, finishedAt: '2026-05-01T09:10:00Z' },
    ...status,
  },
});
/** As the API server gets it; the name of a Job without its digest. */
const decided = (one: DatabaseMigration, jobs: DriftJob[] = [], now = NOW): DriftDecision =>
  JSON.parse(JSON.stringify(decideDrift({ resource: one, jobs, now })).replaceAll(/-drift-[0-9a-f]{10}/g, '-drift-X'));
const conditions = (...of: [type: string, status: 'True' | 'False' | 'Unknown', reason: string][]) =>
  of.map(([type, status, reason]) => ({
    type,
    status,
    reason,
    message: `${reason}.`,
    lastTransitionTime: '2026-05-01T08:00:00Z',
  }));
const inSync = (status: string, reason: string, message: string, lastTransitionTime = '2026-05-01T10:00:30Z') => [
  { type: 'InSync', status, reason, message, lastTransitionTime, observedGeneration: 3 },
];
const FIRST = inSync('Unknown', 'Running', 'the first check is in progress');

describe('the start of a drift check', () => {
  it('is for the last time that has passed, with the next one', () => {
    assert.deepEqual(decided(resource()), {
      start: 'bot-drift-X',
      status: {
        drift: { job: 'bot-drift-X', scheduledFor: '2026-05-01T10:00:00Z', nextCheckAt: '2026-05-01T11:00:00Z' },
        conditions: FIRST,
      },
      events: [],
    });
  });

  it('keeps the last result and its condition until the new one is known', () => {
    const before = { job: 'x', scheduledFor: '2026-05-01T09:00:00Z', checkedAt: '2026-05-01T09:01:00Z', total: 2 };
    const known = conditions(['Ready', 'True', 'Migrated'], ['InSync', 'False', 'SchemaDrift']);
    assert.deepEqual(decided(resource({ status: { drift: before, conditions: known } })), {
      start: 'bot-drift-X',
      status: {
        drift: {
          job: 'bot-drift-X',
          scheduledFor: '2026-05-01T10:00:00Z',
          nextCheckAt: '2026-05-01T11:00:00Z',
          total: 2,
        },
        conditions: known.slice(1),
      },
      events: [],
    });
  });

  it('is requested by a new value of the annotation, once', () => {
    const checked = { job: 'x', scheduledFor: '2026-05-01T10:00:00Z', checkedAt: '2026-05-01T10:00:10Z' };
    const asked = (requested: string | undefined, drift: DriftStatus = checked) =>
      decided(resource({ metadata: { annotations: { ...(requested && { [CHECK]: requested }) } }, status: { drift } }));
    const later = { requeueAfter: 3_570_000, events: [] };
    assert.deepEqual(asked(undefined), later);
    assert.deepEqual(asked('1'), {
      start: 'bot-drift-X',
      status: {
        drift: {
          job: 'bot-drift-X',
          scheduledFor: '2026-05-01T10:00:00Z',
          requested: '1',
          nextCheckAt: '2026-05-01T11:00:00Z',
        },
        conditions: FIRST,
      },
      events: [],
    });
    assert.deepEqual(asked('1', { ...checked, requested: '1' }), later);
    assert.equal(asked('2', { ...checked, requested: '1' }).start, 'bot-drift-X');
  });

  it('starts from now where the resource has no time of creation, and never where no time matches', () => {
    const metadata = { creationTimestamp: undefined };
    assert.deepEqual(decided(resource({ metadata })), { requeueAfter: 3_570_000, events: [] });
    assert.deepEqual(decided(resource({ metadata, drift: { schedule: '0 0 30 2 *' } })), { events: [] });
    const asked = { annotations: { [CHECK]: '1' } };
    assert.deepEqual(decided(resource({ metadata: asked, drift: { schedule: '0 0 30 2 *' } })).status?.drift, {
      job: 'bot-drift-X',
      requested: '1',
    });
  });

  it('is at its time, and goes by its time zone', () => {
    assert.ok(decided(resource(), [], new Date('2026-05-01T10:00:00Z')).start);
    assert.deepEqual(decided(resource(), [], new Date('2026-05-01T09:59:59Z')), { requeueAfter: 1_000, events: [] });
    const zone = { schedule: '0 2 * * *', timeZone: 'Asia/Kolkata' };
    assert.deepEqual(decided(resource({ drift: zone })), { requeueAfter: 10.5 * 3_600_000 - 30_000, events: [] });
  });

  it('waits at most as long as a timer can', () => {
    assert.deepEqual(decided(resource({ drift: YEARLY })), { requeueAfter: 2 ** 31 - 1, events: [] });
  });

  it('is for the last of the missed times, however many', () => {
    const drift = (schedule: string, creationTimestamp: string) =>
      decided(resource({ drift: { schedule }, metadata: { creationTimestamp } })).status?.drift;
    assert.deepEqual(drift('* * * * *', '2026-05-01T02:00:00Z'), {
      job: 'bot-drift-X',
      scheduledFor: '2026-05-01T10:00:00Z',
      nextCheckAt: '2026-05-01T10:01:00Z',
    });
    // After a thousand of them the rest is skipped.
    const { nextCheckAt, scheduledFor = '' } = drift('* * * * *', '2020-01-01T00:00:00Z') ?? {};
    assert.deepEqual([nextCheckAt, scheduledFor <= '2026-05-01T10:00:00Z'], ['2026-05-01T10:01:00Z', true]);
  });

  it('has the name of the resource as far as a name of a Job allows it', () => {
    const nameOf = (name: string) => decided(resource({ metadata: { name } })).start;
    assert.equal(nameOf('a.b'), 'a-b-drift-X');
    assert.equal(nameOf('x'.repeat(60)), `${'x'.repeat(40)}-drift-X`);
    assert.equal(nameOf(`${'x'.repeat(39)}.y`), `${'x'.repeat(39)}-drift-X`);
  });

  it('does not come while the resource is deleted, runs, or has nothing applied', () => {
    assert.deepEqual(decided(resource({ metadata: { deletionTimestamp: 'now' } })), { events: [] });
    assert.deepEqual(decided(resource({ status: { run: undefined } })).start, 'bot-drift-X');
    assert.deepEqual(decided(resource({ status: { run: { id: 'r', attempt: 1 } } })), {
      requeueAfter: 10_000,
      events: [],
    });
    assert.deepEqual(decided(resource({ status: { currentRevision: 'base' } })), { events: [] });
  });

  it('is impossible where the schedule cannot be read, and keeps what is known', () => {
    const schedule = '99 * * * *';
    const message = `spec.drift.schedule: "${schedule}" is not a valid cron schedule. Use five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or jan-dec), day of week (0-7 or sun-sat)`;
    const invalid = inSync('Unknown', 'InvalidConfiguration', message);
    assert.deepEqual(decided(resource({ drift: { schedule } })), {
      status: { drift: {}, conditions: invalid },
      events: [],
    });
    const drift = { job: 'x', checkedAt: '2026-05-01T09:00:00Z', total: 1 };
    assert.deepEqual(decided(resource({ drift: { schedule }, status: { drift } })).status?.drift, drift);
  });

  it('is removed with its part of the spec', () => {
    const drift = { job: 'x' };
    for (const given of [{ drift: undefined }, { spec: { execution: 'Sidecar' } }]) {
      assert.deepEqual(decided(resource({ ...given, status: { drift } })), { status: {}, events: [] });
      assert.deepEqual(decided(resource(given)), { events: [] });
    }
  });
});

describe('the end of a drift check', () => {
  const started = { job: 'j', scheduledFor: '2026-05-01T10:00:00Z', nextCheckAt: '2026-05-01T11:00:00Z' };
  const report = (change: Partial<DriftReport> = {}): DriftReport => ({
    version: 1,
    result: 'succeeded',
    reason: 'SchemaDrift',
    message: '1 difference',
    finishedAt: '2026-05-01T10:00:20.900Z',
    total: 1,
    ignored: 0,
    differences: [{ message: 'column x' }],
    ...change,
  });
  const clean = report({ reason: 'InSync', message: 'no difference', total: 0, differences: [] });
  const failed = report({
    result: 'failed',
    reason: 'DatabaseUnreachable',
    message: 'no route',
    total: 0,
    differences: [],
  });
  const end = (given: DriftReport | undefined, drift: DriftStatus = {}, was?: 'True' | 'False' | 'Unknown') =>
    decided(
      resource({
        status: {
          drift: { ...started, ...drift },
          ...(was === undefined ? {} : { conditions: conditions(['InSync', was, 'Before']) }),
        },
      }),
      [
        { name: 'another', state: 'complete', report: clean },
        { name: 'j', state: 'complete', ...(given === undefined ? {} : { report: given }) },
      ],
    );
  const event = (type: string, reason: string, message: string) => [{ type, reason, message, key: 'drift u-1 j' }];
  const checkedAt = '2026-05-01T10:00:20Z';

  it('records the differences, and how many the spec ignores', () => {
    assert.deepEqual(end(report({ ignored: 2 })), {
      status: {
        drift: { ...started, checkedAt, total: 1, ignored: 2, differences: [{ message: 'column x' }] },
        conditions: inSync('False', 'SchemaDrift', '1 difference'),
      },
      events: event('Warning', 'SchemaDrift', '1 difference'),
      requeueAfter: 0,
    });
  });

  it('removes those that are no more', () => {
    const before = { total: 1, ignored: 2, differences: [{ message: 'column x' }] };
    assert.deepEqual(end(clean, before, 'False'), {
      status: {
        drift: { ...started, checkedAt, total: 0 },
        conditions: inSync('True', 'InSync', 'no difference'),
      },
      events: event('Normal', 'InSync', 'no difference'),
      requeueAfter: 0,
    });
  });

  it('knows nothing where the check failed or was lost', () => {
    const before = { total: 1, ignored: 2, differences: [{ message: 'column x' }] };
    assert.deepEqual(end(failed, before, 'False'), {
      status: { drift: { ...started, checkedAt }, conditions: inSync('Unknown', 'DatabaseUnreachable', 'no route') },
      events: event('Warning', 'DatabaseUnreachable', 'no route'),
      requeueAfter: 0,
    });
    const message = 'The Job of the check ended without a report, or was deleted. The schema was not compared.';
    assert.deepEqual(end(undefined, before, 'False'), {
      status: {
        drift: { ...started, checkedAt: '2026-05-01T10:00:30Z', ignored: 2 },
        conditions: inSync('Unknown', 'RunLost', message),
      },
      events: event('Warning', 'RunLost', message),
      requeueAfter: 0,
    });
  });

  const differs = { total: 1, differences: [{ message: 'column x' }] };
  for (const [what, given, drift, was, type] of [
    ['drift is new', report(), {}, 'True', 'Warning'],
    ['drift is new after a failed check', report(), {}, 'Unknown', 'Warning'],
    ['drift is the same', report(), differs, 'False', undefined],
    ['drift has another difference', report({ differences: [{ message: 'column y' }] }), differs, 'False', 'Warning'],
    ['drift has more differences than are listed', report({ total: 2 }), differs, 'False', 'Warning'],
    ['drift ends', clean, differs, 'False', 'Normal'],
    ['the schema is still in sync', clean, { total: 0 }, 'True', undefined],
    ['the schema is in sync after a failed check', clean, {}, 'Unknown', undefined],
    ['the schema is in sync at the first check', clean, {}, undefined, undefined],
    ['the check fails again', failed, {}, 'Unknown', undefined],
    ['the check fails', failed, { total: 0 }, 'True', 'Warning'],
  ] as const) {
    it(`${type === undefined ? 'has no event' : `has an event, ${type},`} where ${what}`, () => {
      const of = { ...drift, ...('differences' in drift && { differences: [...drift.differences] }) };
      assert.deepEqual(
        end(given, of, was).events.map((each) => each.type),
        type === undefined ? [] : [type],
      );
    });
  }
});

describe('a run that waits because of drift', () => {
  const drift = (checkedAt: string | undefined) => ({ job: 'x', scheduledFor: '2026-05-01T10:00:00Z', checkedAt });
  const blocked = (checkedAt: string, schedule = HOURLY, ready = 'SchemaDrift') =>
    resource({
      drift: { ...schedule, onDrift: 'BlockNextRun' },
      status: {
        drift: drift(checkedAt),
        conditions: conditions(['Ready', 'False', ready], ['InSync', 'False', 'SchemaDrift']),
      },
    });

  it('is compared again five minutes after the last check, or at the next time if that is earlier', () => {
    assert.deepEqual(decided(blocked('2026-05-01T10:00:00Z')), { requeueAfter: 270_000, events: [] });
    assert.deepEqual(decided(blocked('2026-05-01T09:55:31Z')), { requeueAfter: 1_000, events: [] });
    assert.equal(decided(blocked('2026-05-01T09:55:30Z')).start, 'bot-drift-X');
    const soon = new Date('2026-05-01T10:58:00Z');
    assert.deepEqual(decided(blocked('2026-05-01T10:57:00Z'), [], soon), { requeueAfter: 120_000, events: [] });
    assert.deepEqual(decided(blocked('2026-05-01T10:00:00Z', HOURLY, 'Queued')), {
      requeueAfter: 3_570_000,
      events: [],
    });
    assert.deepEqual(decided(blocked('some day')), { requeueAfter: 3_570_000, events: [] });
  });

  it('names the differences and the command that compares again', () => {
    assert.equal(
      blockingDrift(blocked('2026-05-01T10:00:00Z')),
      'The live schema differs from the applied migrations, and spec.drift.onDrift is BlockNextRun. SchemaDrift. Undo the changes, or add them to spec.drift.ignore. The schema is compared again every 5 minutes, or now: kubectl annotate dbm bot -n trading db-manager.dev/check-drift="$(date +%s)" --overwrite',
    );
    for (const status of ['True', 'Unknown'] as const) {
      const one = blocked('2026-05-01T10:00:00Z');
      one.status = { ...one.status, conditions: conditions(['InSync', status, 'x']) };
      assert.equal(blockingDrift(one), undefined);
    }
    assert.equal(blockingDrift(resource({ drift: undefined })), undefined);
    assert.equal(blockingDrift(resource({ drift: { ...HOURLY, onDrift: 'BlockNextRun' } })), undefined);
  });
});
