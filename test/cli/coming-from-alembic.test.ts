import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIALECTS, type HostedProject, hostedProject, withMigrations, withModels } from './fixtures.ts';

const PAGE = readFileSync('docs/guides/coming-from-alembic.md', 'utf8');
const LIBRARY = pathToFileURL(resolve('src/index.ts')).href;

interface Row {
  before: string;
  code: string;
  exit: number;
}

/** The rows of one section: the code in the right column, and the exit code if the row has one. */
function rowsOf(heading: string): Row[] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `(.+?)` \| `(.+?)`(?: \(exit (\d))?.*\|$/gm)].map(([, before, code, exit]) => ({
    before: before ?? '',
    code: code ?? '',
    exit: Number(exit ?? 0),
  }));
}

const words = (text: string) =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

for (const dialect of DIALECTS) {
  describe(`docs/guides/coming-from-alembic.md on ${dialect}`, () => {
    let here: HostedProject;
    before(async () => {
      here = await hostedProject(dialect);
      await withModels(await withMigrations(here));
    });

    const commands = [...rowsOf('Commands of db_manager.py'), ...rowsOf('Commands of Alembic')];
    for (const { before: old, code, exit } of commands) {
      it(`${old} is ${code}`, async () => {
        const [program, ...args] = words(code);
        assert.equal(program, 'db-manager');
        const result = await here.run(...args);
        assert.equal(result.code, exit, `${result.out}${result.err}`);
        assert.ok(result.out !== '' || exit !== 0, 'it says something');
      });
    }

    for (const [index, { before: old, code }] of rowsOf('Functions').entries()) {
      it(`${old} is ${code}`, async () => {
        const called = /\b(\w+)\(/.exec(code.replace(/^\(?await /, ''))?.[1];
        const module = `function-${index}.mjs`;
        await here.write(module, `import { ${called} } from '${LIBRARY}';\nexport default ${code};\n`);
        const result = await here.module(module);
        assert.equal(result.code, 0, result.err);
        assert.notEqual(JSON.parse(result.out), null);
      });
    }

    it('has a row for each of the old commands and functions', () => {
      assert.ok(commands.length >= 35, `${commands.length}`);
      assert.ok(rowsOf('Functions').length >= 19);
      const old = [
        'init',
        'create-tables',
        'drop-tables',
        'migrate upgrade',
        'migrate downgrade',
        'migrate current',
        'migrate history',
        'generate',
        'backup',
        'list-backups',
        'restore',
        'validate',
        'safe-migrate',
        'safety-check',
      ];
      for (const command of old)
        assert.ok(
          commands.some((row) => row.before.includes(command)),
          command,
        );
    });
  });
}
