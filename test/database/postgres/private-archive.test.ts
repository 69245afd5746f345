import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findServer, type PrivateServer, startServer } from '../../../src/database/postgres/private/server.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const EMPTY = { settings: {}, bytes: 0 };

describe('the files of an empty server', function () {
  this.timeout(120_000);
  let cache: string;
  let before: string | undefined;
  const servers: PrivateServer[] = [];

  beforeEach(async () => {
    cache = join(await temporaryFolder('cache'), 'db-manager');
    before = process.env.DB_MANAGER_CACHE;
    process.env.DB_MANAGER_CACHE = cache;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env.DB_MANAGER_CACHE;
    else process.env.DB_MANAGER_CACHE = before;
    for (const server of servers.splice(0)) await server.stop();
  });

  const start = async () => {
    const server = await startServer(await programs(), EMPTY);
    servers.push(server);
    return server;
  };
  const kept = async () => (await readdir(cache)).sort();

  it('are kept by the first run, and unpacked by the next', async () => {
    const first = await start();
    const [archive = '', ...others] = await kept();
    assert.match(archive, /^postgres-[0-9a-f]{16}-[0-9a-f]{16}-db_manager_[0-9a-f]{12}-[0-9a-f]{32}\.tar\.zst$/);
    assert.deepEqual(others, []);
    assert.equal((await stat(join(cache, archive))).mode & 0o777, 0o600);
    const second = await start();
    assert.equal(second.superuser, first.superuser);
    assert.notEqual(second.host, first.host);
    await first.connect('postgres').then(async (client) => {
      await client.query('CREATE ROLE only_here');
      await client.end();
    });
    assert.equal(await hasRole(second, 'only_here'), false);
    assert.equal(await hasRole(await start(), 'only_here'), false);
    assert.deepEqual(await kept(), [archive]);
  });

  const DAMAGE: Record<string, (path: string) => Promise<void>> = {
    'is empty': (path) => writeFile(path, ''),
    'is cut off': async (path) => writeFile(path, await head(path, 100_000)),
    'has one other byte': async (path) => {
      const content = await head(path, Number.POSITIVE_INFINITY);
      content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
      await writeFile(path, content);
    },
  };
  for (const [what, damage] of Object.entries(DAMAGE)) {
    it(`are created again if the archive ${what}`, async () => {
      const first = await start();
      const [archive = ''] = await kept();
      await damage(join(cache, archive));
      const second = await start();
      assert.notEqual(second.superuser, first.superuser);
      assert.equal(await hasRole(second, second.superuser), true);
      assert.ok(!(await kept()).includes(archive));
    });
  }

  it('are not taken from a folder that other users may write to', async () => {
    const first = await start();
    await chmod(cache, 0o777);
    assert.notEqual((await start()).superuser, first.superuser);
  });

  it('are not kept where the folder cannot be made', async () => {
    await writeFile(cache, 'a file');
    await start();
    assert.equal((await start()).host.length > 0, true);
    assert.equal((await stat(cache)).isFile(), true);
  });

  it('of another version of the same programs are removed, and what a killed run left', async () => {
    await start();
    const [archive = ''] = await kept();
    const other = archive.replace(/^(postgres-[0-9a-f]{16}-)[0-9a-f]{16}/, '$10123456789abcdef');
    const elsewhere = archive.replace(/^postgres-[0-9a-f]{16}/, 'postgres-0123456789abcdef');
    const [old, young] = ['.postgres-0-0-old', '.postgres-0-0-young'];
    for (const name of [other, elsewhere, old, young]) await writeFile(join(cache, name), '');
    await utimes(join(cache, old), 0, 0);
    await writeFile(join(cache, archive), '');
    await start();
    const names = await kept();
    assert.equal(names.includes(other), false);
    assert.equal(names.includes(old), false);
    assert.equal(names.includes(young), true);
    assert.equal(names.includes(elsewhere), true);
  });

  it('are of the time zone of the run', async () => {
    await mkdir(cache, { mode: 0o700 });
    const zone = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Tokyo';
      await start();
      process.env.TZ = 'America/Lima';
      const client = await (await start()).connect('postgres');
      const { rows } = await client.query<{ zone: string }>(`SELECT current_setting('timezone') AS zone`);
      await client.end();
      assert.deepEqual(rows, [{ zone: 'America/Lima' }]);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });
});

async function programs() {
  const { version } = await sharedPostgres();
  return findServer(Math.floor(version / 10_000));
}

async function head(path: string, bytes: number): Promise<Buffer> {
  return (await readFile(path)).subarray(0, bytes);
}

async function hasRole(server: PrivateServer, role: string): Promise<boolean> {
  const client = await server.connect('postgres');
  const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  await client.end();
  return rows.length === 1;
}
