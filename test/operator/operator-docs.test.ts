import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REASONS } from '../../src/core/model/reason.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/operations/operator.md'), 'utf8');

describe('docs/operations/operator.md', () => {
  it('names no reason that there is not', () => {
    const words = [...page.matchAll(/`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`/g)].map(([, word]) => word ?? '');
    const others = new Set(['DatabaseMigration']);
    assert.ok(words.filter((word) => word in REASONS).length >= 4, `too few reasons are found: ${words}`);
    assert.deepEqual(
      words.filter((word) => !(word in REASONS) && !others.has(word)),
      [],
    );
  });
});
