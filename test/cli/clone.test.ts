import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';

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

  function run(args: string[], ...environment: Record<string, string>[]) {
    return spawnSync(process.execPath, ['src/cli/main.ts', ...args], {
      cwd: folder,
      env: Object.assign(
        {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        },
        ...environment,
      ),
      encoding: 'utf8',
    });
  }

  // Models have no CHECKs, so the tables that the first section makes of them in the end are no start for the second.
  const SECTIONS: [string, () => void][] = [
    ['Commands of db_manager.py', () => {}],
    [
      'Commands of Alembic',
      () => {
        rmSync(join(folder, 'data'), { recursive: true, force: true });
        assert.equal(run(['init', '--migrate']).status, 0);
      },
    ],
  ];
  for (const [heading, prepare] of SECTIONS)
    describe(heading, () => {
      before(prepare);
      for (const { command, exit } of rows(heading))
        it(`runs db-manager ${command} on the example, without further options`, () => {
          const { status, stdout, stderr } = run(words(command));
          assert.equal(status, exit, `${stdout}${stderr}`);
          assert.doesNotMatch(stderr, /Left out|InternalError/);
        });
    });

  it('takes the folder of migrations as a whole for its versions too, and names what it leaves out (H17)', () => {
    const other = ['--database-url', 'sqlite:///data/whole.db', '--migrations', './migrations'];
    assert.equal(run([...other, 'init', '--no-tables']).status, 0);
    const { status, stdout, stderr } = run([...other, 'migrate', 'upgrade']);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /\d\d migrations applied/);
    assert.match(stderr, /^Left out, not migrations: .*files of models\/.*seed\.ts/m);
    assert.equal(stderr.split('Left out').length, 2);
    assert.match(run([...other, 'migrate', 'history']).stderr, /Left out/);
    assert.match(run([...other, 'lint']).stderr, /Left out/);
  });

  it('lets DATABASE_URL come before its own configuration', () => {
    const { status, stdout } = run(['migrate', 'current', '--json'], { DATABASE_URL: 'sqlite:///data/nothing.db' });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /nothing\.db/);
  });
});
