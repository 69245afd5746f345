/** Backup and restore of real rows: a table of many columns with an index, against copying and hashing and the databases' own tools. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../src/database/open.ts';
import { targetOf } from '../engine/request.ts';
import { type TestDialect, temporaryFolder } from '../support/databases.ts';
import { type Place, postgres, sqlite } from './places.ts';
import { compare, oursAndBefore, type Turn } from './usage.ts';

/** Mebibytes of the database; `BENCH_MIB=1024` has three million rows. */
const MIB = Number(process.env.BENCH_MIB ?? 256);
const ROWS = MIB * 3_000;
const ROUNDS = 3;
const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };

export async function benchBackup(): Promise<void> {
  await benchOne(sqlite, sqlitePeers);
  await benchOne(await postgres(), postgresPeers);
}

/** By phase and name. `$url` is the database or its file, `$copy` the backup of the peer, `$other` a third database. */
type Peers = Record<'backup' | 'verify' | 'restore', Record<string, string>>;

async function benchOne(place: Place, peers: Peers): Promise<void> {
  const { url, drop } = await place.create();
  const other = await place.create();
  await fill(url, place.dialect);
  const folder = await temporaryFolder('bench-backup');
  const copy = join(folder, 'copy');
  const shell = (scripts: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(scripts).map(([name, script]) => [
        name,
        async (): Promise<Turn> => ({
          file: 'bash',
          args: ['-ec', `${script}\n`],
          env: { url: url.replace('sqlite:///', ''), copy, other: other.url.replace('sqlite:///', '') },
        }),
      ]),
    );
  const ours = (main: string, ...words: string[]): Turn => ({
    file: process.execPath,
    args: [main, ...words, '--backups', folderOf(main)],
    cwd: folder,
  });
  const folders: string[] = [];
  const folderOf = (main: string) => {
    if (!folders.includes(main)) folders.push(main);
    return join(folder, `ours-${folders.indexOf(main)}`);
  };
  const title = (what: string) => `${what} ${MIB} MiB with ${ROWS.toLocaleString('en')} rows, ${place.name}`;
  await compare(
    title('Back up and verify'),
    {
      ...oursAndBefore('backup', async (main) => {
        await rm(folderOf(main), { recursive: true, force: true });
        return ours(main, 'backup', '--database-url', url, '--name', 'one');
      }),
      ...shell(peers.backup),
    },
    ROUNDS,
    place,
  );
  await compare(
    title('Verify again'),
    { ...oursAndBefore('verify-backup', async (main) => ours(main, 'verify-backup', 'one')), ...shell(peers.verify) },
    ROUNDS,
    place,
  );
  await compare(
    title('Restore'),
    {
      ...oursAndBefore('restore into a new database', async (main) => {
        const into = await place.create();
        return { ...ours(main, 'restore', 'one', '--into', into.url, '--force'), after: into.drop };
      }),
      ...oursAndBefore('restore, with a safety backup', async (main) =>
        ours(main, 'restore', 'one', '--database-url', url, '--force'),
      ),
      ...shell(peers.restore),
    },
    ROUNDS,
    place,
  );
  await rm(folder, { recursive: true, force: true });
  await other.drop();
  await drop();
}

async function fill(url: string, dialect: TestDialect): Promise<void> {
  const database = await openDatabase(targetOf(url), { timeouts: TIMEOUTS, applicationName: 'bench', create: true });
  const { query: run } = database.sequelize as { query(sql: string): Promise<unknown> };
  const numbers =
    dialect === 'sqlite'
      ? `(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${ROWS}) SELECT n FROM c) AS g`
      : `generate_series(1, ${ROWS}) AS g(n)`;
  const text = dialect === 'sqlite' ? 'hex(randomblob(40))' : 'md5(n::text) || md5((n + 1)::text)';
  for (const sql of [
    'CREATE TABLE orders (id integer PRIMARY KEY, customer bigint NOT NULL, state varchar(20) NOT NULL, note text, price numeric(12, 2), made_at varchar(30))',
    `INSERT INTO orders SELECT n, (n % 100000 * 7919) % 1000003, CASE n % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' ELSE 'sent' END, ${text} || ' ' || ${text}, n % 10000 / 100.0, '2026-01-01 00:00:00' FROM ${numbers}`,
    'CREATE INDEX orders_customer ON orders (customer, made_at)',
  ])
    await run.call(database.sequelize, sql);
  await database.close();
}

const sqlitePeers: Peers = {
  backup: {
    'cp, sync, sha256sum': 'rm -f "$copy"; cp "$url" "$copy"; sync "$copy"; sha256sum "$copy"',
    'the same with quick_check':
      'rm -f "$copy"; cp "$url" "$copy"; sync "$copy"; sha256sum "$copy"; sqlite3 "$copy" "PRAGMA quick_check"',
    '.backup, integrity_check, sha256sum':
      'rm -f "$copy"; sqlite3 "$url" ".backup $copy"; sync "$copy"; sqlite3 "$copy" "PRAGMA integrity_check"; sha256sum "$copy"',
    'VACUUM INTO': 'rm -f "$copy"; sqlite3 "$url" "VACUUM INTO \'$copy\'"',
  },
  verify: {
    sha256sum: 'sha256sum "$copy"',
    'sha256sum, integrity_check': 'sha256sum "$copy"; sqlite3 "$copy" "PRAGMA integrity_check"',
  },
  restore: {
    'sha256sum, cp, sync': 'rm -f "$other"; sha256sum "$copy"; cp "$copy" "$other"; sync "$other"',
    '.restore': 'sqlite3 "$other" ".restore $copy"',
  },
};

const dumped = 'pg_dump --format=custom --file="$copy"';
const postgresPeers: Peers = {
  backup: {
    pg_dump: `${dumped} "$url"`,
    'pg_dump, level 1': `${dumped} --compress=1 "$url"`,
    'pg_dump, level 1, sha256sum, pg_restore --list': `${dumped} --compress=1 "$url"; sync "$copy"; sha256sum "$copy"; pg_restore --list "$copy"`,
    'pg_dump, folder, level 1, 2 jobs': `rm -rf "$copy.d"; pg_dump --format=directory --jobs=2 --compress=1 --file="$copy.d" "$url"`,
  },
  verify: { sha256sum: 'sha256sum "$copy"' },
  restore: {
    'pg_restore --clean -1': 'pg_restore --clean --if-exists --single-transaction -d "$other" "$copy"',
    'pg_restore --clean, 2 jobs': 'pg_restore --clean --if-exists --jobs=2 -d "$other" "$copy"',
  },
};
