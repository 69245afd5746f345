import assert from 'node:assert/strict';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TOOL_VERSION } from '../../src/core/model/version.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { applicationChart, type ChartsGround, ORDERS, openChartsGround, openDatabase } from './charts-fixtures.ts';
import { checkoutImage } from './checkout.ts';
import { claim, postgresDatabase, secret } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

describeCluster('a standalone hook and its waiting application, with every source and database', (cluster) => {
  let ground: ChartsGround;
  let files: string;

  before(async () => {
    ground = await openChartsGround(cluster(), 'sources');
    files = await temporaryFolder('migrations');
    await chmod(files, 0o755);
    await writeFile(join(files, '1_orders.sql'), ORDERS);
  });

  /** Installs the application, waits for it, and asks nothing else: it gets ready only on a migrated database. */
  async function install(name: string, spec: object, withFiles: boolean): Promise<void> {
    const chart = await applicationChart(withFiles ? { '1_orders.sql': ORDERS } : {});
    const backup = { volume: { claimName: `${name}-backups` } };
    const values = { 'db-migration': { spec: { backup, ...spec } } };
    if (!withFiles) {
      await rm(join(chart, 'migrations'), { recursive: true });
      await writeFile(join(chart, 'templates/migrations.yaml'), '{{ include "db-migration.hooks" (dict "root" .) }}\n');
    }
    const file = join(chart, 'more.yaml');
    await writeFile(file, JSON.stringify(values));
    await ground.mustHelm('install', name, chart, `--values=${file}`, '--wait', '--timeout=90s');
  }

  it('migrates PostgreSQL by its parts, with the password from a Secret', async () => {
    const { spec, rows } = await postgresDatabase('sources');
    await ground.create(secret('postgres', { password: TEST_PASSWORD }), claim('parts-backups'));
    await install('parts', { database: { urlFrom: null, ...spec.database } }, true);
    const found = await rows(
      "SELECT count(*)::int AS tables FROM information_schema.tables WHERE table_name = 'orders'",
    );
    assert.deepEqual(found, [{ tables: 1 }]);
  });

  it('migrates a SQLite file on a claim, with its backups on the same one', async () => {
    await ground.create(claim('file-backups'));
    const sqlite = { volume: { claimName: 'file-backups' }, path: 'data/shop.db' };
    const folder = join(await ground.agent.claimFolder({ namespace: ground.namespace, name: 'file-backups' }), 'data');
    await mkdir(folder);
    await chmod(folder, 0o777);
    await install('file', { database: { urlFrom: null, sqlite } }, true);
  });

  const url = (name: string) => ({ database: { urlFrom: { secretKeyRef: { name: `${name}-database`, key: 'url' } } } });
  const sources: [string, string, () => Promise<object>][] = [
    [
      'an image volume',
      'image',
      async () => {
        ground.agent.setImage('files:1', { files: { '/app/migrations': files } });
        return { migrations: { image: { reference: 'files:1', path: '/app/migrations' } } };
      },
    ],
    [
      'the image that runs',
      'runner',
      async () => {
        ground.agent.setImage('runner:1', checkoutImage({ files: { '/baked': files } }));
        return { migrations: { runnerImage: { path: '/baked' } }, runner: { image: 'runner:1' } };
      },
    ],
    [
      'a claim',
      'volume',
      async () => {
        await ground.create(claim('volume-files'));
        const folder = await ground.agent.claimFolder({ namespace: ground.namespace, name: 'volume-files' });
        await mkdir(join(folder, 'sql'));
        await writeFile(join(folder, 'sql/1_orders.sql'), ORDERS);
        return { migrations: { volume: { claimName: 'volume-files', path: 'sql' } } };
      },
    ],
  ];
  for (const [what, name, prepare] of sources) {
    it(`takes migrations from ${what}`, async () => {
      const database = await openDatabase(ground, name);
      await install(name, { ...url(name), ...(await prepare()) }, false);
      assert.deepEqual(await database.columns(), ['id', 'symbol']);
    });
  }

  it('uses the version of the image that the chart has', async () => {
    const image = '--output=jsonpath={.spec.template.spec.initContainers[0].image}';
    assert.equal(await ground.run('get', 'deployment', 'parts', image), `db-manager:${TOOL_VERSION}`);
    assert.equal(await ground.run('get', 'deployment', 'runner', image), 'runner:1');
  });
});
