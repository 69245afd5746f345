/** What one namespace writes never hurts another: each case of a hostile tenant, and two more inputs of its kind. */
import assert from 'node:assert/strict';
import { HOSTILE_LOGS } from '../bench/hostile/tenants.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  reasonOf,
  secret,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const quick = {
  safety: { mode: 'Disabled', rehearsal: 'Disabled' },
  validation: { before: 'Disabled', after: 'Disabled' },
  retry: { limit: 0, backoff: '1s' },
};
const code = (body: string) => ({
  '1_a.ts': `export async function up({ context }) {\n${body}\n}\nexport async function down() {}\n`,
});
const sql = (up: string) => ({ '1_a.sql': `-- migrate:up\n${up}\n-- migrate:down\n` });

/** What is written into the log, by a name; the run is still Ready, because its report is the last line. */
const LOGS: Record<string, string> = {
  // C1: lines that a careless expression reads in quadratic time.
  'six-lines': HOSTILE_LOGS['six-lines'] ?? '',
  'urls-without-end': "for (let i = 0; i < 6; i += 1) process.stdout.write(`${'a://b:c'.repeat(20_000)}\\n`);",
  'reports-without-end':
    'for (let i = 0; i < 6; i += 1) process.stdout.write(`{"type":"report",${"[".repeat(100_000)}\\n`);',
  // C2: lines that are longer than anything is kept.
  'one-line': "process.stdout.write(`${'x'.repeat(20_000_000)}\\n`);",
  'carriage-returns':
    "for (let i = 0; i < 200; i += 1) process.stdout.write(`${'#'.repeat(99_999)}\\r`); process.stdout.write('\\n');",
  'no-newline': "process.stdout.write('\\u{1F600}\\u0000'.repeat(1_000_000));",
};

