import assert from 'node:assert/strict';
import { KINDS } from '../../src/kinds/index.ts';
import type { AnyKind, KindDecision, Observation, Resource } from '../../src/kinds/kind.ts';

interface Status {
  summary?: string;
  conditions?: { type: string; status: string; reason: string }[];
  lastScheduleTime?: string;
  nextScheduleTime?: string;
  missed?: number;
  startedAt?: string;
}

const place = { objectStore: { bucket: 'backups' } };
const database = { urlFrom: { secretKeyRef: { name: 'db', key: 'url' } } };
const kindOf = (name: string) => KINDS.find(({ kind }) => kind === name) as AnyKind;

function resourceOf(kind: string, spec: object, status?: object, name = 'nightly'): Resource {
  return {
    apiVersion: 'db-manager.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 1, creationTimestamp: '2026-06-01T00:00:00Z' },
    spec: kindOf(kind).spec.parse({ database, ...place, ...spec }),
    ...(status === undefined ? {} : { status }),
  };
}

function decide(resource: Resource, more: Partial<Observation<unknown, unknown>> = {}): KindDecision<Status> {
  const observed = { resource, children: [], find: () => undefined, now: new Date('2026-06-01T02:30:05Z'), ...more };
  return kindOf(resource.kind).decide(observed) as KindDecision<Status>;
}

const ready = ({ status }: KindDecision<Status>) => status.conditions?.find(({ type }) => type === 'Ready');

describe('a DatabaseBackupSchedule', () => {
  const schedule = (spec: object = {}, status?: object, name?: string) =>
    resourceOf('DatabaseBackupSchedule', { schedule: '30 2 * * *', ...spec }, status, name);

  it('creates a backup when it is due, once for each time', () => {
    const first = decide(schedule());
    assert.deepEqual(
      first.create?.map(({ metadata }) => metadata.name),
      ['nightly-29671350'],
    );
    assert.equal(first.status.lastScheduleTime, '2026-06-01T02:30:00Z');
    assert.equal(decide(schedule({}, first.status)).create, undefined);
  });

  it('and another one that is due in the same second create two backups', () => {
    const names = ['orders', 'invoices'].flatMap((name) =>
      (decide(schedule({}, undefined, name)).create ?? []).map(({ metadata }) => metadata.name),
    );
    assert.deepEqual(names, ['orders-29671350', 'invoices-29671350']);
  });

  it('reads its times in its time zone, also where the clock changes', () => {
    const now = new Date('2026-06-01T00:30:05Z');
    const { status } = decide(schedule({ timeZone: 'Europe/Berlin' }), { now });
    assert.equal(status.lastScheduleTime, '2026-06-01T00:30:00Z');
    // At 03:00 the clock goes back to 02:00, or forward from 02:00 to 03:00: one backup, at the first 02:30 or at 03:00.
    for (const [before, next] of [
      ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z'],
      ['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
      ['2027-03-27T01:30:00Z', '2027-03-28T01:00:00Z'],
      ['2027-03-28T01:00:00Z', '2027-03-29T00:30:00Z'],
    ] as const) {
      const seen = schedule({ timeZone: 'Europe/Berlin' }, { lastScheduleTime: before });
      assert.equal(decide(seen, { now: new Date(before) }).status.nextScheduleTime, next);
    }
  });

  it('takes only the last of several missed times, and none after its deadline', () => {
    const now = new Date('2026-06-05T02:40:00Z');
    const late = decide(schedule(), { now });
    assert.equal(late.create?.length, 1);
    assert.equal(late.status.lastScheduleTime, '2026-06-05T02:30:00Z');
    assert.equal(late.status.missed, 4);
    const tooLate = decide(schedule({ startingDeadline: '5m' }), { now });
    assert.equal(tooLate.create, undefined);
    assert.match(tooLate.events[0]?.message ?? '', /the starting deadline has passed/);
  });

  it('takes none while it is suspended, and does not make up for it', () => {
    const suspended = decide(schedule({ suspend: true }));
    assert.equal(suspended.create, undefined);
    assert.equal(ready(suspended)?.reason, 'Suspended');
    assert.equal(decide(schedule({}, suspended.status)).create, undefined);
  });

  it('does not wait for a time in the future that a wrong clock has left behind', () => {
    const future = decide(schedule({}, { lastScheduleTime: '2031-01-01T02:30:00Z' }), {
      now: new Date('2026-06-01T02:29:50Z'),
    });
    assert.equal(future.create, undefined);
    assert.equal(future.status.nextScheduleTime, '2026-06-01T02:30:00Z');
    assert.equal(decide(schedule({}, future.status)).create?.length, 1);
  });

  it('with a long name gives its backups names that are valid and its own', () => {
    const names = [`${'a'.repeat(199)}.b`, `${'a'.repeat(199)}.c`].flatMap((name) =>
      (decide(schedule({}, undefined, name)).create ?? []).map(({ metadata }) => metadata.name),
    );
    assert.equal(new Set(names).size, 2);
    for (const name of names) assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  });

  it('that may not use its image creates nothing until it may', () => {
    const refused = decide(schedule(), { disallowed: 'spec.runner.image is "x", which …' });
    assert.equal(refused.create, undefined);
    assert.equal(ready(refused)?.reason, 'NotAllowed');
    assert.equal(decide(schedule({}, refused.status)).create?.length, 1);
  });
});

describe('a backup or restore', () => {
  const backup = (status?: object) => resourceOf('DatabaseBackup', {}, status, 'now');
  const spec = { from: { latest: true }, confirm: 'shop' };

  for (const reason of ['DatabaseInUse', 'Queued'] as const) {
    it(`waits (${reason}) and starts afterwards`, () => {
      const waiting = decide(backup(), { waits: { reason, message: 'later' } });
      assert.equal(waiting.start, undefined);
      assert.deepEqual([ready(waiting)?.reason, waiting.status.summary], [reason, `Waiting: ${reason}`]);
      assert.ok(waiting.requeueAfter);
      assert.ok(decide(backup(waiting.status)).start);
    });
  }

  it('that is running is not stopped by a limit', () => {
    const running = decide(backup({ startedAt: '2026-06-01T02:30:00Z' }), {
      task: { state: 'active' },
      waits: { reason: 'Queued', message: 'later' },
      disallowed: 'no',
    });
    assert.equal(running.status.summary, 'Running');
  });

  for (const kind of ['DatabaseBackup', 'DatabaseRestore']) {
    it(`${kind} that uses what is not allowed starts nothing, and starts once it is allowed`, () => {
      const made = (status?: object) => resourceOf(kind, kind === 'DatabaseRestore' ? spec : {}, status);
      const refused = decide(made(), { disallowed: 'spec.runner.image is "x", which …' });
      assert.equal(refused.start, undefined);
      assert.equal(ready(refused)?.reason, 'NotAllowed');
      assert.equal(refused.events[0]?.type, 'Warning');
      assert.ok(decide(made(refused.status)).start);
    });
  }

  it('whose Job has vanished is not run again', () => {
    const lost = decide(backup({ startedAt: '2026-06-01T02:30:00Z' }));
    assert.equal(lost.start, undefined);
    assert.equal(lost.status.summary, 'Failed: RunLost');
  });
});
