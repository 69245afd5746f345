import assert from 'node:assert/strict';
import {
  applicationChart,
  BROKEN,
  type ChartsGround,
  MORE,
  NOTES,
  ORDERS,
  openChartsGround,
  openDatabase,
} from './charts-fixtures.ts';
import { describeCluster } from './suite.ts';

const GOOD = { '1_orders.sql': ORDERS, '2_notes.sql': NOTES };

describeCluster('an application chart with db-migration, without an operator', (cluster) => {
  let ground: ChartsGround;
  let database: Awaited<ReturnType<typeof openDatabase>>;
  const imageOfShop = () =>
    ground.run('get', 'deployment', 'shop', '--output=jsonpath={.spec.template.spec.containers[0].image}');

  before(async () => {
    ground = await openChartsGround(cluster(), 'standalone');
    database = await openDatabase(ground, 'shop');
  });

  it('migrates before the application is installed, and takes the Job away', async () => {
    const chart = await applicationChart({ '1_orders.sql': ORDERS });
    await ground.mustHelm('install', 'shop', chart, '--wait', '--timeout=90s');
    assert.deepEqual(await database.columns(), ['id', 'symbol']);
    assert.equal((await ground.run('get', 'jobs', '--output=name')).trim(), '');
  });

  it('starts the new application only after the new migration', async () => {
    const chart = await applicationChart(GOOD);
    await ground.mustHelm('upgrade', 'shop', chart, '--set=image=shop:2', '--wait', '--timeout=90s');
    assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
    const [applied] = await database.query('SELECT max(applied_at) AS at FROM db_manager_history');
    const pods = JSON.parse(await ground.run('get', 'pods', '--selector=app=shop', '--output=json')).items;
    const started = pods
      .filter((pod: { spec: { containers: { image: string }[] } }) => pod.spec.containers[0]?.image === 'shop:2')
      .map((pod: { status: { startTime: string } }) => new Date(pod.status.startTime));
    assert.equal(started.length, 1);
    assert.ok(started[0].getTime() + 1000 > new Date(String(applied?.at)).getTime());
  });

  it('fails the upgrade with the reason when a migration fails, and leaves database and application as they were', async () => {
    const chart = await applicationChart({ ...GOOD, '3_broken.sql': BROKEN });
    const { code, stdout, stderr } = await ground.helm('upgrade', 'shop', chart, '--set=image=shop:3', '--timeout=90s');
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /RehearsalFailed: relation \\?"missing\\?" does not exist/);
    assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
    assert.equal(await imageOfShop(), 'shop:2');
    assert.match(await ground.run('logs', 'job/shop-db-migration'), /3_broken/, 'the log stays');
  });

  it('continues with the fixed migration, in a Job of the same name', async () => {
    const chart = await applicationChart({ ...GOOD, '3_more.sql': MORE });
    await ground.mustHelm('upgrade', 'shop', chart, '--set=image=shop:3', '--wait', '--timeout=90s');
    assert.deepEqual(await database.columns(), ['id', 'symbol', 'note', 'more']);
  });

  it('leaves the database where it is on a rollback, and the older application starts on it', async () => {
    await ground.mustHelm('rollback', 'shop', '1', '--wait', '--timeout=90s');
    assert.equal(await imageOfShop(), 'shop:1');
    assert.deepEqual(await database.columns(), ['id', 'symbol', 'note', 'more']);
  });

  it('rolls back automatically with --rollback-on-failure, when the migration fails', async () => {
    const chart = await applicationChart({ ...GOOD, '3_more.sql': MORE, '4_broken.sql': BROKEN });
    const { code } = await ground.helm(
      'upgrade',
      'shop',
      chart,
      '--set=image=shop:2',
      '--rollback-on-failure',
      '--timeout=90s',
    );
    assert.notEqual(code, 0);
    assert.equal(await imageOfShop(), 'shop:1');
    assert.match(await ground.run('logs', 'job/shop-db-migration'), /4_broken/, 'the log stays');
    const [last] = JSON.parse(await ground.mustHelm('history', 'shop', '--output=json', '--max=1'));
    assert.equal(last.status, 'deployed');
  });

  it('leaves nothing of the current revision behind when it is uninstalled, but the backups', async () => {
    const own = ['get', 'secrets,roles,rolebindings,serviceaccounts', '--selector=db-manager.dev/migration'];
    await ground.mustHelm('uninstall', 'shop', '--wait', '--timeout=60s');
    assert.equal((await ground.run(...own, '--output=name')).trim(), '');
    assert.equal((await ground.run('get', 'pvc', '--output=name')).trim(), 'persistentvolumeclaim/shop-backups');
  });
});
