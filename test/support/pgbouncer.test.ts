import assert from 'node:assert/strict';
import pg from 'pg';
import { findPgBouncer, startPgBouncer } from './pgbouncer.ts';
import { sharedPostgres } from './postgres.ts';

// PgBouncer is optional on a developer's machine; CI installs it.
const describeIfInstalled = findPgBouncer() || process.env.CI === 'true' ? describe : describe.skip;

describeIfInstalled('PgBouncer before the private PostgreSQL', () => {
  for (const [mode, kept] of [
    ['session', true],
    ['transaction', false],
  ] as const) {
    it(`${kept ? 'keeps' : 'does not keep'} a session's server connection in ${mode} mode`, async () => {
      const postgres = await sharedPostgres();
      const database = await postgres.createDatabase();
      const bouncer = await startPgBouncer(postgres, mode);
      const [one, two] = [0, 1].map(() => new pg.Client({ connectionString: bouncer.url(database.name) }));
      assert.ok(one && two);
      const backend = async (client: pg.Client): Promise<unknown> =>
        (await client.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
      try {
        await one.connect();
        await two.connect();
        const first = await backend(one);
        const second = await backend(two);
        assert.equal(first !== second, kept);
      } finally {
        await one.end();
        await two.end();
        await bouncer.stop();
        await database.drop();
      }
    });
  }
});
