/** The hook of an application without an operator, with encrypted backups in an object store. */
import assert from 'node:assert/strict';
import { listBackups } from '../../src/backups/list.ts';
import { ageKey, hasAge } from '../backups/age-keys.ts';
import { AVAILABLE_OBJECT_STORES, CREDENTIALS, sharedObjectStore } from '../support/object-store.ts';
import { applicationChart, BROKEN, NOTES, ORDERS, openChartsGround, openDatabase } from './charts-fixtures.ts';
import { secret } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

describeCluster('an application chart with backups in an object store', (cluster) => {
  it('backs up before it migrates, and restores where a migration fails with onFailure: Restore', async function () {
    if (!AVAILABLE_OBJECT_STORES.includes('versitygw') || !hasAge()) return this.skip();
    this.timeout(300_000);
    const store = await sharedObjectStore('versitygw');
    const ground = await openChartsGround(cluster(), 'charts-store');
    const database = await openDatabase(ground, 'shop');
    const { recipient, identity } = await ageKey();
    await ground.create(secret('store', CREDENTIALS), secret('identity', { key: identity.reveal() }));
    const spec = {
      backup: {
        volume: null,
        objectStore: {
          bucket: store.bucket,
          prefix: 'charts',
          endpoint: store.endpoint,
          credentialsFrom: { secretRef: { name: 'store' } },
        },
        encryption: {
          recipients: [recipient],
          identityFrom: { secretKeyRef: { name: 'identity', key: 'key' } },
        },
      },
      safety: { rehearsal: 'Disabled' },
      onFailure: 'Restore',
    };
    const values = `--set-json=db-migration.spec=${JSON.stringify(spec)}`;
    const helm = async (verb: string, files: Record<string, string>) =>
      ground.helm(verb, 'shop', await applicationChart(files), values, '--wait', '--timeout=90s');
    const installed = await helm('install', { '1_orders.sql': ORDERS });
    assert.equal(installed.code, 0, installed.stdout + installed.stderr);
    await database.query("INSERT INTO orders VALUES (1, 'ABC')");

    const failed = await helm('upgrade', { '1_orders.sql': ORDERS, '2_notes.sql': NOTES, '3_broken.sql': BROKEN });
    assert.notEqual(failed.code, 0);
    const log = await ground.run('logs', 'job/shop-db-migration');
    assert.match(failed.stdout + failed.stderr, /MigrationFailed/, log);
    assert.match(log, /restored/i);
    assert.deepEqual(await database.columns(), ['id', 'symbol'], 'the second migration is undone');
    assert.deepEqual(await database.query('SELECT * FROM orders'), [{ id: '1', symbol: 'ABC' }]);
    const { backups, unreadable } = await listBackups(store.place('charts'));
    assert.deepEqual(unreadable, []);
    assert.ok(backups.length > 0 && backups.every(({ manifest }) => manifest.name.endsWith('.age')));
    assert.ok(!log.includes(CREDENTIALS.AWS_SECRET_ACCESS_KEY) && !log.includes(identity.reveal()));
  });
});
