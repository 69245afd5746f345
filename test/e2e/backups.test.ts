import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { listBackups } from '../../src/backups/list.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import type { Resource } from '../../src/kinds/kind.ts';
import {
  AVAILABLE_OBJECT_STORES,
  CREDENTIALS,
  startObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { eventually } from '../support/processes.ts';
import { openPostgres, openRoom, type Postgres, type Room } from './fixtures.ts';
import { operatorValues } from './objects.ts';
import { describeE2e } from './suite.ts';

const WAIT = ['--wait', '--timeout=4m'];
const API_VERSION = 'db-manager.dev/v1alpha1';
const { E2E_ADDRESS } = process.env;

type Seen = Resource<
  object,
  {
    summary?: string;
    reason?: string;
    message?: string;
    job?: string;
    finishedAt?: string;
    lastBackup?: string;
    lastRestoreVerification?: string;
    lastSuccessfulTime?: string;
    missed?: number;
    backup?: { name: string; path: string; verifiedBy: string; revision: string };
    safetyBackup?: string;
    keptDatabase?: string;
  }
>;

describeE2e('on a real cluster, backups', () => {
  let room: Room;
  let postgres: Postgres;
  let store: TestObjectStore;
  let objectStore: object;

  before(async function () {
    if (E2E_ADDRESS === undefined || !AVAILABLE_OBJECT_STORES.includes('versitygw')) return this.skip();
    Object.assign(process.env, CREDENTIALS);
    store = await startObjectStore('versitygw', undefined, E2E_ADDRESS);
    postgres = await openPostgres();
    room = await openRoom('e2e-backups');
    await room.claim('backups');
    await room.claim('data');
    await room.apply(secret('object-store', CREDENTIALS));
    objectStore = {
      bucket: store.bucket,
      prefix: 'e2e',
      endpoint: store.endpoint,
      credentialsFrom: { secretRef: { name: 'object-store' } },
    };
    const values = operatorValues(room.namespace);
    await room.mustHelm('install', 'db-manager', resolve('charts/db-manager'), ...values, '--take-ownership', ...WAIT);
  });
  after(async () => {
    await room?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await room?.remove();
    await postgres?.stop();
    await store?.server.stop();
  });

  const make = (kind: string, name: string, spec: object) =>
    room.apply({ apiVersion: API_VERSION, kind, metadata: { name }, spec });
  const when = (kind: string, name: string, what: string, isSo: (seen: Seen) => boolean, seconds = 150) =>
    eventually(
      `${kind} ${name} to be ${what}`,
      async () => {
        const seen: Seen = JSON.parse(await room.run('get', kind, name, '--output=json'));
        return isSo(seen) && seen;
      },
      {
        timeoutMs: seconds * 1000,
        everyMs: 500,
        explain: async () =>
          [
            await room.kubectl('describe', kind, name),
            await room.kubectl('describe', 'pods', '--selector=app.kubernetes.io/name=db-manager'),
            await room.kubectl('logs', 'deployment/db-manager', '--tail=20'),
          ]
            .map(({ stdout }) => stdout.slice(-4_000))
            .join('\n'),
      },
    );
  const finished = (kind: string, name: string) =>
    when(kind, name, 'finished', ({ status }) => status?.finishedAt !== undefined);
  /** Without a grace period: the process gets SIGKILL. A new pod follows. */
  const killOperator = async () => {
    const selector = '--selector=app.kubernetes.io/instance=db-manager,app.kubernetes.io/component=operator';
    assert.match(await room.run('delete', 'pod', selector, '--grace-period=0', '--force'), /deleted/);
  };
  /** A database with rows, and the Secret with its URL. */
  const database = async (name: string, rows = 1000) => {
    const made = await postgres.createDatabase();
    await room.apply(secret(name, { url: made.url }));
    if (rows > 0) await made.query(`CREATE TABLE orders AS SELECT generate_series(1, ${rows}) AS id`);
    return {
      spec: { urlFrom: { secretKeyRef: { name, key: 'url' } } },
      name: new URL(made.url).pathname.slice(1),
      count: async () => (await made.query<{ n: number }>('SELECT count(*)::int AS n FROM orders'))[0]?.n,
      query: made.query,
    };
  };

  it('fire by a schedule into an object store, are proved by a restore, and the old ones are pruned', async () => {
    const orders = await database('orders');
    await make('DatabaseBackupSchedule', 'minutely', {
      schedule: '* * * * *',
      timeZone: 'Europe/Berlin',
      database: orders.spec,
      objectStore,
      verify: 'Restore',
      verifyInterval: '0s',
      retain: { last: 1, days: 0 },
      history: 1,
    });
    const first = await when('dbs', 'minutely', 'successful', ({ status }) => status?.lastBackup !== undefined, 240);
    assert.ok(first.status?.lastRestoreVerification, 'proved by a restore');
    await killOperator();
    const again = ({ status }: Seen) =>
      status?.lastBackup !== first.status?.lastBackup && status?.summary === 'Complete';
    const second = await when('dbs', 'minutely', 'successful again', again, 240);
    await room.run('patch', 'dbs', 'minutely', '--type=merge', '--patch={"spec":{"suspend":true}}');
    await when('dbs', 'minutely', 'suspended', ({ status }) => status?.summary === 'Suspended', 240);
    const { backups, unreadable } = await listBackups(store.place('e2e'));
    assert.deepEqual(unreadable, []);
    assert.equal(backups.length, 1, 'the older one was pruned');
    for (const backup of backups) await verifyBackup(backup);
    assert.ok(backups[0] && backups[0].manifest.name >= String(second.status?.lastBackup));
    assert.match(await room.run('get', 'dbs'), /minutely +\* \* \* \* \* +true +Suspended/);
  });

  it('on a volume are restored into a new database and into the old one; the operator is killed in between', async () => {
    const orders = await database('shop');
    const copy = await database('copy', 0);
    const place = { volume: { claimName: 'backups', path: 'shop' } };
    await make('DatabaseBackup', 'shop', { database: orders.spec, ...place, verify: 'Restore' });
    const taken = await finished('dbb', 'shop');
    assert.equal(taken.status?.summary, 'Complete', taken.status?.message);
    assert.equal(taken.status?.backup?.verifiedBy, 'Restore');
    await orders.query('DELETE FROM orders WHERE id > 10');

    const from = { databaseBackup: 'shop' };
    await make('DatabaseRestore', 'mistake', { database: copy.spec, from, confirm: copy.name });
    assert.equal((await finished('dbr', 'mistake')).status?.reason, 'BackupMismatch');
    await make('DatabaseRestore', 'copy', { database: copy.spec, from, confirm: copy.name, into: 'Other' });
    await when('dbr', 'copy', 'started', ({ status }) => status?.job !== undefined);
    await killOperator();
    assert.equal((await finished('dbr', 'copy')).status?.summary, 'Complete');
    assert.equal(await copy.count(), 1000);
    assert.equal(await orders.count(), 10, 'the other database is as it was');

    await make('DatabaseRestore', 'undo', { database: orders.spec, from, confirm: orders.name });
    await when('dbr', 'undo', 'started', ({ status }) => status?.job !== undefined);
    await killOperator();
    const { status } = await finished('dbr', 'undo');
    assert.equal(status?.summary, 'Complete', status?.message);
    assert.equal(await orders.count(), 1000);
    assert.ok(status?.keptDatabase ?? status?.safetyBackup, 'the state before the restore is kept');
    const { items } = JSON.parse(await room.run('get', 'jobs', '--output=json')) as { items: Seen[] };
    for (const name of ['copy', 'undo']) {
      const own = items.filter(({ metadata }) => new RegExp(`^${name}-[0-9a-f]{8}$`).test(metadata.name));
      assert.equal(own.length, 1, `one Job of ${name}`);
    }
  });

  it('of SQLite in an object store are restored over the file, with a safety backup', async () => {
    const sqlite = { sqlite: { volume: { claimName: 'data' }, path: 'notes.db' } };
    const sql = (text: string) =>
      room.look(
        'data',
        `const sqlite3 = require('/app/node_modules/sqlite3');
         const db = new sqlite3.Database('/volume/notes.db');
         db.all(${JSON.stringify(text)}, (error, rows) => { if (error) throw error; console.log(JSON.stringify(rows)); });`,
      );
    await sql('CREATE TABLE notes AS SELECT 1 AS id');
    await make('DatabaseBackup', 'notes', { database: sqlite, objectStore });
    assert.equal((await finished('dbb', 'notes')).status?.summary, 'Complete');
    await sql('DROP TABLE notes');
    const wrong = { database: sqlite, from: { databaseBackup: 'notes' }, confirm: 'orders.db' };
    await make('DatabaseRestore', 'unconfirmed', wrong);
    assert.match(String((await finished('dbr', 'unconfirmed')).status?.message), /the database is "notes\.db"/);
    await make('DatabaseRestore', 'notes', { ...wrong, confirm: 'notes.db' });
    const { status } = await finished('dbr', 'notes');
    assert.equal(status?.summary, 'Complete', status?.message);
    assert.match(String(status?.safetyBackup), /^backup_.*\.db$/);
    assert.equal(await sql('SELECT id FROM notes'), '[{"id":1}]');
  });
});

function secret(name: string, stringData: object): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}
