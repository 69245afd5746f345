import assert from 'node:assert/strict';
import { expand } from './expand.ts';

// The cases of Kubernetes' own third_party/forked/golang/expansion.
describe("Kubernetes' $(NAME) expansion", () => {
  const env = { A: '1', B: '$(A)', EMPTY: '' };
  for (const [text, expected] of [
    ['plain', 'plain'],
    ['$(A)', '1'],
    ['x-$(A)-y$(A)', 'x-1-y1'],
    ['$(B)', '$(A)'],
    ['[$(EMPTY)]', '[]'],
    ['$(UNKNOWN)', '$(UNKNOWN)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A $', '$A $'],
    ['$(A', '$(A'],
  ] as const) {
    it(`turns ${text} into ${expected}`, () => assert.equal(expand(text, env), expected));
  }
});
