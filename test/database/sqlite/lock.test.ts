import assert from 'node:assert/strict';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProblemError } from '../../../src/core/model/problem.ts';
import type { DatabaseTarget } from '../../../src/core/model/target.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { exec, openFile } from '../../../src/database/sqlite/driver.ts';
import { databaseWith, TIMEOUTS } from './fixtures.ts';

const open = (path: string) => {
  const target: DatabaseTarget = { dialect: 'sqlite', path };
  return openDatabase(target, { timeouts: { ...TIMEOUTS, lock: 200 }, applicationName: 'test' });
};

describe('the lock and the checks of SQLite', () => {
  it('is one for a file and for a symbolic link to it, and names its holder', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const link = join(dirname(file), 'link.db');
    await symlink(file, link);
    const [one, two] = [await open(file), await open(link)];
    try {
      const lock = await one.lock({ waitMs: 0, runId: 'first', holder: 'alice@here' });
      const told: string[] = [];
      await assert.rejects(
        two.lock({ waitMs: 300, runId: 'second', holder: 'bob', onWaiting: (message) => void told.push(message) }),
        (error: unknown) =>
          error instanceof ProblemError &&
          error.problem.reason === 'LockHeld' &&
          /alice@here.*process \d+, run first\), since \d{4}-/.test(error.message),
      );
      assert.match(told.join(), /alice@here/);
      await two.history.ensure();
      assert.equal(await lock.held(), true, 'and the database itself is not locked');
      await lock.release();
      assert.equal(await lock.held(), false);
      await (await two.lock({ waitMs: 0, runId: 'second', holder: 'bob' })).release();
    } finally {
      await one.close();
      await two.close();
    }
  });

  it('is no longer held once its file is deleted', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const database = await open(file);
    const lock = await database.lock({ waitMs: 0, runId: 'r', holder: 'h' });
    await rm(`${file}.db-manager-lock`);
    assert.equal(await lock.held(), false);
    await lock.release();
    await database.close();
  });

  it('reports another writer, and reports it as LockTimeout when the history is written', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const database = await open(file);
    const other = await openFile(file);
    const result = async () => (await database.checks({})).find(({ name }) => name === 'no other writer')?.result;
    assert.equal(await result(), 'passed');
    await exec(other, 'BEGIN IMMEDIATE');
    assert.equal(await result(), 'warning');
    await assert.rejects(
      database.history.ensure(),
      (error: unknown) => error instanceof ProblemError && error.problem.reason === 'LockTimeout',
    );
    await exec(other, 'ROLLBACK');
    other.close();
    await database.close();
  });

  it('refuses files that are not databases, each with a specific message', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const folder = dirname(file);
    const text = join(folder, 'text');
    await writeFile(text, 'hello world, this is no database at all');
    const cases: [string, string, RegExp][] = [
      [join(folder, 'nothing.db'), 'DatabaseNotFound', /The database file .*db-manager init/],
      [folder, 'InvalidConfiguration', /is a folder/],
      [text, 'InvalidConfiguration', /is not a SQLite database/],
    ];
    for (const [path, reason, message] of cases) {
      await assert.rejects(
        open(path),
        (error: unknown) =>
          error instanceof ProblemError && error.problem.reason === reason && message.test(error.message),
      );
    }
  });
});
