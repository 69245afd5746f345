import assert from 'node:assert/strict';
import type { Database } from '../../../src/database/port.ts';
import { query } from '../../engine/request.ts';
import { temporaryDatabase } from '../../support/databases.ts';
import { assertDone, failureOf, migrate, migration, openReady, sql, states } from '../migration-fixtures.ts';

describe('SQL migrations on PostgreSQL, each in one round trip', function () {
  this.timeout(30_000);
  let database: Database;
  const texts = async () =>
    (await query<{ text: string }>(database, 'SELECT text FROM w ORDER BY n')).map(({ text }) => text);
  const run = (...statements: string[]) => migrate(database, [migration(sql(...statements))]);

  beforeEach(async () => {
    database = await openReady((await temporaryDatabase('postgres')).url);
    assertDone(await run('CREATE TABLE w (n serial, text text)'));
  });
  afterEach(() => database.close());

  it('see their own statement alone, and count all of their time', async () => {
    const own = 'INSERT INTO w (text) SELECT current_query()';
    assertDone(
      await run('SELECT pg_sleep(0.05)', own, "-- the last one\nINSERT INTO w (text) VALUES ('x') -- no more"),
    );
    assert.deepEqual(await texts(), [own, 'x']);
    const { durationMs = 0 } = (await database.history.read()).at(-1) ?? {};
    assert.ok(durationMs >= 50, `${durationMs} ms`);
  });

  it('replace the row of a migration that is in the history', async () => {
    for (const text of ['one', 'two'])
      assertDone(
        await migrate(database, [migration(sql(`INSERT INTO w (text) VALUES ('${text}')`), { name: 'R__x' })]),
      );
    assert.deepEqual((await states(database)).slice(1), ['R__x applied']);
    assert.deepEqual(await texts(), ['one', 'two']);
  });

  it('keep nothing where a statement fails, and name it', async () => {
    const outcome = await run(
      "INSERT INTO w (text) VALUES ('a')",
      'SELECT 1,\n  nope',
      "INSERT INTO w (text) VALUES ('b')",
    );
    assert.match(failureOf(outcome), /"nope" does not exist/);
    assert.deepEqual(outcome.kind === 'failed' && outcome.problem.position, { file: 'm.sql', line: 4, column: 3 });
    assert.equal(outcome.kind === 'failed' && outcome.problem.statement, 'SELECT 1,\n  nope');
    assert.deepEqual(await texts(), []);
    assertDone(await run("INSERT INTO w (text) VALUES ('c')"));
    assert.deepEqual(await texts(), ['c']);
  });

  it('are sent one by one where the server could read them otherwise', async () => {
    await query(
      database,
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$",
    );
    assertDone(
      await migrate(database, [
        migration(sql("INSERT INTO w (text) VALUES ('it\\'s; one')")),
        migration(sql("INSERT INTO w (text) VALUES ('two'); INSERT INTO w (text) VALUES ('three')")),
        migration(sql('PREPARE p AS INSERT INTO w (text) VALUES ($1)', "EXECUTE p ('four')")),
        migration(sql('', '-- nothing', "INSERT INTO w (text) VALUES ('five')")),
      ]),
    );
    assert.deepEqual(await texts(), ["it's; one", 'two', 'three', 'four', 'five']);
    const wrong = await run('SELECT $1');
    assert.match(failureOf(wrong), /there is no parameter \$1/);
    assert.deepEqual(wrong.kind === 'failed' && wrong.problem.position, { file: 'm.sql', line: 1, column: 8 });
  });
});
