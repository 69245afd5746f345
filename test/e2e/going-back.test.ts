import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import * as versions from '../library/going-back-fixtures.ts';
import { eventually } from '../support/processes.ts';
import { IMAGE, openPostgres, openRoom, type Postgres, type Room } from './fixtures.ts';
import { buildImage } from './images.ts';
import { applicationChart, operatorValues } from './objects.ts';
import { describeE2e } from './suite.ts';

const WAIT = ['--wait', '--timeout=4m'];
const QUICK = { rehearsal: 'SchemaOnly', rehearsalServer: 'SameServer', ignore: ['drop-column'] };

/** The chart of the fixture has a 1_orders.sql of its own, which these replace. */
const renamed = (files: Files) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name.replace(/^0+/, ''), text]));
const VERSION_1 = renamed(versions.VERSION_1);
const COMPATIBLE = renamed(versions.COMPATIBLE);
const INCOMPATIBLE = renamed(versions.INCOMPATIBLE);

/** Of version 1. */
const COLUMNS = ['orders.customer', 'orders.id', 'orders.note'];
const newColumns = (version2: Files) =>
  version2 === COMPATIBLE
    ? ['invoices.id', 'invoices.total', ...COLUMNS, 'orders.state']
    : COLUMNS.filter((column) => column !== 'orders.note');

type Files = Record<string, string>;
type Policy = 'Accept' | 'Refuse' | 'Downgrade';

/** The policy of the older release, version 2, and how the older pods end. */
const ROLLBACKS: { policy: Policy; version2: Files; ends: RegExp | 'starts'; history: number }[] = [
  { policy: 'Accept', version2: COMPATIBLE, ends: 'starts', history: 2 },
  {
    policy: 'Accept',
    version2: INCOMPATIBLE,
    ends: /IncompatibleMigration|ALTER TABLE orders DROP COLUMN/,
    history: 2,
  },
  { policy: 'Refuse', version2: COMPATIBLE, ends: /2_invoices/, history: 2 },
  { policy: 'Refuse', version2: INCOMPATIBLE, ends: /2_drop_note/, history: 2 },
  { policy: 'Downgrade', version2: COMPATIBLE, ends: 'starts', history: 1 },
  { policy: 'Downgrade', version2: INCOMPATIBLE, ends: 'starts', history: 1 },
];

