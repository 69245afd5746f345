import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { DRIFT_BY_HAND, DRIFT_TABLE } from '../support/drift-by-hand.ts';
import { eventually } from '../support/processes.ts';
import { openPostgres, openRoom, type Postgres, type Room } from './fixtures.ts';
import { operatorValues, resource } from './objects.ts';
import { describeE2e } from './suite.ts';

const FILES = { '1_orders.sql': DRIFT_TABLE };
/** Longer than the interval of the schedule, so that a check is due while the run is in progress. A replay has no rows. */
const SLOW = {
  '2_slow.sql': '-- migrate:up\nCREATE TABLE more (id integer PRIMARY KEY);\nSELECT pg_sleep(65) FROM orders;\n',
};

describeE2e('on a real cluster, drift checks by schedule', () => {
  let room: Room;
  let postgres: Postgres;
  let database: Awaited<ReturnType<Postgres['createDatabase']>>;

  before(async () => {
    postgres = await openPostgres();
    room = await openRoom('e2e-drift');
    await room.claim('backups');
    await room.mustHelm(
      'install',
      'db-manager',
      resolve('charts/db-manager'),
      ...operatorValues(room.namespace),
      '--take-ownership',
      '--wait',
      '--timeout=4m',
    );
    database = await postgres.createDatabase();
    await room.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'orders' },
      stringData: { url: database.url },
    });
    await migrate(FILES);
    await room.waitFor('orders', 'Ready');
  });
  after(async () => {
    await room?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await room?.remove();
    await postgres?.stop();
  });

  async function migrate(files: Record<string, string>, more: object = {}): Promise<void> {
    const [config, migration] = resource('orders', files, {
      urlFrom: { secretKeyRef: { name: 'orders', key: 'url' } },
    });
    const { spec, ...rest } = migration as DatabaseMigration;
    await room.apply(config ?? {}, { ...rest, spec: { ...spec, ...more, drift: { schedule: '* * * * *' } } });
  }

  const read = async (): Promise<DatabaseMigration> =>
    JSON.parse(await room.run('get', 'dbm', 'orders', '--output=json'));
  const conditionOf = ({ status }: DatabaseMigration, type = 'InSync') =>
    status?.conditions?.find((condition) => condition.type === type);

  /** The result of the first check that the schedule starts after now. */
  async function nextCheck(): Promise<DatabaseMigration> {
    const now = Date.now();
    return eventually(
      'a check by schedule',
      async () => {
        const found = await read();
        const { scheduledFor = '', checkedAt } = found.status?.drift ?? {};
        return checkedAt !== undefined && Date.parse(scheduledFor) >= now && found;
      },
      {
        timeoutMs: 180_000,
        everyMs: 1000,
        explain: async () => (await room.kubectl('describe', 'dbm', 'orders')).stdout,
      },
    );
  }

  it('find nothing in partitions made at run time and objects of extensions', async () => {
    await database.query(
      "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    );
    await database.query('CREATE EXTENSION pg_trgm');
    const found = await nextCheck();
    assert.equal(conditionOf(found)?.status, 'True', JSON.stringify(found.status?.drift));
  });

  it('find an index dropped, a column added, a constraint altered and a view replaced by hand', async () => {
    for (const [statement] of DRIFT_BY_HAND) await database.query(statement);
    const found = await nextCheck();
    assert.deepEqual([conditionOf(found)?.status, conditionOf(found)?.reason], ['False', 'SchemaDrift']);
    assert.equal(conditionOf(found, 'Ready')?.status, 'True');
    const differences = found.status?.drift?.differences ?? [];
    for (const [statement, pattern] of DRIFT_BY_HAND) {
      const one = differences.find(({ message }) => pattern.test(message));
      assert.ok(one?.sql !== undefined, `${statement}: ${JSON.stringify(differences)}`);
    }
    assert.match(await room.run('describe', 'dbm', 'orders'), /Warning +SchemaDrift/);
    for (const { sql = '' } of differences) await database.query(sql);
    assert.equal(conditionOf(await nextCheck())?.status, 'True');
  });

  it('do not report a run in progress as drift', async () => {
    await database.query('INSERT INTO orders VALUES (1, 1)');
    await migrate({ ...FILES, ...SLOW }, { safety: { rehearsal: 'Disabled' } });
    await eventually(
      'the run to be applied',
      async () => {
        const found = await read();
        assert.notEqual(conditionOf(found)?.status, 'False', JSON.stringify(found.status?.drift));
        assert.ok(
          found.status?.history?.every(({ run }) => !run.includes('-drift-')),
          JSON.stringify(found.status?.history),
        );
        return found.status?.currentRevision === '2_slow';
      },
      { timeoutMs: 240_000, everyMs: 1000 },
    );
    assert.equal(conditionOf(await nextCheck())?.status, 'True');
  });
});
