import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { createApi } from '../../src/controller-runtime/api.ts';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { refreshFromApiServer } from '../../src/operator/cache-refresh.ts';
import { createCaches } from '../../src/operator/caches.ts';
import { LogFollowers } from '../../src/operator/logs.ts';
import { DRIFT_BY_HAND, DRIFT_TABLE } from '../support/drift-by-hand.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { configMap, furnish, migration, postgresDatabase } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const FILES = {
  '1_orders.sql': `${DRIFT_TABLE}-- migrate:down
DROP TABLE events; DROP VIEW large; DROP TABLE orders;
`,
};

/** Fires only once a year: checks are asked for by the annotation, so that the test does not wait for a minute. */
const YEARLY = '0 0 29 2 *';

describeCluster('drift checks of the operator', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let database: Awaited<ReturnType<typeof postgresDatabase>>;
  let asked = 0;

  before(async function () {
    this.timeout(180_000);
    ground = await openGround(cluster(), 'drift');
    await furnish(ground);
    operator = await ground.startOperator();
    database = await postgresDatabase('drift');
    await ground.apply(configMap('orders', FILES));
    await migrate({ drift: { schedule: YEARLY } });
    await ground.waitFor('orders', 'Ready', 90);
  });
  after(() => operator?.stop());

  const migrate = async (spec: object) => ground.apply(migration('orders', { ...database.spec, ...spec }));

  const conditionOf = ({ status }: DatabaseMigration, type = 'InSync') =>
    status?.conditions?.find((condition) => condition.type === type);

  /** Asks for a check and waits for its result. */
  async function check(): Promise<DatabaseMigration> {
    asked += 1;
    await ground.run('annotate', 'dbm', 'orders', `db-manager.dev/check-drift=${asked}`, '--overwrite');
    return ground.resourceWhen(
      'orders',
      'compared',
      ({ status }) => status?.drift?.requested === `${asked}` && status.drift.checkedAt !== undefined,
      90,
    );
  }

  it('have a manifest on their page that the API server accepts', async () => {
    const page = await readFile('docs/operations/drift.md', 'utf8');
    const manifest = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const input = manifest.replace('name: orders\n', 'name: of-the-page\n');
    const args = ['apply', '--dry-run=server', '--filename=-', `--namespace=${ground.namespace}`];
    assert.match(await cluster().mustKubectl(args, { input }), /of-the-page created/);
  });

  it('set InSync, and find each change by hand with the SQL that undoes it', async function () {
    this.timeout(400_000);
    assert.equal(conditionOf(await check())?.status, 'True');
    for (const [by] of DRIFT_BY_HAND) await database.rows(by);
    const found = await check();
    assert.deepEqual([conditionOf(found)?.status, conditionOf(found)?.reason], ['False', 'SchemaDrift']);
    const differences = found.status?.drift?.differences ?? [];
    for (const [by, pattern] of DRIFT_BY_HAND)
      assert.ok(
        differences.some(({ message, sql }) => pattern.test(message) && sql !== undefined),
        `${by}: ${JSON.stringify(differences)}`,
      );
    // The resource is still Ready: nothing of the run has changed.
    assert.equal(conditionOf(found, 'Ready')?.status, 'True');
    const described = await ground.run('describe', 'dbm', 'orders');
    assert.match(described, /Warning +SchemaDrift .*5 differences/);
    for (const { sql = '' } of differences) await database.rows(sql);
    assert.deepEqual(conditionOf(await check())?.status, 'True');
    assert.match(await ground.run('describe', 'dbm', 'orders'), /Normal +InSync/);
  });

  it('find nothing in partitions created at run time and objects of extensions, and do not report a run as drift', async function () {
    this.timeout(200_000);
    await database.rows(
      "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    );
    await database.rows('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    await ground.apply(
      configMap('orders', {
        ...FILES,
        '2_more.sql': '-- migrate:up\nCREATE TABLE more (id integer PRIMARY KEY);\n-- migrate:down\nDROP TABLE more;\n',
      }),
    );
    const during = await check();
    assert.equal(conditionOf(during)?.status, 'True', JSON.stringify(during.status?.drift));
    await ground.resourceWhen('orders', 'migrated', ({ status }) => status?.currentRevision === '2_more', 90);
    assert.equal(conditionOf(await check())?.status, 'True');
  });

  it('are not runs for the controller of runs, which queries the API server when it misses a Job', async function () {
    this.timeout(120_000);
    const resource = await check();
    const { job = '' } = resource.status?.drift ?? {};
    const config = new KubeConfig();
    config.loadFromFile(cluster().kubeconfig);
    const api = createApi(config);
    const caches = createCaches([ground.namespace], () => {});
    // As after a lost watch: a run has begun, and its Job is not in the cache.
    const status = { ...resource.status, run: { id: 'missed', attempt: 1 }, history: [] };
    caches.resources.put(caches.resources.trim({ ...resource, status } as never));
    const [key = ''] = caches.resources.keys();
    await refreshFromApiServer(key, undefined, { api, caches, logs: new LogFollowers(api, () => {}) });
    const names = [...caches.jobs.values()].map(({ name }) => name);
    assert.ok(names.length > 0, 'the Jobs of its runs are asked for');
    const pods = await ground.run('get', 'pods', `--selector=batch.kubernetes.io/job-name=${job}`, '--output=name');
    assert.match(pods, /pod\//, 'the check has a pod with the label of its owner');
    assert.ok(
      ![...names, ...[...caches.pods.values()].map(({ pod }) => pod.name)].some((name) => /-drift-/.test(name)),
    );
  });

  it('block the next run if the spec requests it, and let it start when the schema is in sync', async function () {
    this.timeout(300_000);
    await migrate({ drift: { schedule: YEARLY, onDrift: 'BlockNextRun' } });
    await database.rows('CREATE TABLE by_hand (id integer)');
    assert.equal(conditionOf(await check())?.status, 'False');
    await migrate({ drift: { schedule: YEARLY, onDrift: 'BlockNextRun' }, target: '1_orders', allowDowngrade: true });
    const blocked = await ground.resourceWhen(
      'orders',
      'blocked',
      (resource) => conditionOf(resource, 'Ready')?.reason === 'SchemaDrift',
      60,
    );
    assert.match(
      conditionOf(blocked, 'Ready')?.message ?? '',
      /kubectl annotate dbm orders .*db-manager\.dev\/check-drift/,
    );
    assert.equal(blocked.status?.currentRevision, '2_more');
    await operator.stop('SIGKILL');
    operator = await ground.startOperator();
    await database.rows('DROP TABLE by_hand');
    await check();
    await ground.resourceWhen('orders', 'reverted', ({ status }) => status?.currentRevision === '1_orders', 90);
  });

  it('are ignored by pattern, follow the schedule, and leave the status with the spec', async function () {
    this.timeout(300_000);
    await database.rows('CREATE TABLE audit_log (id integer)');
    await migrate({ drift: { schedule: '* * * * *', ignore: ['audit_*'] }, target: '1_orders', allowDowngrade: true });
    const at = Date.now();
    const found = await ground.resourceWhen(
      'orders',
      'compared by schedule',
      ({ status }) => Date.parse(status?.drift?.checkedAt ?? '') >= at - 1000 && status?.drift?.ignored === 1,
      150,
    );
    assert.equal(conditionOf(found)?.status, 'True');
    assert.ok(Date.parse(found.status?.drift?.nextCheckAt ?? '') > at);
    await migrate({ target: '1_orders', allowDowngrade: true });
    const without = await ground.resourceWhen(
      'orders',
      'without drift',
      ({ status }) => status?.drift === undefined,
      60,
    );
    assert.equal(conditionOf(without), undefined);
    assert.equal(conditionOf(without, 'Ready')?.status, 'True');
  });
});
