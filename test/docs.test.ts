import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Pages with longer table rows, and why. */
const LONG_ROWS: Readonly<Record<string, string>> = {
  'docs/reference/databasemigration.md':
    'generated: one row for each field of the resource, with its whole description',
};

describe('the pages', () => {
  const pages = [
    'README.md',
    ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];

  it('link only to what is there, heading included', () => {
    const links = pages.flatMap((page) => linksOf(page).map((link) => ({ page, link })));
    assert.ok(links.length > 100, `too few links are found: ${links.length}`);
    assert.ok(links.filter(({ link }) => link.includes('#')).length >= 3, 'too few links to headings are found');
    assert.deepEqual(
      links.filter(({ page, link }) => !leadsSomewhere(page, link)).map(({ page, link }) => `${page}: ${link}`),
      [],
    );
  });

  it('have no table row over 200 characters', () => {
    const long = pages
      .filter((page) => !(page in LONG_ROWS))
      .flatMap((page) => rowsOver(200, readFileSync(page, 'utf8')).map((line) => `${page}:${line}`));
    assert.deepEqual(long, []);
    for (const page of Object.keys(LONG_ROWS)) {
      assert.ok(
        pages.includes(page) && rowsOver(200, readFileSync(page, 'utf8')).length > 0,
        `${page} needs no exception`,
      );
    }
    assert.deepEqual(
      rowsOver(9, '| short |\n| too long |\n\nalso too long\n```\n| in a block |\n```\n  | indented |\n'),
      [2, 8],
    );
  });

  it('have anchors as GitHub makes them', () => {
    const page = '# A `code` & "words", 1.5!\n## Same\n## Same\n```sh\n# no heading\n```\n### With [a link](x.md)\n';
    assert.deepEqual([...anchorsOf(page)], ['a-code--words-15', 'same', 'same-1', 'with-a-link']);
  });
});

function linksOf(page: string): string[] {
  const text = withoutCode(readFileSync(page, 'utf8'));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '').filter((link) => !/^[a-z]+:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || !target.endsWith('.md') || anchorsOf(readFileSync(target, 'utf8')).has(anchor);
}

/** The numbers of the lines, outside of code, that are table rows of more than that many characters. */
function rowsOver(most: number, text: string): number[] {
  const blank = text.replaceAll(/^( *)(```+|~~~+)[\s\S]*?^\1\2 *$/gm, (block) => block.replaceAll(/[^\n]/g, ''));
  return blank.split('\n').flatMap((line, index) => (/^ *\|/.test(line) && line.length > most ? [index + 1] : []));
}

/** The anchors that GitHub gives the headings of a page: lower case, no punctuation, a hyphen for each space. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number += 1) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^( *)(```+|~~~+)[\s\S]*?^\1\2 *$/gm, '');
}
