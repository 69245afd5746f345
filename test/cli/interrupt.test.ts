import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MAIN } from '../support/program.ts';
import { DIALECTS, type Project, project } from './fixtures.ts';

/** Four migrations that take half a second each; each prints a line when it begins. */
async function withSlowMigrations(here: Project): Promise<Project> {
  for (const number of [1, 2, 3, 4]) {
    await here.write(
      `migrations/${number}_slow.ts`,
      `import type { QueryInterface } from 'sequelize';
export async function up({ context }: { context: QueryInterface }) {
  await context.sequelize.query('CREATE TABLE t${number} (id integer)');
  console.error('begun ${number}');
  await new Promise((done) => setTimeout(done, 500));
}
`,
    );
  }
  return here;
}

/** Runs the upgrade in the terminal's way and presses Ctrl-C when its text is there, so many times. */
async function interrupted(here: Project, when: RegExp, times: number) {
  const child = spawn(process.execPath, [MAIN, 'migrate', 'upgrade'], {
    cwd: here.folder,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: process.env.HOME,
      DATABASE_URL: here.url,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  let pressed = 0;
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    // Each press after the answer to the one before, as a person does.
    const answers = text.match(/stopping at the next safe point/g)?.length ?? 0;
    if (when.test(text) && pressed < times && pressed === answers) {
      pressed += 1;
      child.kill('SIGINT');
    }
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

for (const dialect of DIALECTS) {
  describe(`Ctrl-C on ${dialect}`, () => {
    it('stops between two migrations, reports what was done, and the next upgrade continues from there', async () => {
      const here = await withSlowMigrations(await project(dialect));
      const { code, text } = await interrupted(here, /begun 2/, 1);
      assert.equal(code, 1, text);
      assert.match(text, /Interrupted: Stopped after 2 of 4 migrations\. Run the command again to continue/);
      assert.match((await here.run('migrate', 'current')).out, /^2_slow \(2 pending/);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      assert.match((await here.run('migrate', 'current')).out, /^4_slow/);
    });

    it('twice ends immediately: the unfinished migration is rolled back completely', async () => {
      const here = await withSlowMigrations(await project(dialect));
      const { code, text } = await interrupted(here, /begun 3/, 2);
      assert.equal(code, 130, text);
      assert.match((await here.run('migrate', 'current')).out, /^2_slow \(2 pending/);
      // CREATE TABLE t3 would fail if the first attempt had left it.
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    });
  });
}
