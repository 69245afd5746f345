import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { KINDS } from '../../src/kinds/index.ts';
import type { Resource } from '../../src/kinds/kind.ts';
import { ageKey, hasAge } from '../backups/age-keys.ts';
import {
  AVAILABLE_OBJECT_STORES,
  CREDENTIALS,
  sharedObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { eventually } from '../support/processes.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  reasonOf,
  secret,
  sqliteLedger,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const TABLE = {
  '1_later.sql': '-- migrate:up\nCREATE TABLE later (id integer);\n-- migrate:down\nDROP TABLE later;\n',
};
const VOLUME = { backup: { volume: { claimName: 'backups' } } };
const PLURALS = { dbb: 'databasebackups', dbr: 'databaserestores', dbs: 'databasebackupschedules' } as const;
type Kind = keyof typeof PLURALS;
const API_VERSION = 'db-manager.dev/v1alpha1';

type Seen = Resource<
  object,
  Record<string, unknown> & { backup?: { name: string; path: string; encrypted: boolean; verifiedBy?: string } }
>;

describeCluster('the kinds for backups', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let store: TestObjectStore;
  let place: { objectStore: object };

  before(async function () {
    this.timeout(180_000);
    if (!AVAILABLE_OBJECT_STORES.includes('versitygw') || !hasAge()) return this.skip();
    store = await sharedObjectStore('versitygw');
    ground = await openGround(cluster(), 'kinds');
    for (const { plural } of KINDS) {
      await eventually(`${plural} to be served`, async () => (await ground.kubectl('get', plural)).code === 0);
    }
    await furnish(ground);
    await ground.apply(secret('object-store', CREDENTIALS));
    place = {
      objectStore: {
        bucket: store.bucket,
        prefix: 'kinds',
        endpoint: store.endpoint,
        credentialsFrom: { secretRef: { name: 'object-store' } },
      },
    };
    operator = await ground.startOperator();
    await ground.apply(configMap('trading', LEDGER), sqliteMigration('trading'));
    await ground.waitFor('trading', 'Ready');
  });
  after(() => operator?.stop());

  const make = (kind: string, name: string, spec: object) => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name },
    spec,
  });
  const sqlite = { sqlite: { volume: { claimName: 'bot' }, path: 'trading.db' } };
  const get = async (kind: Kind, name: string): Promise<Seen> => {
    const found = await cluster().reads.one<Seen>(PLURALS[kind], ground.namespace, name);
    if (found === undefined) throw new Error(`there is no ${PLURALS[kind]} ${name}`);
    return found;
  };
  const when = (kind: Kind, name: string, what: string, isSo: (seen: Seen) => boolean, seconds = 90) => {
    let last: Seen | undefined;
    return eventually(
      `${kind} ${name} to be ${what}`,
      async () => {
        last = await get(kind, name);
        return isSo(last) && last;
      },
      {
        timeoutMs: seconds * 1000,
        everyMs: 300,
        explain: async () => `${JSON.stringify(last?.status, null, 2)}\n${(await operator.log()).slice(-3_000)}`,
      },
    );
  };
  const finished = (kind: Kind, name: string) =>
    when(kind, name, 'finished', ({ status }) => status?.finishedAt !== undefined);

  it('take an encrypted backup of SQLite into an object store, restore it, and refuse a wrong confirmation', async function () {
    this.timeout(300_000);
    const { recipient, identity } = await ageKey();
    await ground.apply(secret('identity', { key: identity.reveal() }));
    const encryption = {
      recipients: [recipient],
      identityFrom: { secretKeyRef: { name: 'identity', key: 'key' } },
    };
    await ground.apply(make('DatabaseBackup', 'first', { database: sqlite, ...place, encryption, verify: 'Restore' }));
    const { status } = await finished('dbb', 'first');
    assert.equal(status?.summary, 'Complete', JSON.stringify(status));
    assert.equal(status?.backup?.encrypted, true);
    assert.match(status?.backup?.path ?? '', /^s3:\/\/backups\/kinds\/trading-db-[0-9a-f]{16}\/backup_/);
    assert.match(await ground.run('get', 'dbb', 'first'), /first +Complete +backup_\S+\.db\.age +\d+ +Restore/);
    assert.match(await ground.run('describe', 'dbb', 'first'), /Normal +Succeeded .*was taken and verified/);
    await ground.run('wait', '--for=condition=Ready', 'dbb/first', '--timeout=10s');

    const before = await sqliteLedger(ground, 'trading');
    await ground.apply(
      make('DatabaseRestore', 'wrong', { database: sqlite, from: { databaseBackup: 'first' }, confirm: 'other.db' }),
    );
    const wrong = await finished('dbr', 'wrong');
    assert.equal(wrong.status?.summary, 'Failed: InvalidConfiguration');
    assert.match(String(wrong.status?.message), /Nothing was changed/);
    await ground.apply(
      make('DatabaseRestore', 'right', { database: sqlite, from: { databaseBackup: 'first' }, confirm: 'trading.db' }),
    );
    const right = await finished('dbr', 'right');
    assert.equal(right.status?.summary, 'Complete', JSON.stringify(right.status));
    assert.match(String(right.status?.safetyBackup), /\.db\.age$/);
    assert.deepEqual(await sqliteLedger(ground, 'trading'), before);
  });

  it('restore a backup of PostgreSQL into another database, with the operator killed in between', async function () {
    this.timeout(300_000);
    const from = await postgresDatabase('source');
    const to = await postgresDatabase('target');
    await from.rows('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id');
    const databaseOf = ({ spec }: typeof from) => (spec as { database: { postgres: { database: string } } }).database;
    await ground.apply(make('DatabaseBackup', 'source', { database: databaseOf(from), ...place }));
    await when('dbb', 'source', 'started', ({ status }) => status?.job !== undefined);
    await operator.stop('SIGKILL');
    operator = await ground.startOperator();
    assert.equal((await finished('dbb', 'source')).status?.summary, 'Complete');
    assert.equal((await ground.jobs()).filter(({ metadata }) => metadata.name.startsWith('source-')).length, 1);
    const database = databaseOf(to);
    const spec = { database, from: { databaseBackup: 'source' }, confirm: database.postgres.database };
    await ground.apply(make('DatabaseRestore', 'refused', spec));
    assert.equal((await finished('dbr', 'refused')).status?.reason, 'BackupMismatch');
    await ground.apply(make('DatabaseRestore', 'target', { ...spec, into: 'Other' }));
    await when('dbr', 'target', 'started', ({ status }) => status?.job !== undefined);
    await operator.stop('SIGKILL');
    operator = await ground.startOperator();
    const done = await finished('dbr', 'target');
    assert.equal(done.status?.summary, 'Complete', JSON.stringify(done.status));
    assert.deepEqual(await to.rows('SELECT count(*)::int AS n FROM orders'), [{ n: 100 }]);
  });

  it('hold their database: a migration of it waits for a backup, and a backup on a volume for a migration', async function () {
    this.timeout(300_000);
    const from = await postgresDatabase('busy');
    await from.rows('CREATE TABLE orders AS SELECT generate_series(1, 10) AS id');
    const { database } = from.spec as { database: object };
    const release = await from.lock('orders');
    const volume = { claimName: 'backups', path: 'of/busy' };
    try {
      await ground.apply(make('DatabaseBackup', 'busy', { database, volume }));
      await when('dbb', 'busy', 'running', ({ status }) => status?.summary === 'Running');
      await ground.apply(configMap('busy', TABLE), migration('busy', { database, ...VOLUME }));
      const waiting = await ground.resourceWhen('busy', 'waiting', (each) => reasonOf(each) === 'DatabaseInUse');
      assert.match(condition(waiting, 'Ready')?.message ?? '', /DatabaseBackup busy is working on this database/);
    } finally {
      await release();
    }
    const { status } = await finished('dbb', 'busy');
    assert.equal(status?.summary, 'Complete', JSON.stringify(status));
    assert.match(status?.backup?.path ?? '', /\/of\/busy\/backup_\d+_\d+\.dump$/);
    await ground.waitFor('busy', 'Ready', 90);
    await ground.apply(
      make('DatabaseRestore', 'busy', { database, volume, from: { name: status?.backup?.name }, confirm: from.name }),
    );
    const restored = await finished('dbr', 'busy');
    assert.equal(restored.status?.summary, 'Complete', JSON.stringify(restored.status));
    assert.deepEqual(await from.rows("SELECT to_regclass('later') AS later"), [{ later: null }]);
  });

  it('behave as docs/operations/backup-resources.md describes', async function () {
    this.timeout(300_000);
    const from = await postgresDatabase('trading-docs');
    await from.rows('CREATE TABLE orders AS SELECT generate_series(1, 3) AS id');
    await ground.apply(secret('trading-db', { url: from.url }));
    const text = await readFile('docs/operations/backup-resources.md', 'utf8');
    const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => parse(block));
    const [backup, schedule, restore] = blocks as [Seen, Seen, Seen];
    for (const each of [backup, schedule]) {
      const { objectStore } = each.spec as { objectStore: { endpoint?: string } };
      objectStore.endpoint = store.endpoint;
    }
    await ground.apply(backup);
    const taken = await finished('dbb', 'before-release');
    assert.equal(taken.status?.backup?.verifiedBy, 'Restore', JSON.stringify(taken.status));
    await ground.apply(schedule);
    const nightly = await when('dbs', 'nightly', 'scheduled', ({ status }) => status?.nextScheduleTime !== undefined);
    assert.match(String(nightly.status?.nextScheduleTime), /T0[01]:30:00Z$/);
    await from.rows('DELETE FROM orders');
    await ground.apply({ ...restore, spec: { ...restore.spec, confirm: from.name } });
    const done = await finished('dbr', 'undo-release');
    assert.equal(done.status?.summary, 'Complete', JSON.stringify(done.status));
    assert.deepEqual(await from.rows('SELECT count(*)::int AS n FROM orders'), [{ n: 3 }]);
  });

  it('fire by schedule, prove the backup by a restore, and keep only so many', async function () {
    this.timeout(300_000);
    await ground.apply(
      make('DatabaseBackupSchedule', 'each-minute', {
        schedule: '* * * * *',
        timeZone: 'Europe/Berlin',
        database: sqlite,
        ...place,
        verify: 'Restore',
        retain: { last: 1, days: 0 },
        history: 1,
      }),
    );
    const first = await when('dbs', 'each-minute', 'successful', ({ status }) => status?.lastBackup !== undefined, 150);
    assert.ok(first.status?.lastRestoreVerification);
    await operator.stop('SIGKILL');
    operator = await ground.startOperator();
    const again = ({ status }: Seen) =>
      status?.lastBackup !== first.status?.lastBackup && status?.summary === 'Complete';
    const second = await when('dbs', 'each-minute', 'successful again', again, 150);
    await ground.run('patch', 'dbs', 'each-minute', '--type=merge', '--patch={"spec":{"suspend":true}}');
    const children = await eventually('old children to be deleted', async () => {
      const items = (await cluster().reads.list<Seen>('databasebackups', ground.namespace)) ?? [];
      const own = items.filter(({ metadata }) => metadata.name.startsWith('each-minute-'));
      return own.length === 1 && own;
    });
    assert.equal(children[0]?.status?.backup?.name, second.status?.lastBackup);
    assert.match(String(children[0]?.status?.message), /verified|old removed/);
  });

  it('are refused by the API server if they make no sense', async () => {
    const refused = async (object: object, words: RegExp) => {
      await assert.rejects(ground.apply(object), words);
    };
    await refused(make('DatabaseBackup', 'x', { database: sqlite }), /set exactly one of volume, objectStore/);
    await refused(
      make('DatabaseRestore', 'x', { database: sqlite, from: { latest: true, name: 'x' }, confirm: 'x', ...place }),
      /exactly one of databaseBackup, name, latest, before/,
    );
    await refused(
      make('DatabaseRestore', 'x', {
        database: { postgres: { host: 'db', database: 'shop', user: 'app' } },
        from: { latest: true },
        confirm: 'other',
        ...place,
      }),
      /confirm must be the name of the database/,
    );
    await refused(
      make('DatabaseBackup', 'first', { database: sqlite, ...place, verify: 'Checksum' }),
      /create a new resource/,
    );
  });
});
