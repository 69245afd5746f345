import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { freePort } from '../support/ports.ts';
import { eventually } from '../support/processes.ts';
import {
  applicationChart,
  BROKEN,
  type ChartsGround,
  MORE,
  NOTES,
  ORDERS,
  openChartsGround,
  openDatabase,
  SLOW,
} from './charts-fixtures.ts';
import { describeCluster } from './suite.ts';

const OPERATOR = join(import.meta.dirname, '../../charts/db-manager');
const WAIT = ['--wait', '--timeout=120s'];
const GOOD = { '1_orders.sql': ORDERS, '2_notes.sql': NOTES };
const MODE = '--set=db-migration.mode=operator';

describeCluster(
  'the charts together: the operator, and an application chart that passes its migrations on',
  (cluster) => {
    let ground: ChartsGround;
    let database: Awaited<ReturnType<typeof openDatabase>>;
    let operator: string[];

    before(async () => {
      ground = await openChartsGround(cluster(), 'charts');
      database = await openDatabase(ground, 'shop');
      operator = ['db-manager', OPERATOR, `--set=watch.namespaces={${ground.namespace}}`];
    });
    const portOf = async () => `--set=metrics.port=${await freePort()}`;
    const status = async () => {
      const found = await cluster().reads.one<DatabaseMigration>(
        'databasemigrations',
        ground.namespace,
        'shop-db-migration',
      );
      assert.ok(found?.status, 'the resource has a status');
      return found.status;
    };
    const imageOfShop = () =>
      ground.run('get', 'deployment', 'shop', '--output=jsonpath={.spec.template.spec.containers[0].image}');

    it('install the operator where the CRD was applied by hand before, and it gets ready in a restricted namespace', async () => {
      await ground.controlPlane.mustKubectl(['apply', '--server-side', '--force-conflicts', '--filename=crds']);
      const said = await ground.mustHelm('install', ...operator, await portOf(), '--take-ownership', ...WAIT);
      assert.match(said, /kubectl wait --for=condition=Ready dbm\/my-database/);
      await ground.run('rollout', 'status', 'deployment/db-manager', '--timeout=30s');
      assert.match(await ground.run('get', 'leases', '--output=name'), /^lease\S*\/db-manager-operator$/m);
      const another = await ground.mustHelm('template', 'team', OPERATOR);
      assert.match(another, /--lease-name=team-db-manager-operator/);
    });

    it('migrate before the application is installed: the hook applies a DatabaseMigration and waits', async () => {
      const chart = await applicationChart({ '1_orders.sql': ORDERS });
      await ground.mustHelm('install', 'shop', chart, MODE, ...WAIT);
      assert.deepEqual(await database.columns(), ['id', 'symbol']);
      assert.equal((await status()).currentRevision, '1_orders');
    });

    it('migrate before an upgrade', async () => {
      await ground.mustHelm('upgrade', 'shop', await applicationChart(GOOD), MODE, '--set=image=shop:2', ...WAIT);
      assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
      assert.equal(await imageOfShop(), 'shop:2');
    });

    it('are content with an upgrade that brings no migration, without a backup for it', async () => {
      const before = (await status()).backup?.name;
      assert.ok(before);
      await ground.mustHelm('upgrade', 'shop', await applicationChart(GOOD), MODE, '--set=image=shop:2', ...WAIT);
      assert.equal((await status()).backup?.name, before);
    });

    it('fail the upgrade with the reason when a migration fails, and leave database and application as they were', async () => {
      const chart = await applicationChart({ ...GOOD, '3_broken.sql': BROKEN });
      const { code, stdout, stderr } = await ground.helm('upgrade', 'shop', chart, MODE, '--set=image=shop:3', ...WAIT);
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /RehearsalFailed: relation \\?"missing\\?" does not exist/);
      assert.match(await ground.run('logs', 'job/shop-db-migration'), /RehearsalFailed/, 'the log stays');
      assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
      assert.equal(await imageOfShop(), 'shop:2');
    });

    it('go back with helm rollback, and continue with the fixed migration', async () => {
      await ground.mustHelm('rollback', 'shop', '3', ...WAIT);
      assert.equal(await imageOfShop(), 'shop:2');
      const chart = await applicationChart({ ...GOOD, '3_more.sql': MORE });
      await ground.mustHelm('upgrade', 'shop', chart, MODE, '--set=image=shop:3', ...WAIT);
      assert.deepEqual(await database.columns(), ['id', 'symbol', 'note', 'more']);
    });

    it('upgrade the operator while a run is in progress, and the run is completed and reported', async () => {
      const chart = await applicationChart({ ...GOOD, '3_more.sql': MORE, '4_slow.sql': SLOW });
      const upgrade = ground.mustHelm('upgrade', 'shop', chart, MODE, ...WAIT);
      await eventually('the slow migration to be applied', async () => (await status()).run?.step === 'apply', {
        timeoutMs: 60_000,
      });
      const run = (await status()).run?.id;
      assert.ok(run);
      await ground.mustHelm('upgrade', ...operator, await portOf(), '--set=podAnnotations.new=yes', ...WAIT);
      await upgrade;
      const after = await status();
      assert.equal(after.currentRevision, '4_slow');
      assert.equal(after.run?.id, run, 'nothing was started anew');
    });

    it('leave the CRD, the resource and the backups when both are uninstalled, and find them again', async () => {
      await ground.mustHelm('uninstall', 'shop', ...WAIT);
      await ground.mustHelm('uninstall', 'db-manager', ...WAIT);
      assert.equal((await status()).currentRevision, '4_slow');
      await ground.run('get', 'pvc', 'shop-backups');
      await ground.mustHelm('install', ...operator, await portOf(), ...WAIT);
      await ground.run('wait', '--for=condition=Ready', 'dbm/shop-db-migration', '--timeout=120s');
      await ground.mustHelm('uninstall', 'db-manager', ...WAIT);
    });
  },
);
