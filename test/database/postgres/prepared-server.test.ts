import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeBackup } from '../../../src/backups/take.ts';
import type { Database, PreparedScratch, ScratchSource } from '../../../src/database/port.ts';
import { connect, type PostgresConnection } from '../../../src/database/postgres/connection.ts';
import {
  type LikeServer,
  PreparedServer,
  prepareServer,
  startLike,
} from '../../../src/database/postgres/private/prepared-server.ts';
import { NoPrivateServer } from '../../../src/database/postgres/private/problem.ts';
import { OPTIONS, openTarget, runSql, targetOf } from '../../backups/fixtures.ts';
import { requestFor, runOn } from '../../engine/request.ts';
import { temporaryDatabase, temporaryFolder } from '../../support/databases.ts';

/** Folders of the private servers of this process. */
async function folders(): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith('db-manager-pg-')) continue;
    const owner = await readFile(join(tmpdir(), name, 'owner.json'), 'utf8').catch(() => '{}');
    if (JSON.parse(owner).pid === process.pid) found.push(join(tmpdir(), name));
  }
  return found;
}

describe('a private server that starts while the backup is taken', function () {
  this.timeout(60_000);
  let url: string;
  let db: Database;
  let open: PostgresConnection;
  let prepared: PreparedScratch | undefined;
  before(async () => {
    ({ url } = await temporaryDatabase('postgres'));
    const target = targetOf(url);
    await runSql(target, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)');
    if (target.dialect !== 'postgres') throw new Error('not PostgreSQL');
    db = await openTarget(target);
    const timeouts = { connect: 10_000, lock: 10_000, statement: 0, run: 0 };
    open = await connect(target, { timeouts, applicationName: 'prepared' });
  });
  afterEach(() => prepared?.stop());
  after(async () => {
    await db.close();
    await open.closeSequelize();
    await open.client.end();
    assert.deepEqual(await folders(), []);
  });
  const copy = (from: ScratchSource) => db.createScratch(from, { runId: 'prepared', server: 'Private', prepared });
  const backup = async (): Promise<ScratchSource> => ({
    kind: 'backup',
    backup: await takeBackup(db, await temporaryFolder('backups'), OPTIONS),
  });

  it('is the server of the first copy, and the second copy gets its own', async () => {
    prepared = await db.prepareScratch({ server: 'Private' });
    const from = await backup();
    const first = await copy(from);
    assert.equal((await folders()).length, 1);
    const second = await copy(from);
    assert.equal((await folders()).length, 2);
    assert.notEqual(first.database.identity.display, second.database.identity.display);
    assert.deepEqual(await first.database.rowCounts(), await second.database.rowCounts());
    await first.drop();
    await second.drop();
  });

  it('is not used for an empty database, whose owner is another, and ends with the run', async () => {
    prepared = await db.prepareScratch({ server: 'Auto' });
    const empty = await copy({ kind: 'empty' });
    assert.equal((await folders()).length, 2);
    await empty.drop();
    await prepared?.stop();
    await prepared?.stop();
    assert.deepEqual(await folders(), []);
  });

  it('is used for the schema alone, if no copy of the backup is possible', async () => {
    prepared = await db.prepareScratch({});
    const schema = await copy({ kind: 'schema' });
    assert.equal((await folders()).length, 1);
    assert.equal(schema.place.kind, 'Private');
    await prepared?.stop();
    assert.equal((await folders()).length, 1, 'it belongs to the copy');
    await schema.drop();
  });

  it('is not started where copies are made on an existing server', async () => {
    assert.equal(await db.prepareScratch({ server: 'SameServer' }), undefined);
    assert.equal(await db.prepareScratch({ server: { target: targetOf(url) } }), undefined);
    assert.deepEqual(await folders(), []);
  });

  it('that is stopped while it starts leaves nothing', async () => {
    const starting = await prepareServer(open);
    await starting.stop();
    assert.equal(await starting.take(), undefined);
    assert.deepEqual(await folders(), []);
  });

  it('that cannot start is reported with the copy: Private refuses it, Auto uses the server of the target', async () => {
    const failing = () => new PreparedServer(Promise.reject(new NoPrivateServer('the programs are missing')));
    prepared = failing();
    await assert.rejects(copy(await backup()), /A private server was requested, but .*the programs are missing/);
    const options = { runId: 'prepared', server: 'Auto' as const, prepared: failing() };
    const { place, drop } = await db.createScratch(await backup(), options);
    await drop();
    assert.equal(place.kind, 'SameServer');
    assert.match(place.why ?? '', /the programs are missing/);
  });

  it('is stopped, and not used, if the backup has filled the disk', async () => {
    const like: LikeServer = await startLike(open, { kind: 'schema' });
    const full = new PreparedServer(Promise.resolve({ ...like, bytes: 1e18 }));
    await assert.rejects(full.take(), (error) => error instanceof NoPrivateServer && /free/.test(error.message));
    assert.deepEqual(await folders(), []);
  });

  it('leaves nothing after a run whose backup fails', async () => {
    const migrations = await temporaryFolder('migrations');
    await writeFile(join(migrations, '1_a.sql'), '-- migrate:up\nCREATE TABLE a (id int PRIMARY KEY);\n');
    const place = await temporaryFolder('backups');
    await takeBackup(db, place, { ...OPTIONS, name: 'taken' });
    const request = requestFor(migrations, place, { backup: { name: 'taken' } });
    const { report } = await runOn(url, request);
    assert.equal(report.steps.at(-1)?.step, 'backup', report.message);
    assert.equal(report.result, 'failed');
    assert.deepEqual(await folders(), []);
  });
});
