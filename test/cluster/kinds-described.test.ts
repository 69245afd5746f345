/** What `kubectl describe` prints for backups, schedules and restores that failed, wait or succeeded. */
import assert from 'node:assert/strict';
import pg from 'pg';
import { KINDS } from '../../src/kinds/index.ts';
import type { Resource } from '../../src/kinds/kind.ts';
import {
  AVAILABLE_OBJECT_STORES,
  CREDENTIALS,
  sharedObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { eventually } from '../support/processes.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { furnish, postgresDatabase, secret } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

type Seen = Resource<object, Record<string, unknown> & { conditions?: { type: string; message: string }[] }>;

describeCluster('kubectl describe of backups and restores', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let store: TestObjectStore;
  let from: Awaited<ReturnType<typeof postgresDatabase>>;
  let database: { postgres: { database: string } };

  before(async function () {
    this.timeout(180_000);
    if (!AVAILABLE_OBJECT_STORES.includes('versitygw')) return this.skip();
    store = await sharedObjectStore('versitygw');
    ground = await openGround(cluster(), 'described');
    for (const { plural } of KINDS)
      await eventually(`${plural} to be served`, async () => (await ground.kubectl('get', plural)).code === 0);
    await furnish(ground);
    const wrong = { ...CREDENTIALS, AWS_SECRET_ACCESS_KEY: 'wrong' };
    await ground.apply(secret('object-store', CREDENTIALS), secret('wrong', wrong));
    operator = await ground.startOperator();
    from = await postgresDatabase('orders');
    await from.rows('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id');
    database = (from.spec as { database: typeof database }).database;
    // It fires while the other tests run.
    await make('DatabaseBackupSchedule', 'failing', { ...at('object-store', 'absent'), schedule: '* * * * *' });
    await make('DatabaseBackup', 'old', { ...at() });
    await finished('dbb', 'old');
    await make('DatabaseBackup', 'new', { ...at(), verify: 'Restore', retain: { last: 1, days: 0 } });
    await finished('dbb', 'new');
  });
  after(() => operator?.stop());

  const at = (secretName = 'object-store', bucket = store.bucket) => ({
    objectStore: {
      bucket,
      prefix: 'described',
      endpoint: store.endpoint,
      credentialsFrom: { secretRef: { name: secretName } },
    },
  });
  const make = (kind: string, name: string, spec: object) =>
    ground.apply({
      apiVersion: 'db-manager.dev/v1alpha1',
      kind,
      metadata: { name },
      spec: { database, ...(kind === 'DatabaseRestore' ? { confirm: database.postgres.database } : {}), ...spec },
    });
  const get = async (kind: string, name: string): Promise<Seen> =>
    JSON.parse(await ground.run('get', kind, name, '--output=json'));
  const when = (kind: string, name: string, isSo: (status: NonNullable<Seen['status']>) => boolean) =>
    eventually(
      `${kind} ${name}`,
      async () => {
        const seen = await get(kind, name);
        return isSo(seen.status ?? {}) && seen;
      },
      { timeoutMs: 90_000, everyMs: 300, explain: async () => JSON.stringify((await get(kind, name)).status, null, 2) },
    );
  const finished = (kind: string, name: string) => when(kind, name, ({ finishedAt }) => finishedAt !== undefined);
  /** Of the resource as a person sees it, with its events. */
  const described = async (kind: string, name: string) =>
    (await ground.run('describe', kind, name)).replace(/\s+/g, ' ');
  const again = (short: string, name: string) =>
    `kubectl get ${short} ${name} -n ${ground.namespace} -o json | kubectl replace --force -f -`;

  it('of a backup: how it was verified, and what its retention deleted; one condition', async () => {
    const { status } = await get('dbb', 'new');
    const old = (await get('dbb', 'old')).status?.backup as { name: string };
    assert.match(
      String(status?.message),
      /^backup_\S+ \(.*\) was taken and verified by a restore into a scratch copy\. The retention deleted 1 old backup: /,
    );
    assert.ok(String(status?.message).includes(`${old.name}.`));
    assert.deepEqual(
      status?.conditions?.map(({ type }) => type),
      ['Ready'],
    );
  });

  it('of a restore of a deleted backup: which backups there are', async function () {
    this.timeout(100_000);
    await make('DatabaseRestore', 'deleted', { from: { databaseBackup: 'old' } });
    await finished('dbr', 'deleted');
    const newest = (await get('dbb', 'new')).status?.backup as { name: string };
    const text = await described('dbr', 'deleted');
    assert.match(text, /has no backup "backup_\S+"\. Retention or a person may have deleted it\./);
    assert.ok(text.includes(`Its newest of this database: ${newest.name} (20`), text);
    assert.match(text, /The database is unchanged\. Create a DatabaseRestore of another backup\./);
    assert.doesNotMatch(text, /db-manager list-backups/);
  });

  it('of a failed backup: cause, consequence and the command that tries again, which works', async function () {
    this.timeout(200_000);
    await make('DatabaseBackup', 'wrong-key', at('wrong'));
    await finished('dbb', 'wrong-key');
    const text = await described('dbb', 'wrong-key');
    assert.match(
      text,
      /The object store refused the credentials .* No backup was written; earlier ones are unchanged\./,
    );
    assert.match(text, /Correct the Secret of spec\.objectStore\.credentialsFrom/);
    assert.ok(text.includes(again('dbb', 'wrong-key')), text);
    await ground.apply(secret('wrong', CREDENTIALS));
    const before = await ground.run('get', 'dbb', 'wrong-key', '-o', 'json');
    await ground.controlPlane.mustKubectl(['replace', '--force', '-f', '-'], { input: before });
    const done = await finished('dbb', 'wrong-key');
    assert.equal(done.status?.summary, 'Complete', JSON.stringify(done.status));
    await make('DatabaseBackup', 'no-bucket', at('object-store', 'absent'));
    await finished('dbb', 'no-bucket');
    assert.match(await described('dbb', 'no-bucket'), /The bucket absent does not exist .* No backup was written/);
  });

  it('of what waits: what for, with the reason in the list', async function () {
    this.timeout(100_000);
    await make('DatabaseBackup', 'no-secret', at('absent'));
    const waiting = await when('dbb', 'no-secret', ({ summary }) => String(summary).startsWith('Waiting'));
    assert.match(waiting.status?.conditions?.[0]?.message ?? '', /secret "absent" not found/);
    await make('DatabaseRestore', 'no-backup', { from: { databaseBackup: 'absent' } });
    await when('dbr', 'no-backup', ({ summary }) => summary === 'Waiting: ReferenceNotFound');
    assert.match(
      await described('dbr', 'no-backup'),
      /no DatabaseBackup absent in this namespace\. To list them: kubectl get dbb/,
    );
    await make('DatabaseRestore', 'too-early', { from: { databaseBackup: 'no-secret' } });
    await when('dbr', 'too-early', ({ summary }) => summary === 'Waiting: ReferenceNotFound');
    assert.match(
      await described('dbr', 'too-early'),
      /DatabaseBackup no-secret has no backup: Waiting: .* starts when it has one/,
    );
    for (const [kind, name] of [
      ['dbr', 'too-early'],
      ['dbr', 'no-backup'],
      ['dbb', 'no-secret'],
    ] as const)
      await ground.run('delete', kind, name);
  });

  it('of a restore with the application connected: refused by name, and the command terminates its sessions', async function () {
    this.timeout(200_000);
    const client = new pg.Client({ connectionString: from.url, application_name: 'shop-web' });
    const ended = new Promise<string>((resolve) => client.on('error', ({ message }) => resolve(message)));
    await client.connect();
    await make('DatabaseRestore', 'connected', { from: { databaseBackup: 'new' } });
    const refused = await finished('dbr', 'connected');
    assert.equal(refused.status?.reason, 'ActiveSessions');
    assert.deepEqual((await client.query('SELECT count(*)::int AS n FROM orders')).rows, [{ n: 100 }]);
    const text = await described('dbr', 'connected');
    assert.match(
      text,
      /is used by "shop-web" of \S+ .*The database is unchanged\. Stop the application, then restore again\./,
    );
    const [, from_ = '', to = ''] = /sed 's\/(.*?)\/(.*?)\/' \| kubectl replace --force/.exec(text) ?? [];
    await from.rows('DELETE FROM orders');
    const changed = (await ground.run('get', 'dbr', 'connected', '-o', 'json')).replace(from_, to);
    await ground.controlPlane.mustKubectl(['replace', '--force', '-f', '-'], { input: changed });
    const done = await finished('dbr', 'connected');
    assert.equal(done.status?.summary, 'Complete', JSON.stringify(done.status));
    assert.match(await ended, /terminat/);
    assert.deepEqual(await from.rows('SELECT count(*)::int AS n FROM orders'), [{ n: 100 }]);
    assert.match(
      String(done.status?.message),
      /was restored\. .* is not in it\. Terminated "shop-web" of .*The previous database is kept as orders/,
    );
  });

  it('of a schedule: the last success, the next time, and why the last one failed', async function () {
    this.timeout(200_000);
    await make('DatabaseBackupSchedule', 'idle', { ...at(), schedule: '0 3 1 1 *' });
    await when('dbs', 'idle', ({ summary }) => summary === 'Waiting');
    assert.match(
      await described('dbs', 'idle'),
      /No backup was due yet\. The next one is due at \d{4}-01-01T03:00:00Z\./,
    );
    await when('dbs', 'failing', ({ summary }) => summary === 'Failed: BucketNotFound');
    const why =
      /The last successful backup: none\. The next one is due at \S+Z\. DatabaseBackup failing-\d+ failed: The bucket absent/;
    assert.match(await described('dbs', 'failing'), why);
    await ground.run('patch', 'dbs', 'failing', '--type=merge', '--patch={"spec":{"suspend":true}}');
    const { status } = await when('dbs', 'failing', ({ summary }) => summary === 'Suspended');
    assert.equal(status?.nextScheduleTime, undefined);
    assert.match(
      await described('dbs', 'failing'),
      /No backups are taken while spec\.suspend is true\. .* failed: The bucket absent/,
    );
  });

  it('of names of 63 characters and more', async function () {
    this.timeout(200_000);
    for (const length of [63, 253]) {
      const name = 'n'.repeat(length);
      await make('DatabaseBackup', name, { ...at() });
      const taken = await finished('dbb', name);
      assert.equal(taken.status?.summary, 'Complete', JSON.stringify(taken.status));
      await make('DatabaseRestore', name, { from: { databaseBackup: name } });
      const restored = await finished('dbr', name);
      assert.equal(restored.status?.summary, 'Complete', JSON.stringify(restored.status));
    }
  });
});
