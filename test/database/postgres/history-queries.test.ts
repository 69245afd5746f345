import assert from 'node:assert/strict';
import pg from 'pg';
import type { Client } from '../../../src/database/postgres/driver.ts';
import { historyStore } from '../../../src/database/postgres/history.ts';
import { temporaryDatabase } from '../../support/databases.ts';

/** A client that keeps the text of each query that it sends. */
class CountingClient extends pg.Client {
  readonly sent: string[] = [];

  override query(...args: unknown[]): never {
    this.sent.push(String(args[0]));
    return super.query(...(args as [string])) as never;
  }
}

describe("PostgreSQL's history", () => {
  it('is read with two queries, and looked for with one where it does not exist', async () => {
    const { url } = await temporaryDatabase('postgres');
    const client = new CountingClient(url);
    await client.connect();
    const history = historyStore(client as unknown as Client, { schemas: ['public'] });
    const sentBy = async (work: () => Promise<unknown>) => {
      client.sent.length = 0;
      await work();
      return client.sent.length;
    };
    assert.equal(await sentBy(async () => assert.deepEqual(await history.read(), [])), 1);
    await history.ensure();
    assert.equal(await sentBy(() => history.read()), 2);
    assert.equal(await sentBy(() => history.sources([])), 2);
    assert.equal(await sentBy(() => history.ensure()), 1);
    // The layout of the first versions has no columns for the text.
    await client.query('ALTER TABLE db_manager_history DROP COLUMN source');
    assert.equal(await sentBy(async () => assert.deepEqual(await history.sources([]), new Map())), 1);
    await client.end();
  });
});
