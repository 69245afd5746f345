import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STEP_NAMES } from '../../src/core/model/step.ts';
import { temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';
import { compileCache, eventually } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';
import { type Project, project } from './fixtures.ts';

/** The step whose end is awaited: the signal arrives in the next one. All of them with `DB_MANAGER_FAULTS=long`. */
const AFTER =
  process.env.DB_MANAGER_FAULTS === 'long'
    ? STEP_NAMES.slice(0, STEP_NAMES.indexOf('apply'))
    : (['lock', 'backup', 'rehearse'] as const);

async function slow(): Promise<Project> {
  const here = await project('postgres');
  for (const n of [1, 2, 3]) {
    await here.write(
      `migrations/${n}_slow.sql`,
      `-- migrate:up\nCREATE TABLE t${n} (id bigint PRIMARY KEY);\nSELECT pg_sleep(0.4);\n-- migrate:down\nDROP TABLE t${n};\n`,
    );
  }
  return here;
}

/** Runs `safe-migrate` with a temporary folder of its own, and signals it when that step has ended. */
async function signalled(here: Project, after: string, signal: 'SIGINT' | 'SIGKILL', pauseMs = 0) {
  const place = await temporaryFolder('interrupted');
  // The private server runs as another user where this is root.
  await chmod(place, 0o755);
  const child = spawn(process.execPath, [MAIN, 'safe-migrate', '--rehearsal-server', 'private'], {
    cwd: here.folder,
    env: {
      ...compileCache(),
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: place,
      DATABASE_URL: here.url,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let sent = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (sent || !new RegExp(`^[✓–] ${after} `, 'm').test(text)) return;
      sent = true;
      setTimeout(() => child.kill(signal), pauseMs);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  assert.ok(sent, text);
  return { place, code, text };
}

/** Processes that were started with that folder: servers, watchdogs, programs. */
async function processesIn(place: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '');
    if (command.includes(place)) found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}

const onServer = async () =>
  (await sharedPostgres()).query(
    'SELECT datname::text AS name FROM pg_database UNION ALL SELECT rolname::text FROM pg_roles ORDER BY 1',
  );

describe('a run in production that is', function () {
  this.timeout(120_000);
  if (process.platform !== 'linux') return;

  for (const after of AFTER) {
    it(`interrupted by Ctrl-C after ${after} reports what was done, and leaves nothing behind`, async () => {
      const here = await slow();
      const before = await onServer();
      const { place, code, text } = await signalled(here, after, 'SIGINT');
      assert.equal(code, 1, text);
      assert.match(text, /Interrupted/);
      assert.doesNotMatch(text, /InternalError|please report/);
      assert.deepEqual(await processesIn(place), []);
      assert.deepEqual(await readdir(place), []);
      assert.deepEqual(await onServer(), before);
      const applied = Number(/Stopped on request: (\d) migrations? applied of 3/.exec(text)?.[1] ?? 0);
      const { out } = await here.run('migrate', 'current');
      assert.match(out, applied === 0 ? /base|no migration/i : new RegExp(`^${applied}_slow`), `${text}\n${out}`);
      if (after !== 'rehearse') return;
      const again = await here.run('safe-migrate');
      assert.equal(again.code, 0, again.out + again.err);
    });
  }

  it('killed with SIGKILL on a private server leaves no process, and the next run removes the rest', async () => {
    const here = await slow();
    const before = await onServer();
    const { place, code } = await signalled(here, 'backup', 'SIGKILL', 400);
    assert.equal(code, null);
    await eventually('the servers of the run to end', async () => (await processesIn(place)).length === 0, {
      timeoutMs: 30_000,
      everyMs: 100,
    });
    const left = await readdir(place);
    assert.deepEqual(
      left.filter((name) => name.startsWith('db-manager-pg-')),
      [],
    );
    const again = await here.runWith({ DATABASE_URL: here.url, TMPDIR: place }, 'safe-migrate');
    assert.equal(again.code, 0, again.out + again.err);
    assert.deepEqual(await onServer(), before);
  });
});