describeCluster('the operator among strangers', (cluster) => {
  let hostile: Ground;
  let healthy: Ground;
  let operator: Operator;
  const all = async () =>
    (await hostile.run('get', 'dbm,events,jobs', '--output=json')).replaceAll(
      /"kubectl\.kubernetes\.io\/last-applied-configuration": .*/g,
      '',
    );

  before(async function () {
    this.timeout(120_000);
    hostile = await openGround(cluster(), 'hostile');
    healthy = await openGround(cluster(), 'healthy');
    for (const ground of [hostile, healthy]) await furnish(ground);
    const namespaces = [hostile.namespace, healthy.namespace];
    operator = await healthy.startOperator({ namespaces, kubeconfig: cluster().kubeconfig, maxConcurrentRuns: 2 });
  });
  after(() => operator?.stop());

  /** A new resource of the healthy namespace becomes Ready. */
  async function goesOn(name: string): Promise<void> {
    await healthy.apply(configMap(name, LEDGER), sqliteMigration(name));
    await healthy.waitFor(name, 'Ready', 90);
  }

  async function end(ground: Ground, name: string) {
    const over = ({ status }: Awaited<ReturnType<Ground['resource']>>) => status?.run?.finishedAt !== undefined;
    return ground.resourceWhen(name, 'finished', over, 90);
  }

  it('is not stopped by logs, and reads the report behind them (C1, C2)', async function () {
    this.timeout(400_000);
    for (const [name, body] of Object.entries(LOGS))
      await hostile.apply(configMap(name, code(body)), sqliteMigration(name, quick));
    await goesOn('beside-logs');
    for (const name of Object.keys(LOGS)) await hostile.waitFor(name, 'Ready', 120);
    assert.equal(operator.isRunning(), true);
  });

  it('gives no slot to pods that never start (C4)', async function () {
    this.timeout(200_000);
    const { spec } = await postgresDatabase('stuck');
    const { postgres } = spec.database;
    const missing = { ...postgres, passwordFrom: { secretKeyRef: { name: 'missing', key: 'password' } } };
    const stuck: Record<string, object> = {
      'no-secret': { database: { postgres: missing } },
      'no-image': { database: spec.database, runner: { image: 'nowhere.example/none:1' } },
      'no-claim': { database: { sqlite: { volume: { claimName: 'missing' }, path: 'x.db' } } },
      'no-key': { database: { urlFrom: { secretKeyRef: { name: 'postgres', key: 'no-such-key' } } } },
      'no-node': { database: spec.database, runner: { nodeSelector: { none: 'at-all' } } },
    };
    for (const [name, given] of Object.entries(stuck))
      await hostile.apply(configMap(name, LEDGER), migration(name, given));
    for (const name of Object.keys(stuck)) {
      const waits = (resource: Awaited<ReturnType<Ground['resource']>>) =>
        !['Running', 'Queued', 'DatabaseInUse', undefined].includes(reasonOf(resource));
      await hostile.resourceWhen(name, 'stuck', waits, 90);
    }
    await goesOn('beside-stuck');
    await hostile.run('delete', 'dbm', ...Object.keys(stuck));
  });

  it('does not let a run block the database of another tenant that it cannot open, and names no resource (C5)', async function () {
    this.timeout(200_000);
    const { spec } = await postgresDatabase('shared');
    const { postgres } = spec.database;
    await hostile.apply(secret('wrong', { password: 'wrong' }));
    const key = (name: string) => ({ passwordFrom: { secretKeyRef: { name, key: 'password' } } });
    const squatters: Record<string, object> = {
      'squats-without-secret': { ...postgres, ...key('missing') },
      'squats-with-wrong-password': { ...postgres, ...key('wrong') },
      'squats-as-nobody': { ...postgres, user: 'nobody' },
    };
    for (const [name, database] of Object.entries(squatters))
      await hostile.apply(configMap(name, LEDGER), migration(name, { ...quick, database: { postgres: database } }));
    await healthy.apply(configMap('owner', LEDGER), migration('owner', spec));
    await healthy.waitFor('owner', 'Ready', 90);
    const seen = await healthy.run('get', 'dbm,events', '--output=json');
    for (const name of [hostile.namespace, ...Object.keys(squatters)]) assert.ok(!seen.includes(name), name);
    await hostile.run('delete', 'dbm', ...Object.keys(squatters));
  });

  it('does not report a table that the migrations did not create as an error (C6)', async function () {
    this.timeout(200_000);
    const others = {
      'a-table': 'CREATE TABLE legacy (id integer PRIMARY KEY);',
      'a-view': 'CREATE TABLE t (id integer); CREATE VIEW v AS SELECT id FROM t;',
      'a-type': "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE moods (mood mood NOT NULL);",
    };
    for (const [name, text] of Object.entries(others)) {
      const { spec, rows } = await postgresDatabase('adopted');
      await rows(text);
      await hostile.apply(configMap(name, LEDGER), migration(name, spec));
    }
    for (const name of Object.keys(others)) await hostile.waitFor(name, 'Ready', 120);
    // What the rehearsal knows is not found out in production.
    const { spec, rows } = await postgresDatabase('adopted');
    await rows('CREATE TABLE legacy (id integer PRIMARY KEY);');
    const files = {
      '1_a.sql': `-- migrate:up\nCREATE TABLE made (id integer);\n-- migrate:down\nDROP TABLE made;\n`,
      ...{ '2_b.sql': '-- migrate:up\nALTER TABLE lost ADD COLUMN x integer;\n-- migrate:down\n' },
    };
    await hostile.apply(
      configMap('b-lost', files),
      migration('b-lost', { ...spec, retry: { limit: 0, backoff: '1s' } }),
    );
    assert.equal((await end(hostile, 'b-lost')).status?.failure?.reason, 'RehearsalFailed');
    assert.deepEqual(await rows("SELECT to_regclass('made') AS made"), [{ made: null }]);
  });

  it('shows no value of a Secret and no values of rows (C7, C8)', async function () {
    this.timeout(300_000);
    const token = 'p@ss/w"ord-4711';
    await hostile.apply(secret('token', { token }));
    const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'token', key: 'token' } } }];
    const leaks: Record<string, Record<string, string>> = {
      'leaks-as-it-is': code('throw new Error(`refused: ${process.env.TOKEN}`);'),
      'leaks-in-a-url': code('throw new Error(`refused: postgres://u:${encodeURIComponent(process.env.TOKEN)}@h/d`);'),
      'leaks-quoted': code('throw new Error(`refused: ${JSON.stringify({ token: process.env.TOKEN })}`);'),
      'rows-unique': sql('CREATE UNIQUE INDEX one ON people (email);'),
      'rows-null': sql(
        'CREATE TABLE strict (email text, id integer NOT NULL); INSERT INTO strict (email) SELECT email FROM people;',
      ),
      'rows-cast': sql('ALTER TABLE people ALTER email TYPE integer USING email::integer;'),
    };
    for (const [name, files] of Object.entries(leaks)) {
      const { spec, rows } = await postgresDatabase('secrets');
      await rows('CREATE TABLE people (email text)');
      await rows("INSERT INTO people VALUES ('ada@example.org'), ('ada@example.org')");
      await hostile.apply(configMap(name, files), migration(name, { ...spec, ...quick, runner: { env } }));
    }
    for (const name of Object.keys(leaks)) {
      const resource = await end(hostile, name);
      assert.equal(resource.status?.run?.result, 'failed', name);
      // C10: the place and the next command.
      const stalled = await hostile.resourceWhen(
        name,
        'stalled',
        (each) => condition(each, 'Stalled') !== undefined,
        30,
      );
      assert.match(condition(stalled, 'Stalled')?.message ?? '', /1_a.*kubectl annotate dbm/s, name);
    }
    const seen = await all();
    for (const text of [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1), 'ada@example.org'])
      assert.ok(!seen.replaceAll('\\\\', '\\').includes(text) && !seen.includes(text), text);
  });
});
