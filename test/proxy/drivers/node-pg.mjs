import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [url, mode] = process.argv.slice(2);
const load = async (name) => import(pathToFileURL(process.env[`MODULE_${name}`]).href);
const { default: pg } = await load('PG');
const { default: Cursor } = await load('CURSOR');
const { from: copyFrom, to: copyTo } = await load('COPY');
const connect = async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
};
const client = await connect();
const one = async (text, values) => Object.values((await client.query(text, values)).rows[0])[0];
const codeOf = (promise) =>
  promise.then(
    () => 'none',
    ({ code }) => code,
  );

async function copyIn(table, chunks) {
  const stream = client.query(copyFrom(`COPY ${table} FROM STDIN`));
  const done = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
  for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((free) => stream.once('drain', free));
  stream.end();
  await done;
}

async function copyOut(sql) {
  let [bytes, rows] = [0, 0];
  for await (const chunk of client.query(copyTo(`COPY (${sql}) TO STDOUT`))) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) rows += 1;
  }
  return { bytes, rows };
}

const lines = (count) => Array.from({ length: count }, (_, n) => `${n}\trow ${n}\n`).join('');

if (mode === '--times') {
  const seconds = async (work) => {
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1000;
  };
  await client.query('CREATE TEMP TABLE times (id int, name text)');
  const block = Buffer.from(lines(100_000));
  const times = {
    statements: await seconds(async () => {
      for (let n = 0; n < 3_000; n += 1) await client.query('SELECT $1::int', [n]);
    }),
    copyIn: await seconds(() => copyIn('times', Array(20).fill(block))),
    copyOut: await seconds(() => copyOut('SELECT * FROM times')),
    large: await seconds(() => client.query('SELECT length($1::text)', ['x'.repeat(50 * 1024 * 1024)])),
  };
  console.log(JSON.stringify(times));
  await client.end();
  process.exit(0);
}

console.log('connect', await one('SELECT 1'));
await client.query('DROP TABLE IF EXISTS drivers; CREATE TABLE drivers (id int PRIMARY KEY, name text)');
const prepared = [];
for (const n of [1, 2, 3]) {
  const { rows } = await client.query({ name: 'next', text: 'SELECT $1::int + 1 AS n', values: [n] });
  prepared.push(rows[0].n);
}
console.log('prepared', ...prepared);
const { rows: mixed } = await client.query('SELECT $1::text AS a, $2::text AS b, $3::int AS c', [null, 'text', 5]);
console.log('unnamed', ...Object.values(mixed[0]).map(String));
await copyIn('drivers', [lines(10_000)]);
console.log('copy in', await one('SELECT count(*) FROM drivers'));
const out = await copyOut('SELECT * FROM drivers ORDER BY id');
console.log(`copy out ${out.rows} rows, ${out.bytes} bytes`);
console.log('copy refused', await codeOf(copyIn('drivers', ['x\ty\n'])), await one('SELECT 1'));
const text = 'abcdefgh'.repeat((50 * 1024 * 1024) / 8);
await client.query('CREATE TEMP TABLE large (content text)');
await client.query('INSERT INTO large VALUES ($1)', [text]);
const back = await one('SELECT content FROM large');
console.log('large', back.length, createHash('md5').update(back).digest('hex').slice(0, 4));
await client.query('BEGIN');
const errors = [await codeOf(client.query('SELECT 1/0')), await codeOf(client.query('SELECT 1'))];
await client.query('ROLLBACK');
console.log('error', ...errors, await one('SELECT 1'));
const twice = await client.query('INSERT INTO drivers VALUES (1)').catch((error) => error);
console.log('constraint', twice.code, twice.constraint);
const cursor = client.query(new Cursor('SELECT * FROM drivers LIMIT 1000'));
let fetched = 0;
for (let rows = await cursor.read(100); rows.length > 0; rows = await cursor.read(100)) fetched += rows.length;
await cursor.close();
console.log('rows by portal', fetched);
await client.query('CREATE TEMP TABLE piped (id int PRIMARY KEY)');
await Promise.all(Array.from({ length: 500 }, (_, n) => client.query('INSERT INTO piped VALUES ($1)', [n])));
console.log('pipeline', await one('SELECT count(*) FROM piped'), await one('SELECT sum(id) FROM piped'));
const [, second] = await Promise.allSettled([500, 500].map((n) => client.query('INSERT INTO piped VALUES ($1)', [n])));
console.log('pipeline error', second.reason.code, await one('SELECT count(*) FROM piped'));
const notice = new Promise((resolve) => client.once('notice', ({ message }) => resolve(message)));
await client.query("DO $$ BEGIN RAISE NOTICE 'look'; END $$");
console.log('notice', await notice);
const other = await connect();
const heard = new Promise((resolve) => client.once('notification', ({ payload }) => resolve(payload)));
await client.query('LISTEN news');
await other.query("NOTIFY news, 'hello'");
console.log('notify', await heard);
const sleeping = codeOf(client.query('SELECT pg_sleep(60)'));
const waits =
  "SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'SELECT pg_sleep%' AND state = 'active'";
while ((await other.query(waits, [client.processID])).rows[0].n === 0);
// As a client cancels: a connection of its own with the key that the server gave.
new pg.Client({ connectionString: url }).cancel(client, client.activeQuery ?? client._activeQuery);
console.log('cancel', await sleeping, await one('SELECT 1'));
await Promise.all([client.end(), other.end()]);
