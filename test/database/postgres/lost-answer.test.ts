import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Database } from '../../../src/database/port.ts';
import { temporaryDatabase } from '../../support/databases.ts';
import { assertDone, code, migrate, migration, numbers, openReady, sql, states } from '../migration-fixtures.ts';

/** What becomes of the message with COMMIT in it, once; the connection breaks either way. */
type Fate = 'reaches the server and its answer is lost' | 'is lost itself';

/** A network before the server that breaks at the worst moment. */
async function brokenNetwork(port: number): Promise<{ port: number; next: { fate?: Fate }; close(): void }> {
  const next: { fate?: Fate } = {};
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let silent = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('data', (data) => {
      const fate = data.includes('COMMIT') ? next.fate : undefined;
      if (fate === undefined) return void upstream.write(data);
      next.fate = undefined;
      silent = true;
      if (fate === 'is lost itself') upstream.destroy();
      else upstream.write(data);
      setTimeout(() => client.destroy(), 200);
    });
    upstream.on('data', (data) => silent || client.write(data));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => silent || client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    next,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('a connection to PostgreSQL that breaks in COMMIT', () => {
  let network: Awaited<ReturnType<typeof brokenNetwork>>;
  let database: Database;
  beforeEach(async () => {
    const { url } = await temporaryDatabase('postgres');
    network = await brokenNetwork(Number(new URL(url).port));
    database = await openReady(url.replace(/:\d+\//, `:${network.port}/`));
    assertDone(await migrate(database, [migration(sql('CREATE TABLE t (n INTEGER)'), { name: '0_table' })]));
  });
  afterEach(async () => {
    await database.close();
    network.close();
  });

  const bodies = {
    SQL: sql('INSERT INTO t VALUES (1)'),
    code: code((q) => q.sequelize.query('INSERT INTO t VALUES (1)')),
  };
  for (const [name, body] of Object.entries(bodies)) {
    for (const direction of ['up', 'down'] as const) {
      const one = { ...migration(body, { name: '1_one' }), down: body };
      const rows = direction === 'up' ? [1] : [1, 1];
      const recorded = (yes: boolean) => ['0_table applied', ...(yes ? ['1_one applied'] : [])];
      const prepare = async () => {
        if (direction === 'down') assertDone(await migrate(database, [one]));
      };

      it(`${name}, ${direction}: it is done if the history has it`, async () => {
        await prepare();
        network.next.fate = 'reaches the server and its answer is lost';
        const next = migration(sql('INSERT INTO t VALUES (2)'), { name: '2_next' });
        const outcome = await migrate(database, direction === 'up' ? [one, next] : [one], { direction });
        assertDone(outcome);
        assert.deepEqual(await numbers(database), direction === 'up' ? [1, 2] : rows);
        assert.equal((await states(database)).length, direction === 'up' ? 3 : 1);
      });

      it(`${name}, ${direction}: it failed, without a trace and safe to try again, where the history does not`, async () => {
        await prepare();
        network.next.fate = 'is lost itself';
        const outcome = await migrate(database, [one], { direction });
        assert.equal(outcome.kind, 'failed');
        if (outcome.kind !== 'failed') return;
        assert.deepEqual([outcome.problem.reason, outcome.retry, outcome.touched], ['ConnectionLost', 'safe', false]);
        assert.deepEqual(await states(database), recorded(direction === 'down'));
        assert.deepEqual(await numbers(database), direction === 'up' ? [] : [1]);
      });
    }
  }

  describe('in a message with many migrations', () => {
    const COUNT = 12;
    const many = Array.from({ length: COUNT }, (_, index) =>
      migration(sql(`INSERT INTO t VALUES (${index + 1})`), { name: `${index + 1}`.padStart(2, '0') }),
    );
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    /** The fate of the second message after the first has been answered. */
    const run = (fate: Fate) =>
      migrate(database, many, {
        onDone(_, index) {
          if (index === 2) network.next.fate = fate;
        },
      });

    it('those that the history has are done, and the next ones are run', async () => {
      const outcome = await run('reaches the server and its answer is lost');
      assertDone(outcome);
      assert.deepEqual(
        outcome.done.map(({ revision }) => Number(revision)),
        upTo(COUNT),
      );
      assert.deepEqual(await numbers(database), upTo(COUNT));
    });

    it('none of it is there if it is lost itself', async () => {
      const outcome = await run('is lost itself');
      assert.ok(outcome.kind === 'failed');
      const count = outcome.done.length;
      assert.deepEqual([outcome.problem.reason, outcome.retry], ['ConnectionLost', 'safe']);
      assert.equal(Number(outcome.problem.migration), count + 1);
      assert.deepEqual(await numbers(database), upTo(count));
      assert.equal((await states(database)).length, count + 1);
    });
  });
});
