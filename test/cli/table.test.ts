import assert from 'node:assert/strict';
import { renderTable } from '../../src/cli/output/table.ts';

describe('a table on a terminal', () => {
  const lines = (rows: string[][], width = Number.POSITIVE_INFINITY) =>
    renderTable(['NAME', 'STATE'], rows, width).split('\n');

  it('aligns columns', () => {
    assert.deepEqual(
      lines([
        ['orders', 'applied'],
        ['a', 'pending'],
      ]),
      ['NAME    STATE', 'orders  applied', 'a       pending'],
    );
  });

  // As a terminal shows them: a wide character has two cells, a combining mark and an escape code have none.
  for (const [name, cells] of [
    ['日本', 4],
    ['ae\u0301', 2],
    ['\u001b[31mred\u001b[39m', 3],
    ['👩‍👩‍👧', 2],
  ] as const) {
    it(`counts ${JSON.stringify(name)} as ${cells} cells`, () => {
      assert.equal(lines([[name, 'x']])[1], `${name}${' '.repeat(4 - cells)}  x`);
    });
  }

  it('cuts what does not fit, and never half a character', () => {
    assert.equal(lines([['a', 'a long state']], 10)[1], 'a     a l…');
    assert.equal(lines([['a', '日本語日本語']], 10)[1], 'a     日…');
    assert.equal(lines([['a', 'xyz👩‍👩‍👧b']], 10)[1], 'a     xyz…');
  });
});
