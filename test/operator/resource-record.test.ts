import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { API_VERSION } from '../../src/core/model/resource.ts';
import { ResourceRecord } from '../../src/operator/resource-record.ts';
import { ReverseIndex } from '../../src/operator/reverse-index.ts';
import { eventually } from '../support/processes.ts';

const SPEC = {
  database: { sqlite: { volume: { claimName: 'bot' }, path: 'bot.db' } },
  migrations: { configMaps: [{ name: 'one' }, { name: 'two' }] },
  backup: { mode: 'Disabled' },
  dependsOn: [{ name: 'other' }],
};

const object = (status?: object, spec: object = SPEC) => ({
  apiVersion: API_VERSION,
  kind: 'DatabaseMigration',
  metadata: { namespace: 'shop', name: 'orders', uid: 'u-1', generation: 3, resourceVersion: '17' },
  spec,
  ...(status && { status }),
});

const STATUS = {
  observedGeneration: 3,
  pending: 2,
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Migrated',
      message: 'done',
      lastTransitionTime: '2026-01-05T09:00:00Z',
      observedGeneration: 3,
    },
  ],
};

describe('a resource in the cache', () => {
  it('comes out as it went in, with its defaults', () => {
    const { resource } = new ResourceRecord(object(STATUS));
    assert.equal(resource.metadata.resourceVersion, '17');
    assert.equal(resource.spec.target, 'head');
    assert.deepEqual(resource.status, STATUS);
  });

  it('comes out the same after many others were looked at', () => {
    const first = new ResourceRecord(object(STATUS));
    const before = first.resource;
    assert.equal(first.resource, before, 'one reconcile unpacks it once');
    for (let count = 0; count < 100; count += 1) assert.ok(new ResourceRecord(object()).resource);
    assert.notEqual(first.resource, before, 'only the last ones are held');
    assert.deepEqual(first.resource, before);
  });

  it('takes 2 KB, and keeps nothing alive that passed when it was made', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const history = Array.from({ length: 10 }, (_, index) => ({
      ...{ run: `orders-${index}`, result: 'succeeded', reason: 'Migrated' },
      ...{ startedAt: '2026-01-05T09:00:00Z', finishedAt: '2026-01-05T09:00:09Z' },
    }));
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const records = Array.from({ length: 2_000 }, () => {
      const text = Buffer.from(JSON.stringify(object({ ...STATUS, history })));
      return new ResourceRecord(JSON.parse(text.toString()));
    });
    // What is collected is freed by a thread of its own, in its own time.
    const each = () => (process.memoryUsage().arrayBuffers - before) / records.length;
    const freed = async () => {
      collect();
      return each() < 2_048;
    };
    const explain = async () => `${each()} bytes outside the heap, each`;
    await eventually('what passed to be freed', freed, { timeoutMs: 10_000, everyMs: 100, explain });
    assert.equal(records.length, 2_000);
  });

  it('tells what is asked of all of them without being unpacked', () => {
    const record = new ResourceRecord(object(STATUS));
    assert.deepEqual([record.configMaps, record.dependsOn], [['one', 'two'], ['other']]);
    assert.deepEqual(record.ready, { status: 'True', reason: 'Migrated', generation: 3 });
    assert.deepEqual([record.pending, record.stalled, record.key], [2, false, 'shop/orders']);
    assert.notEqual(record.readiness, new ResourceRecord(object({ ...STATUS, pending: 0 })).readiness);
  });

  it('takes a status of another version for none, and says which part of a spec it cannot read', () => {
    const odd = new ResourceRecord(object({ conditions: 'none' }));
    assert.deepEqual([odd.unreadable, odd.resource.status], [undefined, undefined]);
    const { unreadable } = new ResourceRecord(object(STATUS, { ...SPEC, approval: 'Perhaps' }));
    assert.match(unreadable ?? '', /^spec\.approval: .*Update the CRD and the operator/);
  });
});

describe('mentions', () => {
  it('find those who name something, and no more when they have changed', () => {
    const mentions = new ReverseIndex();
    mentions.set('a', ['x', 'y']);
    mentions.set('b', ['x']);
    assert.deepEqual([mentions.of('x'), mentions.of('y'), mentions.of('z')], [['a', 'b'], ['a'], []]);
    mentions.set('a', ['y', 'z']);
    assert.deepEqual([mentions.of('x'), mentions.of('z')], [['b'], ['a']]);
    mentions.set('a', []);
    assert.deepEqual([mentions.of('y'), mentions.of('z')], [[], []]);
  });
});
