/** C1 to C4 of a hostile namespace, with real containers and a real kubelet: the other namespace is not affected. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { HOSTILE_LOGS, manyMigrations } from '../bench/hostile/tenants.ts';
import { eventually } from '../support/processes.ts';
import { openPostgres, openRoom, type Postgres, type Room } from './fixtures.ts';
import { ORDERS, operatorValues, resource } from './objects.ts';
import { describeE2e } from './suite.ts';

const OPERATOR = resolve('charts/db-manager');
const MANY = 900;

const sqlite = (name: string) => ({ sqlite: { volume: { claimName: 'data' }, path: `${name}.db` } });
const code = (body: string) => ({
  '1_a.ts': `export async function up() {\n${body}\n}\nexport async function down() {}\n`,
});

describeE2e('on a real cluster, a hostile namespace', () => {
  let hostile: Room;
  let healthy: Room;
  let postgres: Postgres;

  before(async () => {
    postgres = await openPostgres();
    hostile = await openRoom('e2e-hostile');
    healthy = await openRoom('e2e-healthy');
    for (const room of [hostile, healthy]) for (const claim of ['data', 'backups']) await room.claim(claim);
    const values = operatorValues(`${healthy.namespace},${hostile.namespace}`);
    const limits = ['--set=maxConcurrentRuns=2'];
    await healthy.mustHelm(
      ...['install', 'db-manager', OPERATOR, ...values, ...limits, '--take-ownership', '--wait', '--timeout=4m'],
    );
  });
  after(async () => {
    // While the operator runs: it removes the finalizers of runs in progress.
    for (const room of [hostile, healthy]) await room?.kubectl('delete', 'dbm', '--all', '--timeout=3m');
    await healthy?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await healthy?.remove();
    await hostile?.remove();
    await postgres?.stop();
  });
  afterEach('the operator was never restarted, and is ready', async () => {
    const selector = '--selector=app.kubernetes.io/name=db-manager,app.kubernetes.io/component=operator';
    const { items } = JSON.parse(await healthy.run('get', 'pods', selector, '--output=json')) as { items: Pod[] };
    const states = items.flatMap(({ status }) => status.containerStatuses ?? []);
    assert.deepEqual(
      states.map(({ ready, restartCount }) => ({ ready, restartCount })),
      [{ ready: true, restartCount: 0 }],
    );
  });

  /** A new resource of the healthy namespace becomes Ready. */
  async function goesOn(name: string): Promise<void> {
    await healthy.apply(...resource(name, { '1_orders.sql': ORDERS }, sqlite(name)));
    await healthy.waitFor(name, 'Ready', 120);
  }

  const statusOf = async (name: string) => JSON.parse(await hostile.run('get', 'dbm', name, '--output=json')).status;

  it('is watched by an operator that passes helm test', async () => {
    const said = await healthy.mustHelm('test', 'db-manager', '--timeout=2m');
    assert.match(said, /Phase:\s+Succeeded/);
  });

  it('cannot stop the operator with its logs: long lines (C1), a line of 60 MB (C2), lines of forged events', async () => {
    for (const [way, body] of Object.entries(HOSTILE_LOGS)) {
      await hostile.apply(...resource(way, code(body), sqlite(way)));
    }
    await goesOn('beside-logs');
    // The output of each is not a failure of its migration.
    for (const way of Object.keys(HOSTILE_LOGS))
      await hostile.waitFor(way, way === 'throws' ? 'Stalled' : 'Ready', 240);
    const { stdout } = await hostile.kubectl('get', 'dbm,events', '--output=json');
    assert.doesNotMatch(stdout.replaceAll(/"last-applied-configuration": .*/g, ''), /hunter2@|a@b\.org/);
  });

  it(`runs ${MANY} migrations with a report and a status that are bounded (C3)`, async () => {
    const { url } = await postgres.createDatabase();
    await hostile.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'many' }, stringData: { url } });
    const [, migration = {}] = resource('many', {}, { urlFrom: { secretKeyRef: { name: 'many', key: 'url' } } });
    await hostile.create(manyMigrations('many-migrations', MANY));
    await hostile.apply(migration);
    await goesOn('beside-many');
    await hostile.waitFor('many', 'Ready', 400);
    const status = await statusOf('many');
    assert.equal(status.pending, 0);
    assert.equal(status.rehearsal.result, 'Full');
    assert.ok(JSON.stringify(status).length < 20_000);
    const described = await hostile.run('describe', 'dbm', 'many');
    const [, written = ''] = described.split(/^Status:$/m);
    assert.ok(written.split('\n').length <= 150, described);
    const whole = await hostile.look('backups', "console.log(fs.readdirSync('/volume', { recursive: true }).join())");
    assert.ok(whole.includes(status.report.replace('/data/backups/', '')), `${status.report}: ${whole}`);
  });

  it('cannot hold the run slots with pods that never start (C4)', async () => {
    const database = { urlFrom: { secretKeyRef: { name: 'missing', key: 'url' } } };
    const stuck = ['secret', 'image', 'claim'].flatMap((what) => [1, 2, 3, 4].map((number) => ({ what, number })));
    for (const { what, number } of stuck) {
      const name = `no-${what}-${number}`;
      const at = {
        secret: database,
        image: sqlite(name),
        claim: { sqlite: { volume: { claimName: 'none' }, path: 'x' } },
      };
      const objects = resource(name, { '1_orders.sql': ORDERS }, at[what as keyof typeof at]);
      const [, migration] = objects as [object, { spec: object }];
      if (what === 'image') migration.spec = { ...migration.spec, runner: { image: 'nowhere.example/none:1' } };
      await hostile.apply(...objects);
    }
    await eventually(
      'more pods to be stuck than there are slots',
      async () => {
        const { items } = JSON.parse(await hostile.run('get', 'pods', '--output=json')) as { items: Pod[] };
        return items.filter(({ status }) => status.phase === 'Pending').length > 2;
      },
      { timeoutMs: 120_000, everyMs: 1_000 },
    );
    await goesOn('beside-stuck');
    const { items } = JSON.parse(await hostile.run('get', 'dbm', '--output=json')) as { items: { status: Status }[] };
    const told = items.flatMap(({ status }) => status.conditions?.map(({ message }) => message) ?? []).join('\n');
    assert.ok(!told.includes(healthy.namespace), told);
  });
});

interface Pod {
  status: { phase: string; containerStatuses?: { ready: boolean; restartCount: number }[] };
}

interface Status {
  conditions?: { message: string }[];
}
