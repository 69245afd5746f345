import assert from 'node:assert/strict';
import { API_VERSION } from '../../src/core/model/resource.ts';
import { ResourceRecord } from '../../src/operator/resource-record.ts';
import { ReverseIndex } from '../../src/operator/reverse-index.ts';

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

  it('has the fields that are read for all resources', () => {
    const record = new ResourceRecord(object(STATUS));
    assert.deepEqual([record.configMaps, record.dependsOn], [['one', 'two'], ['other']]);
    assert.deepEqual(record.ready, { status: 'True', reason: 'Migrated', generation: 3 });
    assert.deepEqual([record.pending, record.stalled, record.key], [2, false, 'shop/orders']);
    assert.notEqual(record.readiness, new ResourceRecord(object({ ...STATUS, pending: 0 })).readiness);
  });

  it('ignores a status of another version, and reports which part of a spec it cannot read', () => {
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
