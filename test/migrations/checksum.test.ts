import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { checksumOf } from '../../src/migrations/checksum.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const sha256 = (text: string) => `sha256:${createHash('sha256').update(bytes(text)).digest('hex')}`;

describe('a checksum', () => {
  for (const { contents, hashed, what } of [
    { what: 'nothing', contents: [''], hashed: '' },
    { what: 'a text', contents: ['a\nb\n'], hashed: 'a\nb\n' },
    { what: 'CRLF as LF', contents: ['a\r\nb\r\n'], hashed: 'a\nb\n' },
    { what: 'CRLF at the start and at the end', contents: ['\r\n'], hashed: '\n' },
    { what: 'a CR alone, kept', contents: ['a\rb'], hashed: 'a\rb' },
    { what: 'a CR at the end, kept', contents: ['a\r'], hashed: 'a\r' },
    { what: 'CR before CRLF, kept', contents: ['a\r\r\nb'], hashed: 'a\r\nb' },
    { what: 'LF before CR, kept', contents: ['a\n\rb'], hashed: 'a\n\rb' },
    { what: 'a byte of zero and one of 255', contents: ['\0\xff\r\n'], hashed: '\0\xff\n' },
    { what: 'two files with a zero byte between', contents: ['a', 'b'], hashed: 'a\0b' },
    { what: 'three files, each with its own line ends', contents: ['a\r\n', '', 'c\n'], hashed: 'a\n\0\0c\n' },
  ]) {
    it(`covers ${what}`, () => {
      assert.equal(checksumOf(contents.map(bytes)), sha256(hashed));
    });
  }

  it('differs where the same bytes are in other files', () => {
    const ways = [['ab', ''], ['a', 'b'], ['', 'ab'], ['ab'], ['b', 'a']];
    assert.equal(new Set(ways.map((way) => checksumOf(way.map(bytes)))).size, ways.length);
  });
});
