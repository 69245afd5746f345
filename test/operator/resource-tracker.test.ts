import assert from 'node:assert/strict';
import { ResourceTracker } from '../../src/operator/resource-tracker.ts';

describe('the tracker of resources', () => {
  it('keeps the fields of a resource separate, and removes a resource without any', () => {
    const tracker = new ResourceTracker();
    tracker.set('a/x', { reserved: 'db' });
    tracker.set('a/x', { orphanedSince: 7 });
    tracker.set('a/y', { orphanedSince: undefined });
    assert.deepEqual(tracker.get('a/x'), { reserved: 'db', orphanedSince: 7 });
    assert.deepEqual(
      [...tracker.entries()].map(([key]) => key),
      ['a/x'],
    );
    tracker.set('a/x', { reserved: undefined });
    assert.equal(tracker.get('a/x').orphanedSince, 7);
    tracker.set('a/x', { orphanedSince: undefined });
    assert.deepEqual([tracker.size, tracker.get('a/x')], [0, {}]);
  });
});
