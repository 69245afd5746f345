import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const PAGE = 'docs/contributing/hard-databases.md';

describe(PAGE, () => {
  it('names phrases that are in their tests, for every case', async () => {
    const entries = (await readFile(PAGE, 'utf8')).split(/^(?:- |## )/m).filter((text) => text.startsWith('**'));
    const names = entries.flatMap((entry) => /^\*\*([FR]\d+),/.exec(entry)?.[1] ?? []);
    const wanted = [...Array.from({ length: 25 }, (_, index) => `F${index + 1}`), 'R1', 'R2', 'R3'];
    assert.deepEqual(names, wanted);
    for (const entry of entries) {
      const parts = entry.replace(/\s+/g, ' ').split(/`(test\/[^`]+)`: /);
      assert.ok(parts.length >= 3, entry);
      for (let at = 1; at < parts.length; at += 2) {
        const file = parts[at] ?? '';
        const text = (await readFile(file, 'utf8')).replace(/\s+/g, ' ');
        const phrases = [...(parts[at + 1] ?? '').matchAll(/"([^"]+)"/g)];
        assert.notEqual(phrases.length, 0, file);
        for (const [, phrase = ''] of phrases) assert.ok(text.includes(phrase), `${file} does not have "${phrase}"`);
      }
    }
  });
});