describeE2e('on a real cluster, going back', () => {
  let room: Room;
  let postgres: Postgres;

  before(async () => {
    postgres = await openPostgres();
    room = await openRoom('e2e-back');
    await room.mustHelm(
      'install',
      'db-manager',
      resolve('charts/db-manager'),
      ...operatorValues(room.namespace),
      '--take-ownership',
      ...WAIT,
    );
  });
  after(async () => {
    await room?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await room?.remove();
    await postgres?.stop();
  });

  async function prepare(name: string) {
    const database = await postgres.createDatabase();
    await room.claim(`${name}-backups`);
    await room.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${name}-database` },
      stringData: { url: database.url },
    });
    const history = async () => (await database.query('SELECT 1 FROM db_manager_history')).length;
    const columns = async () =>
      (
        await database.query<{ name: string }>(
          "SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_name IN ('orders', 'invoices') ORDER BY 1",
        )
      ).map(({ name }) => name);
    return { ...database, history, columns };
  }

  for (const mode of ['standalone', 'operator']) {
    for (const { policy, version2, ends, history } of ROLLBACKS) {
      const [, newer = ''] = Object.keys(version2);
      it(`helm rollback over ${newer} with ${policy} (mode ${mode})`, async () => {
        const name = `${mode.slice(0, 4)}-${policy.toLowerCase()}-${version2 === COMPATIBLE ? 'c' : 'i'}`;
        const database = await prepare(name);
        const extra = {
          spec: { safety: QUICK, ...(policy === 'Downgrade' ? {} : { unknownApplied: policy }) },
          ...(policy === 'Downgrade' ? { rollback: { downgrade: true } } : {}),
        };
        const release = (files: Files, version: string) => applicationChart(name, mode, files, version, extra);
        const running = async () =>
          (await room.kubectl('exec', `deployment/${name}`, '--', 'node', '-p', 'process.env.VERSION')).stdout.trim();

        await room.mustHelm('install', name, ...(await release(VERSION_1, 'one')), ...WAIT);
        await room.mustHelm('upgrade', name, ...(await release(version2, 'two')), ...WAIT);
        assert.equal(await running(), 'two');
        assert.equal(await database.history(), 2);
        // The older chart names no revision, and its files lack the newer migration.
        const { code, stderr } = await room.helm(
          'rollback',
          name,
          '1',
          '--wait',
          `--timeout=${ends === 'starts' ? '4m' : '20s'}`,
        );
        assert.equal(code === 0, ends === 'starts', stderr);
        assert.equal(await database.history(), history);
        assert.deepEqual(await database.columns(), policy === 'Downgrade' ? COLUMNS : newColumns(version2));
        if (ends === 'starts') assert.equal(await running(), 'one');
        else {
          const log = await eventually('the older pod to be refused', async () => {
            const { stdout } = await room.kubectl(
              'logs',
              `--selector=app=${name}`,
              '--container=wait-for-migrations',
              '--tail=20',
            );
            return ends.test(stdout) && stdout;
          });
          assert.match(log, ends);
          const pods = JSON.parse(await room.run('get', 'pods', `--selector=app=${name}`, '--output=json'));
          const ready = pods.items.filter((pod: Pod) => pod.status.containerStatuses?.[0]?.ready === true);
          assert.deepEqual(
            ready.map((pod: Pod) => pod.spec.containers[0]?.env?.[0]?.value),
            ['two'],
            'the newer pod goes on',
          );
        }
        await room.mustHelm('uninstall', name, '--timeout=1m');
      });
    }
  }

  it('an older image under the operator, with each policy', async () => {
    const image = (version: string, files: Files) =>
      buildImage(`e2e-shop:${version}`, {
        Dockerfile: `FROM ${IMAGE}\nCOPY migrations /migrations\n`,
        ...Object.fromEntries(Object.entries(files).map(([file, text]) => [`migrations/${file}`, text])),
      });
    const one = await image('one', VERSION_1);
    const images = { c: await image('two-compatible', COMPATIBLE), i: await image('two-incompatible', INCOMPATIBLE) };
    const cases: [name: string, policy: Policy, newer: keyof typeof images, reason: string, history: number][] = [
      ['image-accept-c', 'Accept', 'c', 'AheadOfFiles', 2],
      ['image-accept-i', 'Accept', 'i', 'IncompatibleMigration', 2],
      ['image-refuse-c', 'Refuse', 'c', 'MissingMigration', 2],
      ['image-refuse-i', 'Refuse', 'i', 'MissingMigration', 2],
      ['image-down-c', 'Downgrade', 'c', 'Reverted', 1],
      ['image-down-i', 'Downgrade', 'i', 'Reverted', 1],
    ];
    const resource = (name: string, policy: Policy, reference: string) => ({
      apiVersion: 'db-manager.dev/v1alpha1',
      kind: 'DatabaseMigration',
      metadata: { name },
      spec: {
        database: { urlFrom: { secretKeyRef: { name: `${name}-database`, key: 'url' } } },
        migrations: { runnerImage: { path: '/migrations' } },
        runner: { image: reference, imagePullPolicy: 'IfNotPresent' },
        backup: { volume: { claimName: `${name}-backups` } },
        safety: QUICK,
        unknownApplied: policy,
      },
    });
    const databases = new Map<string, Awaited<ReturnType<typeof prepare>>>();
    for (const [name, policy, newer] of cases) {
      databases.set(name, await prepare(name));
      await room.apply(resource(name, policy, images[newer]));
    }
    for (const [name] of cases) await room.waitFor(name, 'Ready');
    for (const [name, policy] of cases) await room.apply(resource(name, policy, one));
    for (const [name, policy, newer, reason, history] of cases) {
      const status = async () => JSON.parse(await room.run('get', 'dbm', name, '--output=json')).status;
      await eventually(
        `${name} to be ${reason}`,
        async () =>
          (await status())?.conditions?.some(
            (each: { type: string; reason: string }) => each.type === 'Ready' && each.reason === reason,
          ),
        {
          timeoutMs: 180_000,
          everyMs: 1_000,
          explain: async () => (await room.kubectl('describe', 'dbm', name)).stdout,
        },
      );
      const database = databases.get(name);
      assert.equal(await database?.history(), history, name);
      const expected = newColumns(newer === 'c' ? COMPATIBLE : INCOMPATIBLE);
      assert.deepEqual(await database?.columns(), policy === 'Downgrade' ? COLUMNS : expected, name);
    }
  });
});

interface Pod {
  spec: { containers: { env?: { value?: string }[] }[] };
  status: { containerStatuses?: { ready: boolean }[] };
}
