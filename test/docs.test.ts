import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

describe('the pages', () => {
  const pages = [
    'README.md',
    ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];

  it('link only to what is there', () => {
    const broken = pages.flatMap((page) => {
      const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(
        (match) => match[1] ?? '',
      );
      return links
        .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(dirname(page), link)))
        .map((link) => `${page}: ${link}`);
    });
    assert.ok(pages.length > 5);
    assert.deepEqual(broken, []);
  });
});
