import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

const PAGE = 'docs/contributing/architecture.md';

describe('the page on the architecture', () => {
  const text = readFileSync(PAGE, 'utf8');
  const walkthroughs = text.split(/^## /m).filter((section) => section.startsWith('How to add'));

  for (const subject of ['a safety rule', 'a migration format', 'a command', 'a status condition']) {
    it(`shows where to add ${subject}, in files that exist`, () => {
      const section = walkthroughs.find((one) => one.startsWith(`How to add ${subject}`));
      assert.ok(section, `no section "How to add ${subject}"`);
      const named = pathsIn(section);
      assert.ok(named.length >= 3, `only ${named.length} files are named`);
      assert.deepEqual(
        named.filter((path) => !existsSync(path)),
        [],
      );
    });
  }

  it('names only files and folders that exist', () => {
    assert.deepEqual(
      pathsIn(text).filter((path) => !existsSync(path)),
      [],
    );
  });
});

/** Paths of the repository in backquotes. One with a placeholder, such as `<id>.ts`, counts as its folder. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`((?:src|test|docs|crds|charts|deploy)\/[^`\s]*)`/g)].map(([, path = '']) =>
    path.includes('<') ? path.slice(0, path.indexOf('<')).replace(/[^/]*$/, '') : path,
  );
}
