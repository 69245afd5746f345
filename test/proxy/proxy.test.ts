import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { RelayedStatement, ServerMessage } from '../../src/proxy/proxy.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { collectGarbage } from '../support/memory.ts';
import { findPgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { sharedPostgres, startPostgres, startPostgresWithTls, TEST_PASSWORD } from '../support/postgres.ts';
import { eventually, runCommand } from '../support/processes.ts';
import { type Opened, openProxy } from './opened.ts';

describe('the proxy', () => {
  let opened: Opened;
  const statements: RelayedStatement[] = [];
  const errors: ServerMessage[] = [];
  const ends: boolean[] = [];

  before(async () => {
    const { url } = await temporaryDatabase('postgres');
    opened = await openProxy(url, {
      observe: () => ({
        onStatement(statement) {
          statements.push(statement);
          return undefined;
        },
        onError: (error) => errors.push(error),
        onTransaction: (committed) => ends.push(committed),
      }),
    });
  });
  after(() => opened.close());
  beforeEach(() => {
    statements.length = 0;
    errors.length = 0;
    ends.length = 0;
  });

  async function withClient<T>(work: (client: pg.Client) => Promise<T>, config: pg.ClientConfig = {}): Promise<T> {
    const client = new pg.Client({ connectionString: opened.url, ...config });
    client.on('error', () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }

  it('sets the limits of the run and names the session, and keeps the parameters of the client', async () => {
    const sql = `SELECT current_setting('lock_timeout') AS lock, current_setting('application_name') AS name,
      current_setting('work_mem') AS work, current_setting('TimeZone') AS zone`;
    const options = { options: '-c work_mem=7MB -c TimeZone=Asia/Tokyo', application_name: 'tool' };
    const { rows } = await withClient((client) => client.query(sql), options);
    assert.deepEqual(rows, [{ lock: '4s', name: 'db-manager wrap test (tool)', work: '7MB', zone: 'Asia/Tokyo' }]);
    const own = await withClient((client) => client.query(sql), { options: '-c lock_timeout=9s' });
    assert.equal(own.rows[0].lock, '9s');
    const reset = await withClient(async (client) => {
      await client.query('SET lock_timeout = 1; RESET ALL');
      return client.query(sql);
    });
    assert.equal(reset.rows[0].lock, '4s');
  });

  it('shows each statement, of both protocols, before it is sent', async () => {
    await withClient(async (client) => {
      await client.query('SELECT 1; SELECT 2');
      await client.query('SELECT $1::int', [3]);
      const named = { name: 'n', text: 'SELECT $1::text' };
      for (const value of ['a', 'b', 'c']) await client.query({ ...named, values: [value] });
    });
    assert.deepEqual(
      statements.map(({ sql }) => sql),
      ['SELECT 1; SELECT 2', 'SELECT $1::int', 'SELECT $1::text'],
    );
    assert.ok(statements.every(({ whole }) => whole));
  });

  it('relays 50 MB in one row in both directions, unchanged and with little memory', async () => {
    const large = 'x'.repeat(1_000).repeat(50_000);
    await withClient(async (client) => {
      await client.query('CREATE TABLE large (body text)');
      await client.query('INSERT INTO large VALUES ($1)', [large]);
      const [stored] = (await client.query('SELECT md5(body) AS md5, body FROM large')).rows;
      const { rows } = await client.query('SELECT md5($1::text) AS md5', [large]);
      assert.equal(stored.md5, rows[0].md5);
      assert.equal(stored.body.length, large.length);
      await client.query(`INSERT INTO large VALUES ('${large}')`);
      assert.equal((await client.query('SELECT count(DISTINCT body)::int AS n FROM large')).rows[0].n, 1);
    });
    const long = statements.find(({ whole }) => !whole);
    assert.match(long?.sql ?? '', /^INSERT INTO large VALUES \('x+/);
    assert.ok((long?.sql.length ?? 0) < 10_000);
  });

  it('relays rows to a client that reads slowly without keeping them', async () => {
    // What is kept, not what waits to be collected: how much garbage there is depends on the machine's load.
    const kept = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    const before = kept();
    let highest = 0;
    const raw = await rawSession(opened.url);
    raw.socket.write(query("SELECT repeat('x', 1000) FROM generate_series(1, 200000)"));
    for (let look = 0; look < 20; look += 1) {
      raw.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 25));
      highest = Math.max(highest, kept() - before);
      raw.socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    raw.socket.destroy();
    assert.ok(highest < 50_000_000, `${highest} bytes were kept`);
  });

  it('relays statements that are sent before the answer to the first one', async () => {
    const raw = await rawSession(opened.url);
    const texts = Array.from({ length: 200 }, (_, n) => `SELECT ${n}`);
    raw.socket.write(Buffer.concat(texts.map(query)));
    await eventually('200 answers', () => raw.count('Z') >= 200);
    assert.deepEqual(
      statements.map(({ sql }) => sql),
      texts,
    );
    raw.socket.destroy();
  });

  it('passes a cancel request on to the session of its key, and to no other', async () => {
    await withClient(async (client) => {
      const sleeping = client.query('SELECT pg_sleep(60)').then(
        () => 'finished',
        (error: { code: string }) => error.code,
      );
      await eventually('the statement', () => statements.some(({ sql }) => sql.includes('pg_sleep')));
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
      await cancel(processID, secretKey + 1);
      await cancel(processID, secretKey);
      assert.equal(await sleeping, '57014');
      assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1);
    });
  });

  it('relays notifications, notices and errors', async () => {
    const heard: string[] = [];
    await withClient(async (client) => {
      client.on('notification', ({ payload }) => heard.push(payload ?? ''));
      client.on('notice', ({ message }) => heard.push(message ?? ''));
      await client.query('LISTEN news');
      await withClient((other) => other.query("NOTIFY news, 'hello'"));
      await client.query("DO $$ BEGIN RAISE NOTICE 'look'; END $$");
      await eventually('the notification', () => heard.length === 2);
      await client.query('BEGIN');
      await assert.rejects(client.query('SELECT 1/0'), { code: '22012' });
      await assert.rejects(client.query('SELECT 1'), { code: '25P02' });
      await client.query('ROLLBACK');
    });
    assert.deepEqual(heard.sort(), ['hello', 'look']);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['22012', '25P02'],
    );
  });

  it('shows a call of a function without SQL, which drivers use for large objects', async () => {
    const session = await rawSession(opened.url);
    statements.length = 0;
    // lo_creat(-1), OID 957
    const call = Buffer.from('000003bd00010001000100000004ffffffff0001', 'hex');
    const head = Buffer.alloc(5);
    head.write('F');
    head.writeInt32BE(call.length + 4, 1);
    session.socket.write(Buffer.concat([head, call]));
    await eventually('the result', () => session.count('V') === 1 && session.count('Z') === 1);
    assert.deepEqual(statements, [{ sql: 'SELECT function_call_of_oid_957()', whole: true }]);
    assert.equal(session.count('E'), 0);
    session.socket.destroy();
  });

  it('knows which transactions were committed', async () => {
    await withClient(async (client) => {
      const ended = async (...texts: string[]) => {
        ends.length = 0;
        for (const text of texts) await client.query(text).catch(() => {});
        // The client gets the error before the server has reported that the transaction ended.
        for (let tries = 0; ends.length === 0 && tries < 200; tries += 1) await sleep(10);
        return [...ends];
      };
      assert.deepEqual(await ended('SELECT 1'), [true]);
      assert.deepEqual(await ended('SELECT 1/0'), [false]);
      assert.deepEqual(await ended('SELECT 1; SELECT 1/0'), [false]);
      assert.deepEqual(await ended('BEGIN', 'SELECT 1', 'COMMIT'), [true]);
      assert.deepEqual(await ended('BEGIN', 'SELECT 1', 'ROLLBACK'), [false]);
      assert.deepEqual(await ended('BEGIN', 'SELECT 1/0', 'COMMIT'), [false]);
      const saved = ['BEGIN', 'SAVEPOINT s', 'SELECT 1/0', 'ROLLBACK TO s', 'COMMIT'];
      assert.deepEqual(await ended(...saved), [true]);
    });
  });

  it('ends a session whose statement is refused, and rolls it back', async () => {
    const { url } = await temporaryDatabase('postgres');
    const guarded = await openProxy(url, {
      observe: () => ({
        onStatement: ({ sql }) =>
          /CREATE ROLE/i.test(sql) ? { code: '42501', message: 'it was not sent' } : undefined,
      }),
    });
    try {
      for (const extended of [false, true]) {
        const client = new pg.Client({ connectionString: guarded.url });
        client.on('error', () => {});
        if (extended) {
          await assert.rejects(client.connect(), { code: '42501', message: 'it was not sent' });
          continue;
        }
        await client.connect();
        await client.query('BEGIN');
        await client.query('CREATE TABLE started (id int)');
        await assert.rejects(client.query('CREATE ROLE x'), { code: '42501', message: 'it was not sent' });
        await client.end().catch(() => {});
      }
      assert.deepEqual(guarded.proxy.seen.refused, ['it was not sent']);
    } finally {
      await guarded.close();
    }
    const there = new pg.Client({ connectionString: url });
    await there.connect();
    assert.equal((await there.query("SELECT to_regclass('started') AS t")).rows[0].t, null);
    await there.end();
  });

  it('refuses a statement of the extended protocol too', async () => {
    const { url } = await temporaryDatabase('postgres');
    const guarded = await openProxy(url, {
      observe: () => ({
        onStatement: ({ sql }) => (sql.includes('$1') ? { code: '42501', message: 'it was not sent' } : undefined),
      }),
    });
    const client = new pg.Client({ connectionString: guarded.url });
    client.on('error', () => {});
    await client.connect();
    assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1);
    await assert.rejects(client.query('SELECT $1::int', [1]), { code: '42501' });
    await guarded.close();
  });

  it('refuses another database, another user, a wrong password and replication', async () => {
    const url = new URL(opened.url);
    const attempt = async (change: (changed: URL) => void) => {
      const changed = new URL(url);
      change(changed);
      const client = new pg.Client({ connectionString: String(changed) });
      client.on('error', () => {});
      return client.connect().then(
        () => 'connected',
        (error: Error) => error.message,
      );
    };
    const set = (name: 'pathname' | 'username' | 'password', value: string) => (changed: URL) => {
      changed[name] = value;
    };
    assert.match(await attempt(set('pathname', '/postgres')), /asked for the database "postgres"/);
    assert.match(await attempt(set('username', 'somebody')), /logged in as "somebody"/);
    assert.match(await attempt(set('password', TEST_PASSWORD)), /without the password of this run/);
    assert.match(await attempt((changed) => changed.searchParams.set('replication', 'database')), /replication/);
    assert.match(await attempt((changed) => changed.searchParams.set('replication', 'on')), /replication/);
    for (const none of ['false', 'off', '0', 'no', '']) {
      assert.equal(await attempt((changed) => changed.searchParams.set('replication', none)), 'connected', none);
    }
    assert.equal(await attempt(() => {}), 'connected');
  });

  it('names the setting of a client that requires TLS', async () => {
    const own = await openProxy((await temporaryDatabase('postgres')).url);
    try {
      for (const ssl of [true, { rejectUnauthorized: false }]) {
        const client = new pg.Client({ connectionString: own.url, ssl });
        client.on('error', () => {});
        await assert.rejects(client.connect(), /does not support SSL/);
      }
      await eventually('the refusal is noted', async () => own.proxy.seen.refused.length > 0);
      assert.equal(own.proxy.seen.refused.length, 1);
      assert.match(own.proxy.seen.refused[0] ?? '', /requires TLS.*set sslmode=disable/);
      assert.equal(own.proxy.seen.sessions, 0);
    } finally {
      await own.close();
    }
  });

  it('survives clients that are none', async () => {
    const { port } = new URL(opened.url);
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00', 'x', '\0\0\0\x08\x04\xd2\x16\x2f']) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      socket.end(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    assert.equal((await withClient((client) => client.query('SELECT 1 AS one'))).rows[0].one, 1);
  });

  it('reports the words of a server that denies the database', async () => {
    const postgres = await startPostgres();
    const { url, name } = await postgres.createDatabase();
    await postgres.query(`CREATE ROLE visitor LOGIN PASSWORD 'secret'`);
    const given = new URL(url);
    given.username = 'visitor';
    given.password = 'secret';
    const own = await openProxy(String(given));
    try {
      await postgres.query(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
      const client = new pg.Client({ connectionString: own.url });
      client.on('error', () => {});
      await assert.rejects(client.connect(), { code: '42501', message: /permission denied for database/ });
    } finally {
      await own.close();
      await postgres.stop();
    }
  });

  it('ends its clients when the server ends, and reports the words of a server that refuses', async () => {
    const postgres = await startPostgres({ settings: { max_connections: '8', superuser_reserved_connections: '0' } });
    const { url } = await postgres.createDatabase();
    const own = await openProxy(url);
    try {
      const clients: pg.Client[] = [];
      const refused = await (async () => {
        for (let n = 0; n < 12; n += 1) {
          const client = new pg.Client({ connectionString: own.url });
          client.on('error', () => {});
          try {
            await client.connect();
            clients.push(client);
          } catch (error) {
            return error as { code: string };
          }
        }
        return undefined;
      })();
      assert.equal(refused?.code, '53300');
      const [first] = clients;
      const ended = new Promise((resolve) => first?.once('end', resolve));
      await postgres.crash();
      await ended;
      await eventually('the sessions to end', () => own.proxy.seen.open === 0);
    } finally {
      await own.close();
      await postgres.stop();
    }
  });

  it('connects to the server by TLS and SCRAM with the real password', async () => {
    const folder = await temporaryFolder('tls');
    const authority = await createAuthority(folder);
    const tls = await authority.issue({ name: 'server', commonName: 'server', hosts: ['localhost', '127.0.0.1'] });
    const postgres = await startPostgresWithTls({ tls });
    const { url } = await postgres.createDatabase();
    const own = await openProxy(`${url}?sslmode=verify-full&sslrootcert=${join(folder, 'ca.crt')}`);
    try {
      const client = new pg.Client({ connectionString: own.url });
      await client.connect();
      const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      assert.deepEqual(rows, [{ ssl: true }]);
      const sleeping = client.query('SELECT pg_sleep(60)').catch((error: { code: string }) => error.code);
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
      await eventually('the statement', async () => {
        const sql = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
        return (await postgres.query(sql)).length > 0;
      });
      await cancel(processID, secretKey, Number(new URL(own.url).port));
      assert.equal(await sleeping, '57014');
      await client.end();
    } finally {
      await own.close();
      await postgres.stop();
    }
  });

  it('sets its limits behind PgBouncer, which refuses them at the start of a session', async function () {
    if (findPgBouncer() === undefined) this.skip();
    const postgres = await sharedPostgres();
    const { name } = await postgres.createDatabase();
    const bouncer = await startPgBouncer(postgres, 'session');
    const own = await openProxy(bouncer.url(name));
    try {
      const client = new pg.Client({ connectionString: own.url });
      await client.connect();
      const { rows } = await client.query("SELECT current_setting('lock_timeout') AS lock");
      assert.deepEqual(rows, [{ lock: '4s' }]);
      await client.end();
    } finally {
      await own.close();
      await bouncer.stop();
    }
  });

  it('relays the COPY of psql', async () => {
    const { bin } = await sharedPostgres();
    const psql = (args: string[], input?: string) =>
      runCommand('psql', ['-X', '-v', 'ON_ERROR_STOP=1', ...args, opened.url], {
        input,
        env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, PGSSLMODE: 'disable' },
      });
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\trow ${n}\n`).join('');
    const into = await psql(
      ['-c', 'CREATE TABLE copied (id int, name text)', '-c', '\\copy copied FROM pstdin'],
      lines,
    );
    assert.equal(into.code, 0, into.stderr);
    const out = await psql(['-c', '\\copy (SELECT * FROM copied ORDER BY id) TO pstdout']);
    assert.equal(out.stdout, lines);
    const failed = await psql(['-c', '\\copy copied FROM pstdin'], 'x\ty\n');
    assert.match(failed.stderr, /invalid input syntax/);
  });

  async function cancel(processId: number, key: number, port = Number(new URL(opened.url).port)): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    const packet = Buffer.alloc(16);
    packet.writeInt32BE(16);
    packet.writeInt32BE(80_877_102, 4);
    packet.writeInt32BE(processId, 8);
    packet.writeInt32BE(key | 0, 12);
    socket.write(packet);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }
});

function query(sql: string): Buffer {
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(Buffer.byteLength(sql) + 5, 1);
  return Buffer.concat([head, Buffer.from(`${sql}\0`)]);
}

/** A session without a driver, to send bytes as they are. */
async function rawSession(url: string) {
  const { username, password, port, pathname } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  let kept = Buffer.alloc(0);
  const counts = new Map<string, number>();
  socket.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= 5 && kept.length > kept.readUInt32BE(1)) {
      const type = String.fromCharCode(kept[0] ?? 0);
      counts.set(type, (counts.get(type) ?? 0) + 1);
      kept = kept.subarray(kept.readUInt32BE(1) + 1);
    }
  });
  const body = Buffer.from(`user\0${username}\0database\0${pathname.slice(1)}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8);
  head.writeInt32BE(3 << 16, 4);
  socket.write(Buffer.concat([head, body]));
  const secret = Buffer.from(`${password}\0`);
  const start = Buffer.alloc(5);
  start.write('p');
  start.writeInt32BE(secret.length + 4, 1);
  socket.write(Buffer.concat([start, secret]));
  await eventually('the session', () => (counts.get('Z') ?? 0) > 0);
  counts.clear();
  return { socket, count: (type: string) => counts.get(type) ?? 0 };
}
