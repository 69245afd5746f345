import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { RunReport } from '../../src/core/model/report.ts';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { sharedPostgres, startPostgres, TEST_PASSWORD } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { query as ask, look } from './request.ts';
import { makeTool, type Tool, wrapped } from './wrapped-fixtures.ts';

const require = createRequire(import.meta.url);

const ORDERS = [
  'CREATE TABLE customers (id int PRIMARY KEY)',
  'CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, note text)',
  'INSERT INTO customers SELECT generate_series(1, 100)',
  "INSERT INTO orders SELECT g, g, 'note' FROM generate_series(1, 100) g",
];

describe('a run of a command on PostgreSQL', () => {
  let tool: Tool;
  let url: string;

  before(async () => {
    tool = await makeTool();
  });
  beforeEach(async () => {
    ({ url } = await temporaryDatabase('postgres'));
    await look(url, async (database) => {
      for (const sql of ORDERS) await ask(database, sql);
    });
  });

  const count = (sql: string) =>
    look(url, async (database) => Number((await ask<{ n: string }>(database, `SELECT (SELECT ${sql}) AS n`))[0]?.n));
  const ended = ({ result, reason, message }: RunReport) => `${result} ${reason}: ${message}`;
  const step = (report: RunReport, name: string) => report.steps.find((one) => one.step === name);

  it('runs it on the copy, then on the target, and the second time not at all', async () => {
    const command = await tool.sends(
      'BEGIN',
      'CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) PRIMARY KEY)',
      'ALTER TABLE orders ADD COLUMN IF NOT EXISTS total int',
      "INSERT INTO alembic_version SELECT 'a1' ON CONFLICT DO NOTHING",
      'COMMIT',
    );
    const first = await wrapped(url, tool, command, { rehearsalServer: 'Auto' });
    assert.equal(first.reason, 'Migrated', ended(first));
    assert.equal(first.currentRevision, 'a1');
    assert.deepEqual(first.plan?.migrations, ['a1']);
    assert.equal(first.backup?.verifiedBy, 'Rehearsal');
    assert.equal(first.rehearsal?.migrations[0]?.locks[0]?.mode, 'AccessExclusiveLock');
    const second = await wrapped(url, tool, command);
    assert.equal(second.reason, 'UpToDate', ended(second));
    assert.equal(step(second, 'apply')?.kind, 'skipped');
    assert.equal(second.touched, false);
  });

  it('is kept in the table of runs, which an empty database gets only after its first change', async () => {
    const failed = await wrapped(url, tool, await tool.sends('SELECT * FROM no_such_table'));
    assert.equal(failed.reason, 'RehearsalFailed', ended(failed));
    const runs = () => look(url, (database) => database.runs.list());
    assert.deepEqual(await runs(), []);
    assert.equal(await count("count(*) FROM pg_class WHERE relname = 'db_manager_runs'"), 0);
    const done = await wrapped(url, tool, await tool.sends('ALTER TABLE orders ADD a int'));
    assert.equal(done.reason, 'Migrated', ended(done));
    await wrapped(url, tool, await tool.sends('SELECT * FROM no_such_table'));
    const killed = new AbortController();
    const stopped = wrapped(url, tool, await tool.sends('ALTER TABLE orders ADD b int', 'SELECT pg_sleep(60)'), {
      signal: killed.signal,
      onEvent: (event) => event.type === 'started' && event.step === 'rehearse' && killed.abort(),
    });
    await eventually('the row of the run', async () => (await runs())[0]?.state === 'running');
    await stopped;
    const kept = await runs();
    assert.deepEqual(
      kept.map(({ command, state, reason }) => `${command} ${state} ${reason}`),
      ['wrap ended Interrupted', 'wrap ended RehearsalFailed', 'wrap ended Migrated'],
    );
    assert.ok(kept[2]?.backup?.startsWith('backup_'));
    assert.equal(kept[2]?.steps?.find(({ step }) => step === 'apply')?.kind, 'done');
    assert.equal(kept[2]?.plan?.digest, done.plan?.digest);
  });

  it('applies nothing in a dry run, and approves by the digest of what the copy showed', async () => {
    const command = await tool.sends('DROP TABLE orders');
    const dry = await wrapped(url, tool, command, { dryRun: true, safety: { ignore: ['drop-table'] } });
    assert.equal(dry.reason, 'DryRun', ended(dry));
    const blocked = await wrapped(url, tool, command);
    assert.equal(blocked.reason, 'UnsafePlan', ended(blocked));
    assert.ok(blocked.safety?.findings.some(({ rule }) => rule === 'drop-table'));
    assert.equal(await count('count(*) FROM orders'), 100);
    const approved = await wrapped(url, tool, command, { approvedPlan: blocked.plan?.digest });
    assert.equal(approved.reason, 'Migrated', ended(approved));
    const other = await wrapped(url, tool, await tool.sends('DROP TABLE customers'), {
      approvedPlan: blocked.plan?.digest,
      approval: 'Manual',
    });
    assert.equal(other.reason, 'PlanChanged', ended(other));
  });

  it('stops at rows that a cascade deletes', async () => {
    const report = await wrapped(url, tool, await tool.sends('DELETE FROM customers WHERE id < 50'));
    assert.equal(report.reason, 'RowsLost', ended(report));
    assert.match(report.message, /orders/);
    assert.equal(await count('count(*) FROM orders'), 100);
  });

  it('stops at the rehearsal where the command fails on the real rows', async () => {
    const command = await tool.sends(
      'UPDATE orders SET note = NULL WHERE id = 5',
      'ALTER TABLE orders ALTER note SET NOT NULL',
    );
    const report = await wrapped(url, tool, command);
    assert.equal(report.reason, 'RehearsalFailed', ended(report));
    assert.match(report.message, /exit code 1 .*column "note" of relation "orders" contains null values/);
    assert.equal(report.failure?.code, '23502');
    assert.match(report.failure?.statement ?? '', /^ALTER TABLE orders/);
    assert.equal(await count('count(*) FROM orders WHERE note IS NULL'), 0);
  });

  it('reports that nothing arrived if the command ignores the variable', async () => {
    const report = await wrapped(url, tool, ['true']);
    assert.equal(report.reason, 'NotConnected', ended(report));
    assert.match(report.message, /DATABASE_URL: nothing arrived/);
    // libpq's variables lead to the proxy too.
    const named = await wrapped(url, tool, await tool.sends('SELECT 1'), { urlEnv: 'OTHER_URL' });
    assert.equal(named.reason, 'UpToDate', ended(named));
  });

  it('names the database that a command requested instead of its own', async () => {
    const { bin } = await sharedPostgres();
    const command = await tool.shell(`${join(bin, 'psql')} -X "\${DATABASE_URL%/*}/postgres" -c "SELECT 1" || true`);
    const report = await wrapped(url, tool, command);
    assert.equal(report.reason, 'NotConnected', ended(report));
    assert.match(report.message, /asked for the database "postgres"/);
  });

  it('notices a command that changes the target during the rehearsal', async () => {
    const hidden = url.replace('postgresql://', '');
    const file = join(tool.folder, 'hidden');
    await writeFile(file, `postgresql://${hidden}`);
    const psql = `${join((await sharedPostgres()).bin, 'psql')} -X`;
    const command = await tool.shell(
      `${psql} "$DATABASE_URL" -c 'SELECT 1'; PGPASSWORD= ${psql} "$(cat ${file})" -c 'CREATE TABLE IF NOT EXISTS elsewhere (id int)'`,
    );
    const report = await wrapped(url, tool, command);
    assert.equal(report.reason, 'TargetChanged', ended(report));
    assert.match(report.message, /table public\.elsewhere/);
    assert.doesNotMatch(JSON.stringify(report), new RegExp(TEST_PASSWORD));
  });

  it('does not send a statement to the target that was not sent to the copy', async () => {
    const marker = join(await temporaryFolder('marker'), 'ran');
    const second = await tool.sends('ALTER TABLE orders ADD b int');
    const first = await tool.sends('ALTER TABLE orders ADD a int');
    const quote = (words: string[]) => words.map((word) => `'${word}'`).join(' ');
    const command = await tool.shell(
      `if [ -e ${marker} ]; then exec ${quote(second)}; fi; touch ${marker}; exec ${quote(first)}`,
    );
    const refused = await wrapped(url, tool, command);
    assert.equal(refused.reason, 'PlanChanged', ended(refused));
    assert.equal(refused.touched, false);
    assert.match(refused.message, /ADD b int/);
    assert.equal(
      await count("count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname IN ('a', 'b')"),
      0,
    );
    await rm(marker);
    const warned = await wrapped(url, tool, command, { statements: 'Warn' });
    assert.equal(warned.reason, 'SchemaMismatch', ended(warned));
    assert.match(step(warned, 'apply')?.message ?? '', /not sent in the rehearsal: ALTER TABLE orders ADD b int/);
    assert.match(warned.message, /column .*a/);
  });

  it('accepts constants that differ by time', async () => {
    const command = await tool.sends("INSERT INTO orders (id, note) VALUES ({pid}, 'at {pid}')");
    const report = await wrapped(url, tool, command);
    assert.equal(report.reason, 'Migrated', ended(report));
  });

  it('restores the backup, or runs the command that reverts, where it fails on the target after half', async () => {
    const half = async () => {
      const marker = join(await temporaryFolder('half'), 'ran');
      const words = await tool.sends('ALTER TABLE orders ADD a int');
      return tool.shell(
        `'${words.join("' '")}' || exit 1; if [ -e ${marker} ]; then echo it breaks >&2; exit 3; fi; touch ${marker}`,
      );
    };
    const columns = "count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'a'";
    const kept = await wrapped(url, tool, await half());
    assert.equal(kept.reason, 'MigrationFailed', ended(kept));
    assert.match(kept.message, /exit code 3 .*it breaks/);
    assert.equal(kept.touched, true);
    assert.equal(await count(columns), 1);
    await look(url, (database) => ask(database, 'ALTER TABLE orders DROP a'));
    const down = await tool.sends('ALTER TABLE orders DROP a');
    const reverted = await wrapped(url, tool, await half(), { down, onFailure: 'Downgrade' });
    assert.match(reverted.message, /the command of --down has run/);
    assert.equal(await count(columns), 0);
    const restored = await wrapped(url, tool, await half(), { onFailure: 'Restore', terminateSessions: true });
    assert.match(restored.message, /restored \(onFailure: Restore\)/);
    assert.equal(await count(columns), 0);
  });

  it('reports the error that the command printed, not the lines after it', async () => {
    for (const [printed, wanted] of [
      ['Error: no such setting\n    at run (file.js:1)\n\nNode.js v24.0.0', /: Error: no such setting$/],
      ['Traceback:\nKeyError: DB\n(Background on this error at: https://example.com)', /: KeyError: DB$/],
      ['it breaks', /: it breaks$/],
      ['Error: no module\n    at x (y.js:1) {\n  code: "ERR_DLOPEN_FAILED"\n}', /: Error: no module$/],
    ] as const) {
      const report = await wrapped(url, tool, await tool.shell(`printf '${printed}\\n' >&2; exit 1`));
      assert.equal(report.reason, 'RehearsalFailed', ended(report));
      assert.match(report.message, wanted);
      assert.deepEqual(report.output, printed.split('\n'));
    }
  });

  it('reports what the database rejected although the command succeeded', async () => {
    const statements = ['CREATE TABLE went_on (id int)', 'SELECT * FROM nowhere'];
    const sent = await tool.sends(...statements);
    const report = await wrapped(url, tool, await tool.shell(`'${sent.join("' '")}' || exit 0`));
    assert.equal(report.reason, 'Migrated', ended(report));
    for (const name of ['rehearse', 'apply']) {
      const step = report.steps.find((one) => one.step === name);
      assert.match(step?.message ?? '', /succeeded although the database rejected a statement: .*nowhere/, name);
    }
  });

  it('keeps the password of a role out of the report', async () => {
    const report = await wrapped(url, tool, await tool.sends("CREATE ROLE nobody_at_all PASSWORD 'hush-4711'"));
    assert.equal(report.reason, 'NotRehearsable', ended(report));
    assert.match(report.failure?.statement ?? '', /PASSWORD '\*\*\*'/);
    assert.doesNotMatch(JSON.stringify(report), /hush-4711/);
  });

  it('removes colours, cursor movements and control characters from what the command prints', async () => {
    const colours = "printf '\\033[2K\\033[1G\\033[31mError: bro\\033[1mken\\033[0m\\007\\n' >&2";
    const title = "printf '\\033]0;title\\007one\\ttwo\\b\\r[5%%]\\r[9%%]\\n'";
    const long = `head -c 3000000 /dev/zero | tr '\\0' x; echo`;
    const report = await wrapped(url, tool, await tool.shell(`${long}; ${title}; ${colours}; exit 1`));
    assert.match(report.message, /: Error: broken$/, ended(report));
    assert.deepEqual(report.output?.slice(-4), ['one\ttwo', '[5%]', '[9%]', 'Error: broken']);
    assert.ok(report.output?.every((line) => line.length <= 2_000));
  });

  it('does not call a failed transaction a change', async () => {
    const marker = join(await temporaryFolder('half'), 'ran');
    const good = await tool.sends('BEGIN', 'ALTER TABLE orders ADD a int', 'COMMIT');
    const bad = await tool.sends('BEGIN', 'ALTER TABLE orders ADD a int', 'SELECT 1/0', 'COMMIT');
    const command = await tool.shell(
      `if [ -e ${marker} ]; then exec '${bad.join("' '")}'; fi; touch ${marker}; exec '${good.join("' '")}'`,
    );
    const report = await wrapped(url, tool, command);
    assert.equal(report.reason, 'MigrationFailed', ended(report));
    assert.equal(report.touched, false);
    assert.match(report.message, /division by zero/);
  });

  it('does not send a statement beyond the database to a copy on the same server', async () => {
    const command = await tool.sends('CREATE ROLE wrapped_role');
    const shared = await wrapped(url, tool, command, { rehearsalServer: 'SameServer' });
    assert.equal(shared.reason, 'NotRehearsable', ended(shared));
    assert.match(shared.message, /CREATE ROLE wrapped_role/);
    const block = await tool.sends("DO $$ BEGIN EXECUTE 'CREATE ROLE wrapped_role'; END $$");
    assert.equal((await wrapped(url, tool, block, { rehearsalServer: 'SameServer' })).reason, 'NotRehearsable');
    assert.equal(await count("count(*) FROM pg_roles WHERE rolname = 'wrapped_role'"), 0);
  });

  it('does not start a command that is not found or cannot be executed', async () => {
    for (const [words, pattern] of [
      [['no-such-tool-at-all'], /no-such-tool-at-all cannot be run: it does not exist in the folders of PATH/],
      [['./statements.json'], /cannot be run: it does not exist/],
      [[join(tool.folder, 'tool.mjs')], /is not executable/],
    ] as const) {
      const report = await wrapped(url, tool, words);
      assert.equal(report.reason, 'InvalidConfiguration', ended(report));
      assert.match(report.message, pattern);
      assert.deepEqual(
        report.steps.map(({ step }) => step),
        ['load'],
      );
    }
    const format = await wrapped(url, tool, ['true'], { urlFormat: '{hots}' });
    assert.match(format.message, /not \{hots\}/);
  });

  it('ends a command that runs forever, and gives a question no terminal', async () => {
    const report = await wrapped(url, tool, await tool.shell('sleep 600 & wait'), {
      timeouts: { run: '15s', connect: '5s', lock: '2s' },
    });
    assert.equal(report.reason, 'DeadlineExceeded', ended(report));
    const asks = await tool.shell('read -r answer || { echo "no answer" >&2; exit 9; }');
    const asked = await wrapped(url, tool, asks);
    assert.equal(asked.reason, 'RehearsalFailed', ended(asked));
    assert.match(asked.message, /exit code 9 .*no answer/);
    const terminal = await tool.shell('echo "sure?" > /dev/tty || exit 8');
    assert.match((await wrapped(url, tool, terminal)).message, /exit code 8/);
  });

  it('terminates background processes of a command, also a server with a separate session', async () => {
    const file = join(await temporaryFolder('left'), 'pids');
    const words = await tool.sends('ALTER TABLE orders ADD a int');
    const command = await tool.shell(
      `sleep 600 & echo $! >> ${file}
setsid sh -c 'echo $$ >> ${file}; exec sleep 600' > /dev/null 2>&1 &
while [ $(wc -l < ${file}) -lt 2 ]; do sleep 0.05; done
exec '${words.join("' '")}'`,
    );
    const report = await wrapped(url, tool, command, { rehearsal: 'Disabled', backup: false });
    assert.equal(report.reason, 'Migrated', ended(report));
    assert.match(step(report, 'apply')?.message ?? '', /left processes running, which were terminated/);
    const pids = (await readFile(file, 'utf8')).trim().split('\n').map(Number);
    assert.equal(pids.length, 2);
    const isThere = (pid: number) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    await eventually('the processes to end', () => !pids.some(isThere));
  });

  it('gives the command no password, and masks what it prints', async () => {
    const printed: string[] = [];
    const words = await tool.sends('SELECT 1');
    const command = await tool.shell(`env; echo "password ${TEST_PASSWORD}"; exec '${words.join("' '")}'`);
    const report = await wrapped(url, tool, command, {
      env: {
        DATABASE_URL: url,
        PRIMARY_URL: url,
        PGPASSWORD: TEST_PASSWORD,
        PGSSLMODE: 'prefer',
        APP_MODE: 'test',
      },
      onOutput: (line) => printed.push(line),
    });
    assert.equal(report.reason, 'UpToDate', ended(report));
    const all = printed.join('\n');
    assert.doesNotMatch(all + JSON.stringify(report), new RegExp(TEST_PASSWORD));
    assert.match(all, /^APP_MODE=test$/m);
    assert.match(all, /^DATABASE_URL=postgresql:\/\/tester:\*\*\*@127\.0\.0\.1:\d+\//m);
    assert.doesNotMatch(all, /^PRIMARY_URL=/m);
    assert.match(all, /^PGSSLMODE=disable$/m);
    assert.match(step(report, 'rehearse')?.message ?? '', /not passed to the command, .*PRIMARY_URL/);
  });

  it('lets two commands run one after the other', async () => {
    const command = await tool.sends('SELECT pg_sleep(0.5)', 'ALTER TABLE orders ADD COLUMN IF NOT EXISTS a int');
    const reports = await Promise.all([wrapped(url, tool, command), wrapped(url, tool, command)]);
    assert.deepEqual(
      reports.map(({ reason }) => reason).sort(),
      ['Migrated', 'UpToDate'],
      reports.map(ended).join('\n'),
    );
  });

  it('records the findings that lint has for the same statements', async () => {
    const sql = 'CREATE INDEX orders_note ON orders (note)';
    const report = await wrapped(url, tool, await tool.sends(sql), { dryRun: true });
    const rules = report.safety?.findings.map(({ rule }) => rule).filter((rule) => !rule.startsWith('observed'));
    assert.deepEqual(rules, ['create-index-without-concurrently']);
  });

  it('shows the statements of a session with unusual parts of the protocol', async () => {
    const { bin } = await sharedPostgres();
    const command = await tool.shell(
      `export PATH=${bin}:$PATH; psql -X -v ON_ERROR_STOP=1 "$DATABASE_URL" <<'END'
CREATE TABLE copied (id int, name text);
COPY copied FROM stdin;
1	one
2	two
\\.
PREPARE p AS INSERT INTO copied VALUES ($1, 'three');
EXECUTE p (3);
BEGIN; SAVEPOINT s; INSERT INTO copied VALUES (4, 'four'); ROLLBACK TO s; COMMIT;
NOTIFY news;
END`,
    );
    const report = await wrapped(url, tool, command, { rehearsalServer: 'Private' });
    assert.equal(report.reason, 'Migrated', ended(report));
    assert.equal(await count('count(*) FROM copied'), 3);
  });

  it('runs what real projects send: concurrent indexes, SET ROLE, advisory locks, prepared transactions, a pool', async function () {
    this.timeout(400_000);
    const { query, stop, createDatabase } = await startPostgres({ settings: { max_prepared_transactions: '5' } });
    try {
      const own = await createDatabase();
      const sql = (text: string) => query(text, [], own.name);
      await sql('CREATE ROLE shop_owner; GRANT ALL ON SCHEMA public TO shop_owner');
      await sql('CREATE TABLE orders (id int PRIMARY KEY, note text); ALTER TABLE orders OWNER TO shop_owner');
      await sql('INSERT INTO orders SELECT generate_series(1, 100)');
      const sent = await tool.sends(
        'SELECT pg_advisory_lock(72707369)',
        'SET ROLE shop_owner',
        'CREATE INDEX CONCURRENTLY orders_note ON orders (note)',
        'REINDEX INDEX CONCURRENTLY orders_note',
        'SET ROLE NONE',
        'BEGIN',
        'ALTER TABLE orders ADD COLUMN total int',
        "PREPARE TRANSACTION 'shop'",
        "COMMIT PREPARED 'shop'",
        "SET lock_timeout = '1s'",
        'VACUUM orders',
        'SELECT pg_advisory_unlock(72707369)',
      );
      const file = join(tool.folder, 'pool.mjs');
      await writeFile(
        file,
        `const { default: pg } = await import(${JSON.stringify(require.resolve('pg'))});
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 12, min: 4 });
await Promise.all(Array.from({ length: 12 }, () => pool.query('SELECT pg_sleep(0.05)')));
await Promise.all([1, 2, 3].map((n) => pool.query('CREATE TABLE IF NOT EXISTS t' + n + ' (id int)')));
process.exit(0);
`,
      );
      const command = await tool.shell(`'${sent.join("' '")}' && exec '${process.execPath}' ${file}`);
      // Only a private server gets a copy with the owners of the target.
      const report = await wrapped(own.url, tool, command, { rehearsalServer: 'Private', safety: { mode: 'Warn' } });
      assert.equal(report.reason, 'Migrated', ended(report));
      const [found] = await sql(
        "SELECT relowner::regrole::text AS owner, to_regclass('t3')::text AS made FROM pg_class WHERE relname = 'orders_note'",
      );
      assert.deepEqual(found, { owner: 'shop_owner', made: 't3' });

      // A session that is not ended would keep its locks, and the copy could not be dropped.
      const forgotten = await tool.sends('BEGIN', 'ALTER TABLE orders ADD lost int', "PREPARE TRANSACTION 'forgotten'");
      const refused = await wrapped(own.url, tool, forgotten);
      assert.equal(refused.reason, 'RehearsalFailed', ended(refused));
      assert.match(
        refused.message,
        /left a prepared transaction \(forgotten\) on the copy.*COMMIT PREPARED 'forgotten'/,
      );
      const blind = await wrapped(own.url, tool, forgotten, { rehearsal: 'Disabled', backup: false });
      assert.equal(blind.reason, 'MigrationFailed', ended(blind));
      assert.match(blind.message, /on the target/);
      assert.deepEqual(await sql('SELECT database, gid FROM pg_prepared_xacts'), [
        { database: own.name, gid: 'forgotten' },
      ]);
      assert.equal((await sql("SELECT 1 FROM pg_database WHERE datname LIKE '%rehearsal%'")).length, 0);
      await sql("ROLLBACK PREPARED 'forgotten'");
    } finally {
      await stop();
    }
  });
});
