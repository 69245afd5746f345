import assert from 'node:assert/strict';
import { renderExcerpt } from '../../src/migrations/excerpt.ts';

const at = (line: number, column: number) => ({ file: 'x.sql', line, column });

describe('The excerpt of a source line', () => {
  const CASES: [string, string, [number, number], string][] = [
    ['points below the column', 'SELECT 1;\nSELECT oops;', [2, 8], '2 | SELECT oops;\n  |        ^'],
    ['points at the first column', 'oops', [1, 1], '1 | oops\n  | ^'],
    ['points behind the end', 'SELECT', [1, 99], '1 | SELECT\n  |       ^'],
    ['lines up under a long line number', `${'\n'.repeat(99)}ab`, [100, 2], '100 | ab\n    |  ^'],
    ['shows tabs as blanks', '\tSELECT x', [1, 9], '1 |     SELECT x\n  |            ^'],
    ['shows no control characters', 'a\u001b[31mb', [1, 7], '1 | a·[31mb\n  |       ^'],
    ['knows CRLF', 'a\r\nb\r\n', [2, 1], '2 | b\n  | ^'],
    ['is empty for a line that is not there', 'a', [3, 1], ''],
  ];
  for (const [name, text, [line, column], expected] of CASES) {
    it(name, () => assert.equal(renderExcerpt(text, at(line, column)), expected));
  }

  it('is clipped around the caret, which stays below its character', () => {
    const text = Array.from({ length: 500 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    for (const column of [1, 5, 40, 250, 480, 500]) {
      const [first = '', second = ''] = renderExcerpt(text, at(1, column), 60).split('\n');
      assert.ok(first.length <= 64, first);
      assert.equal(first[second.indexOf('^')], text[column - 1], `column ${column}\n${first}\n${second}`);
    }
  });
});
