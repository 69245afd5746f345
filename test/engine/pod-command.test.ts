/** The containers of a command, as the kubelet starts them one after the other; here they are processes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { REASONS } from '../../src/core/model/reason.ts';
import { type RunReport, runEventSchema } from '../../src/core/model/report.ts';
import { COMMAND_FOLDER_VARIABLE, RUN_REQUEST_VARIABLE } from '../../src/core/model/request.ts';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { compileCache, eventually, mustRun } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';
import { query as ask, look, requestFor } from './request.ts';
import { makeTool, type Tool } from './wrapped-fixtures.ts';

interface Started {
  child: ChildProcess;
  output(): string;
  ended: Promise<number | null>;
}

describe('a command in the containers of a pod', function () {
  this.timeout(180_000);
  let program: string;
  let tool: Tool;
  let url: string;

  before(async () => {
    program = join(await temporaryFolder('entrypoint'), 'entrypoint');
    const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-Os', '-static'];
    await mustRun('cc', [...flags, '-o', program, 'src/command/entrypoint.c']);
    tool = await makeTool();
  });
  beforeEach(async () => {
    ({ url } = await temporaryDatabase('postgres'));
    await look(url, (database) => ask(database, 'CREATE TABLE orders (id int PRIMARY KEY, note text)'));
    await look(url, (database) => ask(database, 'INSERT INTO orders (id) VALUES (1)'));
  });

  function start(command: string, args: readonly string[], env: Record<string, string>): Started {
    const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
    });
    child.stderr.on('data', (data) => {
      text += data;
    });
    return { child, output: () => text, ended: once(child, 'close').then(([code]) => code as number | null) };
  }

  /** A pod with the words of a command; `stage` starts a container. */
  async function pod(words: readonly string[], down?: readonly string[]) {
    const folder = await temporaryFolder('pod');
    const {
      migrations: _1,
      models: _2,
      target: _3,
      allowDowngrade: _4,
      outOfOrder: _5,
      ...common
    } = requestFor(folder, join(folder, 'backups'), {
      safety: { rehearsalServer: 'SameServer' },
      onFailure: down === undefined ? 'Keep' : 'Downgrade',
    });
    const command = {
      run: words,
      ...(down && { down }),
      urlVariable: 'DATABASE_URL',
      urlFormat: 'uri',
      statements: 'Enforce',
    };
    const env = { [COMMAND_FOLDER_VARIABLE]: folder, DB_MANAGER_TERMINATION_LOG: '/dev/null', DATABASE_URL: url };
    const runner = start(process.execPath, [MAIN, 'runner'], {
      ...compileCache(),
      ...env,
      [RUN_REQUEST_VARIABLE]: JSON.stringify({ ...common, command }),
    });
    const stage = (name: string, run: readonly string[] = []) =>
      start(program, [name, ...run], { DB_MANAGER_COMMAND_SOCKET: join(folder, 'control.sock') });
    const report = async (): Promise<RunReport> => {
      runner.child.kill('SIGTERM');
      await runner.ended;
      for (const line of runner.output().split('\n').reverse()) {
        const event = line.startsWith('{') ? runEventSchema.safeParse(JSON.parse(line)) : undefined;
        if (event?.data?.type === 'report') return event.data.report;
      }
      throw new Error(`no report: ${runner.output()}`);
    };
    const whole = async () => {
      const codes: (number | null)[] = [];
      let last = '';
      for (const [name, run] of [
        ['rehearse', words],
        ['apply', words],
        ...(down ? [['down', down] as const] : []),
        ['verify', []],
      ] as const) {
        const container = stage(name, run);
        codes.push(await container.ended);
        last = container.output();
      }
      return { codes, last, report: await report() };
    };
    return { runner, stage, report, whole };
  }

  const columns = () =>
    look(url, async (database) =>
      (
        await ask<{ name: string }>(
          database,
          "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped",
        )
      ).map(({ name }) => name),
    );

  it('runs on the copy, then on the target; the last one shows the result', async () => {
    const { whole } = await pod(await tool.sends('ALTER TABLE orders ADD total int'));
    const { codes, last, report } = await whole();
    assert.equal(report.reason, 'Migrated', report.message);
    assert.deepEqual(codes, [0, 0, 0]);
    assert.match(last, /^Migrated: /);
    assert.deepEqual(await columns(), ['id', 'note', 'total']);
  });

  it('that fails on the copy is not run on the target; the last container ends with the code of the reason', async () => {
    const { whole, runner } = await pod(await tool.sends('ALTER TABLE orders ALTER note SET NOT NULL'));
    const { codes, last, report } = await whole();
    assert.equal(report.reason, 'RehearsalFailed', report.message);
    assert.deepEqual(codes, [0, 0, REASONS.RehearsalFailed.exit]);
    assert.match(last, /RehearsalFailed: .*contains null values/);
    assert.match(runner.output(), /rehearse \| column "note" of relation "orders" contains null values/);
    assert.deepEqual(await columns(), ['id', 'note']);
  });

  it('that is not in its image is an error before anything is changed', async () => {
    const { whole } = await pod(['no-such-program']);
    const { report, codes } = await whole();
    assert.equal(report.reason, 'InvalidConfiguration', report.message);
    assert.match(report.message, /cannot be started in its container: No such file or directory/);
    assert.equal(codes.at(-1), REASONS.InvalidConfiguration.exit);
  });

  it('gets no password, has no terminal, and what it prints is masked in every log', async () => {
    const words = await tool.shell(
      `echo "given $DATABASE_URL and ${TEST_PASSWORD}"; read answer < /dev/tty; read line; echo "line '$line'"; exit 3`,
    );
    const { stage, runner, report } = await pod(words);
    const rehearse = stage('rehearse', words);
    await rehearse.ended;
    await stage('apply', words).ended;
    assert.equal(await stage('verify').ended, REASONS.RehearsalFailed.exit);
    assert.match(rehearse.output(), /given postgresql:/);
    assert.match(rehearse.output(), /line ''/);
    const all = rehearse.output() + runner.output();
    assert.ok(!all.includes(TEST_PASSWORD));
    assert.match((await report()).message, /exit code 3/);
  });

  it('that is stopped with its pod in the apply step ends as Interrupted, and its transaction is rolled back', async () => {
    const words = await tool.sends(
      'BEGIN',
      'ALTER TABLE orders ADD total int',
      "SELECT pg_sleep(CASE WHEN EXISTS (SELECT 1 FROM pg_database d WHERE d.datname = current_database() AND d.datname LIKE '%rehearsal%') THEN 0 ELSE 4 END)",
      'COMMIT',
    );
    const { stage, report } = await pod(words);
    assert.equal(await stage('rehearse', words).ended, 0);
    const apply = stage('apply', words);
    const sleeping = () =>
      look(
        url,
        async (database) =>
          (
            await ask(
              database,
              "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()",
            )
          ).length > 0,
      );
    await eventually('the command to run on the target', sleeping, { timeoutMs: 60_000 });
    apply.child.kill('SIGTERM');
    await apply.ended;
    const { reason, touched, retry } = await report();
    assert.deepEqual([reason, touched, retry], ['Interrupted', false, 'safe']);
    assert.deepEqual(await columns(), ['id', 'note']);
  });

  it('does not continue without its runner', async () => {
    const words = await tool.sends('SELECT pg_sleep(60)');
    const { stage, runner } = await pod(words);
    const rehearse = stage('rehearse', words);
    await eventually('the rehearsal', async () => /"step":"rehearse"/.test(runner.output()), { timeoutMs: 60_000 });
    runner.child.kill('SIGKILL');
    assert.equal(await rehearse.ended, 70);
    assert.match(rehearse.output(), /The runner of this pod has ended/);
  });

  it('is reverted by the given command where it fails on the target', async () => {
    const marker = join(await temporaryFolder('marker'), 'ran');
    const good = (await tool.sends('ALTER TABLE orders ADD total int')).map((word) => `'${word}'`).join(' ');
    const words = await tool.shell(`${good} || exit 1; if [ -e ${marker} ]; then exit 9; fi; touch ${marker}`);
    const { whole } = await pod(words, await tool.sends('ALTER TABLE orders DROP total'));
    const { report, codes } = await whole();
    assert.equal(report.reason, 'MigrationFailed', report.message);
    assert.equal(codes.at(-1), REASONS.MigrationFailed.exit);
    assert.deepEqual(await columns(), ['id', 'note']);
  });

  it('gets the path of the copy of a SQLite file, then that of the file itself', async () => {
    ({ url } = await temporaryDatabase('sqlite'));
    const file = url.slice('sqlite:///'.length);
    new DatabaseSync(file).exec('CREATE TABLE orders (id int PRIMARY KEY, note text)');
    const program = join(tool.folder, 'sqlite.mjs');
    await writeFile(
      program,
      `import { DatabaseSync } from 'node:sqlite';
const path = decodeURIComponent(new URL(process.env.DATABASE_URL).pathname).replace(/^[/]+/, '/');
console.log('given', path);
new DatabaseSync(path).exec(process.argv[2]);
`,
    );
    const sends = (statement: string) => [process.execPath, program, statement];
    const good = await pod(sends('ALTER TABLE orders ADD total int'));
    const { codes, report } = await good.whole();
    assert.equal(report.reason, 'Migrated', report.message);
    assert.deepEqual(codes, [0, 0, 0]);
    const given = [...good.runner.output().matchAll(/(rehearse|apply) \| given (.*)/g)].map(([, stage, path]) => [
      stage,
      path,
    ]);
    assert.equal(given[1]?.[1], file);
    assert.equal(given[0]?.[0], 'rehearse');
    assert.notEqual(given[0]?.[1], file);
    const bad = await pod(sends('ALTER TABLE orders ADD broken int; SELECT * FROM no_such_table'));
    const failed = await bad.whole();
    assert.equal(failed.report.reason, 'RehearsalFailed', failed.report.message);
    assert.equal(failed.codes.at(-1), REASONS.RehearsalFailed.exit);
    const names = await look(url, (database) =>
      ask<{ name: string }>(database, "SELECT name FROM pragma_table_info('orders')"),
    );
    assert.deepEqual(
      names.map(({ name }) => name),
      ['id', 'note', 'total'],
    );
  });
});
