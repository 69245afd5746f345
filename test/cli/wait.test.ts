import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startPostgres } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';
import { hostedProject, withMigrations } from './fixtures.ts';

const FIRST = '20240101000000_create_notes';
const SECOND = '20240102000000_add_author';

describe('db-manager wait', () => {
  it('ends with 3 and names what is pending, in words and as a document', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    await here.run('init', '--no-tables');
    const { code, out, err } = await here.run('wait', '--timeout', '0s1ms');
    assert.equal(code, 3);
    assert.match(out, /^head is not applied after 0 s: 2 migrations are not applied yet$/m);
    assert.match(out, new RegExp(`^ {2}pending {2}${FIRST}\n {2}pending {2}${SECOND}$`, 'm'));
    assert.equal(err, '');
    const document = JSON.parse((await here.run('wait', '--timeout', '1ms', '--json')).out);
    assert.deepEqual([document.reached, document.pending], [false, [FIRST, SECOND]]);
  });

  it('waits for a repeatable migration whose file has changed', async () => {
    const here = await hostedProject('sqlite');
    await here.write('migrations/V1__notes.sql', 'CREATE TABLE notes (id integer);');
    await here.write('migrations/R__view.sql', 'DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT id FROM notes;');
    await here.run('init', '--no-tables');
    await here.run('migrate', 'upgrade');
    assert.equal((await here.run('wait', '--timeout', '1ms')).code, 0);
    await here.write('migrations/R__view.sql', 'DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1 AS one;');
    const { code, out } = await here.run('wait', '--timeout', '1ms');
    assert.equal(code, 3);
    assert.match(out, /R__view is not applied yet/);
    await here.run('migrate', 'upgrade');
    assert.equal((await here.run('wait', '--timeout', '1ms')).code, 0);
  });

  it('knows a revision by its start without the folder of migrations', async () => {
    const here = await withMigrations(await hostedProject('sqlite'));
    await here.run('init', '--no-tables');
    await here.run('migrate', 'upgrade', '+1');
    assert.equal((await here.run('wait', '--revision', '20240101', '--migrations', 'nowhere')).code, 0);
    assert.equal((await here.run('wait', '--revision', SECOND, '--migrations', 'nowhere', '--timeout', '1')).code, 3);
  });

  it('refuses a time that is none', async () => {
    const { code, err } = await (await hostedProject('sqlite')).run('wait', '--timeout', 'soon');
    assert.equal(code, 2);
    assert.match(err, /It must be a duration such as 90s, 5m or 1h30m/);
  });

  it('waits while the server is down, while the history is empty, and ends when the last migration commits', async () => {
    const server = await startPostgres();
    const database = await server.createDatabase('wait');
    const here = await withMigrations(await hostedProject('sqlite'));
    const env = { DATABASE_URL: database.url };
    await server.crash();

    const waiting = spawn(process.execPath, [MAIN, 'wait', '--timeout', '2m'], {
      cwd: here.folder,
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    waiting.stdout.on('data', (text) => (said += text));
    waiting.stderr.on('data', (text) => (said += text));
    const ended = once(waiting, 'exit');
    await eventually('it to say that nobody answers', async () => /waiting: .*127\.0\.0\.1/.test(said));
    await server.start();
    await eventually('it to see the empty database', async () => said.includes('2 migrations are not applied yet'));
    assert.equal((await here.runWith(env, 'migrate', 'upgrade', '+1')).code, 0);
    await eventually('it to see the first', async () => said.includes(`${SECOND} is not applied yet`));
    assert.equal(waiting.exitCode, null);
    assert.equal((await here.runWith(env, 'migrate', 'upgrade')).code, 0);
    assert.deepEqual(await ended, [0, null]);
    assert.match(said, /head is applied \(waited /);
    await server.stop();
  });
});
