import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findClients, findClientsFor, findNewestClients } from '../../src/database/postgres/dump-clients.ts';
import { problem } from '../backups/problems.ts';
import { temporaryFolder } from '../support/databases.ts';

describe('the PostgreSQL client', () => {
  async function fake(major: number): Promise<string> {
    const folder = join(await temporaryFolder('client'), String(major));
    await mkdir(folder);
    for (const program of ['pg_dump', 'pg_restore', 'psql']) {
      await writeFile(
        join(folder, program),
        `#!/bin/sh\necho "pg_dump (PostgreSQL) ${major}.1 (Debian ${major}.1-1)"\n`,
      );
      await chmod(join(folder, program), 0o755);
    }
    return folder;
  }

  it('that is older than the server is refused by naming the one that is needed', async () => {
    const folder = await fake(13);
    const message = await problem('ClientTooOld', () => findClients(16, { PG_BIN: folder }));
    assert.match(message, /PostgreSQL 16.*found only pg_dump \(PostgreSQL\) 13\.1 in .*postgresql-client-16/);
  });

  it('is the server’s own version where there are several, else the next newer', async () => {
    const PATH = [await fake(996), await fake(997), await fake(999)].join(':');
    assert.equal((await findClients(997, { PATH })).major, 997);
    assert.equal((await findClients(998, { PATH })).major, 999);
  });

  it('that reads a dump of unknown version is the newest, and that restores one is at least as new as the dump', async () => {
    const PATH = [await fake(996), await fake(999), await fake(997)].join(':');
    assert.equal((await findNewestClients({ PATH })).major, 999);
    assert.equal((await findClientsFor(996, 'pg_dump (PostgreSQL) 998.2', { PATH })).major, 999);
    await problem('ClientTooOld', async () => findNewestClients({ PG_BIN: await temporaryFolder('empty') }));
  });

  it('is asked for its version once, and again where its file is another', async () => {
    const folder = await fake(996);
    const asked = join(folder, 'asked');
    const answer = async (major: number) => {
      await writeFile(
        join(folder, 'pg_dump'),
        `#!/bin/sh\necho x >>'${asked}'\necho "pg_dump (PostgreSQL) ${major}.1"\n`,
      );
      return () => findClients(996, { PG_BIN: folder });
    };
    const find = await answer(996);
    await find();
    await Promise.all([find(), find()]);
    assert.equal(await readFile(asked, 'utf8'), 'x\n');
    assert.equal((await (await answer(1000))()).major, 1000);
    assert.equal(await readFile(asked, 'utf8'), 'x\nx\n');
  });

  it('whose version could not be asked is asked again', async () => {
    const folder = await fake(996);
    const limit = join(folder, 'limit');
    await writeFile(
      join(folder, 'pg_dump'),
      `#!/bin/sh\n[ -e '${limit}' ] || exit 1\necho "pg_dump (PostgreSQL) 996.1"\n`,
    );
    await problem('ClientTooOld', () => findClients(996, { PG_BIN: folder }));
    await writeFile(limit, '');
    assert.equal((await findClients(996, { PG_BIN: folder })).major, 996);
  });

  it('that does not exist is reported, with the places that were searched', async () => {
    const folder = await temporaryFolder('empty');
    assert.match(await problem('ClientTooOld', () => findClients(15, { PG_BIN: folder })), /found none in/);
  });
});
