import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { DIALECTS, hostedProject, type Project, withMigrations, withModels } from './fixtures.ts';

const CONTINUED = / \|\n\| \| /g;
const ROW = /^\| `(.+?)` \| (`\[\]` )?(`.+`) \|$/gm;
const ROWS = [...readFileSync('docs/reference/json.md', 'utf8').replace(CONTINUED, ', ').matchAll(ROW)].map(
  ([, command = '', list, keys = '']) => ({
    command,
    list: list !== undefined,
    keys: keys.split(', ').map((key) => key.replaceAll('`', '')),
  }),
);

for (const dialect of DIALECTS) {
  describe(`docs/reference/json.md on ${dialect}`, () => {
    let here: Project;
    before(async () => {
      here = await withModels(await withMigrations(await hostedProject(dialect)));
    });

    for (const { command, list, keys } of ROWS) {
      it(`has the documented keys of ${command}`, async () => {
        const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
        const { code, out, err } = await here.run(...args, '--json');
        assert.equal(code, 0, out + err);
        const document = JSON.parse(out) as object | object[];
        assert.equal(Array.isArray(document), list);
        for (const one of Array.isArray(document) ? document : [document]) {
          const found = Object.keys(one);
          const needed = keys.filter((key) => !key.endsWith('?'));
          assert.deepEqual(
            needed.filter((key) => !found.includes(key)),
            [],
            'missing',
          );
          const known = keys.map((key) => key.replace('?', ''));
          assert.deepEqual(
            found.filter((key) => !known.includes(key)),
            [],
            'not documented',
          );
        }
      });
    }

    it('has rows', () => assert.ok(ROWS.length > 20));
  });
}

describe('docs/reference/json.md', () => {
  it('has a word on every command', () => {
    const page = readFileSync('docs/reference/json.md', 'utf8');
    const unnamed = COMMANDS.map(({ name }) => name).filter((name) => !page.includes(`\`${name}`));
    assert.deepEqual(unnamed, []);
  });
});
