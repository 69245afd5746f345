import assert from 'node:assert/strict';
import { sharedPostgres } from '../support/postgres.ts';
import { hostedProject, withMigrations } from './fixtures.ts';

describe('a user of PostgreSQL who may work in one schema and no more', () => {
  it('gets a message about what a rehearsal on the server of the target needs, and is rehearsed on a private one by default', async () => {
    const here = await withMigrations(await hostedProject('postgres'));
    const { pathname, host } = new URL(here.url);
    const postgres = await sharedPostgres();
    await postgres.query("CREATE ROLE one_schema LOGIN PASSWORD 'p'");
    await postgres.query('GRANT CREATE, USAGE ON SCHEMA public TO one_schema', [], pathname.slice(1));
    const env = { DATABASE_URL: `postgres://one_schema:p@${host}${pathname}` };
    const refused = await here.runWith(env, 'safe-migrate', '--rehearsal-server', 'same-server');
    assert.equal(refused.code, 1);
    assert.match(refused.out + refused.err, /ALTER ROLE "one_schema" CREATEDB;[\s\S]*safety\.rehearsal: Disabled/);
    const { code, out, err } = await here.runWith(env, 'safe-migrate');
    assert.equal(code, 0, out + err);
    assert.match(out, /2 migrations applied/);
    assert.match(out, /on a copy restored from backup_\S+, on a private server/);
    assert.equal((await here.runWith(env, 'migrate', 'current')).code, 0);
  });
});
