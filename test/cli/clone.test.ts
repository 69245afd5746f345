import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import { runHosted } from './host.ts';

const PAGE = readFileSync('docs/guides/coming-from-alembic.md', 'utf8');
/** What is not in a fresh clone. */
const MADE = new Set(['node_modules', 'dist', '.git', 'data', '.demo', '.cache', 'coverage']);
/** The page's revision is that of its own small project; here it is the example's first. */
const REVISIONS: [RegExp, string][] = [[/\b20240101\b/g, '20240108']];

interface Row {
  command: string;
  exit: number;
}

function rows(heading: string): Row[] {
  const text = PAGE.split(/^## /m).find((section) => section.startsWith(heading)) ?? '';
  return [...text.matchAll(/^\| `.+?` \| `db-manager (.+?)`(?: \(exit (\d))?.*\|$/gm)].map(
    ([, command = '', exit]) => ({
      command: REVISIONS.reduce((done, [from, to]) => done.replace(from, to), command),
      exit: Number(exit ?? 0),
    }),
  );
}

const words = (text: string) =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

describe('a fresh clone of this repository', () => {
  let folder: string;
  before(async () => {
    folder = join(await temporaryFolder('clone'), 'db-manager');
    cpSync('.', folder, { recursive: true, filter: (path) => !MADE.has(path) });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  });

  /** With the clone's files and configuration; in the process of all hosted commands (host.ts). */
  function run(args: string[], environment: Record<string, string> = {}) {
    const { PATH, HOME, TMPDIR } = process.env;
    return runHosted({ cwd: folder, env: { PATH, HOME, TMPDIR, ...environment }, args });
  }

  // Models have no CHECKs, so the tables that the first section makes of them in the end are no start for the second.
  const SECTIONS: [string, () => Promise<void>][] = [
    ['Commands of db_manager.py', async () => {}],
    [
      'Commands of Alembic',
      async () => {
        rmSync(join(folder, 'data'), { recursive: true, force: true });
        assert.equal((await run(['init', '--migrate'])).code, 0);
      },
    ],
  ];
  for (const [heading, prepare] of SECTIONS)
    describe(heading, () => {
      before(prepare);
      for (const { command, exit } of rows(heading))
        it(`runs db-manager ${command} on the example, without further options`, async () => {
          const { code, out, err } = await run(words(command));
          assert.equal(code, exit, `${out}${err}`);
          assert.doesNotMatch(err, /Left out|InternalError/);
        });
    });

  it('takes the folder of migrations as a whole for its versions too, and names what it leaves out (H17)', async () => {
    const other = ['--database-url', 'sqlite:///data/whole.db', '--migrations', './migrations'];
    assert.equal((await run([...other, 'init', '--no-tables'])).code, 0);
    const { code, out, err } = await run([...other, 'migrate', 'upgrade']);
    assert.equal(code, 0, err);
    assert.match(out, /\d\d migrations applied/);
    assert.match(err, /^Left out, not migrations: .*files of models\/.*seed\.ts/m);
    assert.equal(err.split('Left out').length, 2);
    assert.match((await run([...other, 'migrate', 'history'])).err, /Left out/);
    assert.match((await run([...other, 'lint'])).err, /Left out/);
  });

  it('lets DATABASE_URL come before its own configuration', async () => {
    const { code, out } = await run(['migrate', 'current', '--json'], { DATABASE_URL: 'sqlite:///data/nothing.db' });
    assert.equal(code, 1, out);
    assert.match(out, /nothing\.db/);
  });
});
