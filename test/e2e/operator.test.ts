import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { eventually } from '../support/processes.ts';
import { openPostgres, openRoom, type Postgres, type Room } from './fixtures.ts';
import { applicationChart, BROKEN, MORE, NOTES, ORDERS, operatorValues, resource } from './objects.ts';
import { describeE2e } from './suite.ts';

const OPERATOR = resolve('charts/db-manager');
const WAIT = ['--wait', '--timeout=4m'];
const FILES = "JSON.stringify(fs.readdirSync('/volume', { recursive: true }))";

describeE2e('on a real cluster, the operator', () => {
  let room: Room;
  let postgres: Postgres;
  let values: string[];

  before(async () => {
    postgres = await openPostgres();
    room = await openRoom('e2e');
    values = operatorValues(room.namespace);
    await room.claim('backups');
    await room.claim('data');
  });
  after(async () => {
    await room?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await room?.remove();
    await postgres?.stop();
  });

  it('is installed by helm in a namespace that enforces Pod Security restricted', async () => {
    const said = await room.mustHelm(
      'install',
      'db-manager',
      await previousChart(),
      ...values,
      '--take-ownership',
      ...WAIT,
    );
    assert.match(said, /kubectl/);
    await room.run('rollout', 'status', 'deployment/db-manager', '--timeout=60s');
    assert.doesNotMatch(await printerColumns(), /Backup/);
  });

  const printerColumns = () =>
    room.run(
      'get',
      'crd',
      'databasemigrations.db-manager.dev',
      '--output=jsonpath={..additionalPrinterColumns[*].name}',
    );

  it('migrates PostgreSQL, with a backup on the volume', async () => {
    const database = await postgres.createDatabase();
    await room.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'orders' }, stringData: { url: database.url } },
      ...resource(
        'orders',
        { '1_orders.sql': ORDERS, '2_notes.sql': NOTES },
        {
          urlFrom: { secretKeyRef: { name: 'orders', key: 'url' } },
        },
      ),
    );
    await room.waitFor('orders', 'Ready');
    const columns = await database.query<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position",
    );
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['id', 'symbol', 'note'],
    );
    const { status } = JSON.parse(await room.run('get', 'dbm', 'orders', '--output=json'));
    assert.equal(status.currentRevision, '2_notes');
    assert.match(await room.look('backups', `console.log(${FILES})`), new RegExp(status.backup.name));
  });

  it('migrates SQLite on a claim, and kubectl describe shows the details', async () => {
    await room.apply(
      ...resource('notes', { '1_orders.sql': ORDERS }, { sqlite: { volume: { claimName: 'data' }, path: 'notes.db' } }),
    );
    await room.waitFor('notes', 'Ready');
    const described = await room.run('describe', 'dbm', 'notes');
    for (const word of ['Migrated', 'BackedUp', 'Rehearsed', 'Verified', '1_orders']) {
      assert.ok(described.includes(word), `${word} is missing in:\n${described}`);
    }
    assert.match(await room.look('data', `console.log(${FILES})`), /notes\.db/);
  });

  it('runs pods that are restricted: no root, no token, nothing to write to but volumes', async () => {
    const { items } = JSON.parse(
      await room.run('get', 'pods', '--selector=app.kubernetes.io/component=runner', '--output=json'),
    );
    assert.ok(items.length >= 2);
    for (const { spec, status } of items) {
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.securityContext.runAsNonRoot, true);
      assert.equal(spec.containers[0].securityContext.readOnlyRootFilesystem, true);
      assert.equal(status.phase, 'Succeeded');
    }
  });

  it('does not run a failing migration on the database, and reports why', async () => {
    const files = { '1_orders.sql': ORDERS, '2_broken.sql': BROKEN };
    await room.apply(...resource('notes', files, { sqlite: { volume: { claimName: 'data' }, path: 'notes.db' } }));
    await room.waitFor('notes', 'Stalled');
    const { status } = JSON.parse(await room.run('get', 'dbm', 'notes', '--output=json'));
    assert.equal(status.failure.reason, 'RehearsalFailed');
    assert.equal(status.failure.migration, '2_broken');
    assert.equal(status.currentRevision, '1_orders');
  });

  for (const mode of ['operator', 'standalone']) {
    it(`gates an application's release: good, failing, rolled back (mode ${mode})`, async () => {
      const name = `shop-${mode}`;
      const database = await postgres.createDatabase();
      await room.claim(`${name}-backups`);
      await room.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `${name}-database` },
        stringData: { url: database.url },
      });
      const release = (files: Record<string, string>, version: string) => applicationChart(name, mode, files, version);
      const versionThatRuns = async () =>
        (await room.run('exec', `deployment/${name}`, '--', 'node', '-p', 'process.env.VERSION')).trim();
      const tables = async () =>
        (await database.query("SELECT 1 FROM information_schema.columns WHERE table_name = 'orders'")).length;

      await room.mustHelm('install', name, ...(await release({ '1_orders.sql': ORDERS }, 'one')), ...WAIT);
      assert.equal(await versionThatRuns(), 'one');
      assert.equal(await tables(), 2);
      const good = { '1_orders.sql': ORDERS, '2_notes.sql': NOTES };
      await room.mustHelm('upgrade', name, ...(await release(good, 'two')), ...WAIT);
      assert.equal(await versionThatRuns(), 'two');
      assert.equal(await tables(), 3);

      const bad = await release({ ...good, '3_broken.sql': BROKEN }, 'three');
      const { code } = await room.helm('upgrade', name, ...bad, ...WAIT);
      assert.notEqual(code, 0);
      assert.equal(await versionThatRuns(), 'two', 'the old version goes on');
      assert.equal(await tables(), 3, 'the database is as it was');
      const logs = await room.run('logs', `job/${name}-db-migration`, '--all-containers');
      assert.match(logs, /RehearsalFailed/);

      await room.mustHelm('rollback', name, '2', ...WAIT);
      await room.mustHelm('upgrade', name, ...(await release({ ...good, '3_more.sql': MORE }, 'four')), ...WAIT);
      assert.equal(await versionThatRuns(), 'four');
      assert.equal(await tables(), 4);
      await room.mustHelm('uninstall', name, ...WAIT);
    });
  }

  it('finds by its schedule what was changed by hand, and nothing in what programs make at run time', async () => {
    const database = await postgres.createDatabase();
    const url = { secretKeyRef: { name: 'drift', key: 'url' } };
    const files = { '1_orders.sql': ORDERS, '2_drift.sql': DRIFT };
    const [config, migration] = resource('drift', files, { urlFrom: url }) as [object, { spec: object }];
    await room.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'drift' }, stringData: { url: database.url } },
      config,
      { ...migration, spec: { ...migration.spec, drift: { schedule: '* * * * *' } } },
    );
    await room.waitFor('drift', 'Ready');
    for (const statement of [
      "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      'CREATE EXTENSION pg_trgm',
    ])
      await database.query(statement);
    await room.waitFor('drift', 'InSync');
    for (const statement of [
      'DROP INDEX orders_symbol',
      'ALTER TABLE orders ADD COLUMN by_hand text',
      "ALTER TABLE orders DROP CONSTRAINT not_empty, ADD CONSTRAINT not_empty CHECK (symbol <> ' ')",
      "CREATE OR REPLACE VIEW few AS SELECT id FROM orders WHERE symbol = 'b'",
    ])
      await database.query(statement);
    await room.waitFor('drift', 'InSync=False');
    const described = await room.run('describe', 'dbm', 'drift');
    for (const found of [
      /index of orders is missing/,
      /column orders\.by_hand is not expected/,
      /check of orders is missing/,
      /view few: definition/,
      /ALTER TABLE "orders" DROP COLUMN "by_hand"/,
    ])
      assert.match(described, found);
    await room.waitFor('drift', 'Ready');
    await room.run('delete', 'dbm', 'drift');
  });

  it('is upgraded while a run is in progress, and the run ends normally', async () => {
    const database = await postgres.createDatabase();
    const slow =
      '-- migrate:up\nSELECT pg_sleep(8);\nCREATE TABLE slow (id integer);\n-- migrate:down\nDROP TABLE slow;\n';
    await room.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'slow' }, stringData: { url: database.url } },
      ...resource('slow', { '1_slow.sql': slow }, { urlFrom: { secretKeyRef: { name: 'slow', key: 'url' } } }),
    );
    const status = async () => JSON.parse(await room.run('get', 'dbm', 'slow', '--output=json')).status;
    const run = await eventually(
      'the run to begin',
      async () => (await status())?.run?.step && (await status()).run.id,
      {
        timeoutMs: 120_000,
      },
    );
    await room.mustHelm('upgrade', 'db-manager', OPERATOR, ...values, '--set=podAnnotations.new=yes', ...WAIT);
    assert.match(await printerColumns(), /Backup/);
    await room.waitFor('slow', 'Ready');
    assert.equal((await status()).run.id, run);
    assert.equal((await database.query('SELECT 1 FROM slow')).length, 0);
  });

  it('leaves resources and backups when it is uninstalled', async () => {
    await room.mustHelm('uninstall', 'db-manager', ...WAIT);
    const { status } = JSON.parse(await room.run('get', 'dbm', 'orders', '--output=json'));
    assert.equal(status.currentRevision, '2_notes');
    assert.match(await room.look('backups', `console.log(${FILES})`), new RegExp(status.backup.name));
  });
});

const DRIFT = `-- migrate:up
CREATE INDEX orders_symbol ON orders (symbol);
ALTER TABLE orders ADD CONSTRAINT not_empty CHECK (symbol <> '');
CREATE VIEW few AS SELECT id FROM orders WHERE symbol = 'a';
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
-- migrate:down
DROP TABLE events;
DROP VIEW few;
ALTER TABLE orders DROP CONSTRAINT not_empty;
DROP INDEX orders_symbol;
`;

/** There is no earlier release yet: this chart under an older version, with a CRD that lacks a column of today's. */
async function previousChart(): Promise<string> {
  const chart = join(await temporaryFolder('previous-chart'), 'db-manager');
  await cp(OPERATOR, chart, { recursive: true });
  const change = async (name: string, pattern: RegExp, replacement: string) => {
    const text = await readFile(join(chart, name), 'utf8');
    assert.match(text, pattern);
    await writeFile(join(chart, name), text.replace(pattern, replacement));
  };
  await change('Chart.yaml', /^(version|appVersion): .*$/gm, '$1: 0.0.1');
  await change('templates/crds.yaml', / +- name: Backup\n +type: .*\n +jsonPath: .*\n +description: .*\n/, '');
  return chart;
}
