import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_SURROUNDINGS } from '../../../src/core/model/connection/surroundings.ts';
import { parseDatabaseUrl } from '../../../src/core/model/database-url.ts';
import type { PostgresTarget } from '../../../src/core/model/target.ts';
import { environmentOf } from '../../../src/database/postgres/dump-program.ts';
import { temporaryFolder } from '../../support/databases.ts';

/** libpq itself reads `~/.postgresql/root.crt` where no file is named. */
describe('the authorities that pg_dump checks the server against', () => {
  let HOME: string;
  before(async () => {
    HOME = await temporaryFolder('home');
    await mkdir(join(HOME, '.postgresql'));
    await writeFile(join(HOME, '.postgresql/root.crt'), 'another authority');
  });

  const authorities = async (query: string) => {
    const surroundings = { ...NO_SURROUNDINGS, env: { HOME }, exists: existsSync };
    const parsed = parseDatabaseUrl(`postgres://u@h/d?${query}`, surroundings);
    if (!parsed.ok) assert.fail(parsed.problem.message);
    return (await environmentOf(parsed.target as PostgresTarget)).PGSSLROOTCERT;
  };

  for (const query of ['ssl=no-verify', 'sslmode=no-verify', 'sslmode=no-verify&sslrootcert=/ca.pem']) {
    it(`are none with ${query}`, async () => {
      const file = await authorities(query);
      assert.ok(file !== undefined && !existsSync(file), file);
    });
  }

  it('are those of our own connections', async () => {
    assert.equal(await authorities('sslmode=require'), join(HOME, '.postgresql/root.crt'));
    assert.equal(await authorities('sslmode=require&sslrootcert=/ca.pem'), '/ca.pem');
    assert.equal(await authorities('sslrootcert=system'), 'system');
  });
});
