import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REASONS } from '../../src/core/model/reason.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/operator.md'), 'utf8');

describe('docs/operator.md', () => {
  it('names every metric there is, and none that there is not', async () => {
    const metrics = createMetrics({ resources: () => [], queueDepth: () => 0, leading: () => true });
    const own = metrics.registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith('db_manager_'));
    const named = new Set([...page.matchAll(/`(db_manager_\w+)/g)].map(([, name]) => name ?? ''));
    assert.deepEqual([...named].sort(), own.sort());
  });

  it('names no reason that there is not', () => {
    const words = [...page.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`/g)].map(([, word]) => word ?? '');
    const others = new Set(['DatabaseMigration', 'RunVanished']);
    assert.deepEqual(
      words.filter((word) => !(word in REASONS) && !others.has(word)),
      [],
    );
  });
});
