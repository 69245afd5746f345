import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { checkDump } from '../../src/database/check-dump.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/port.ts';
import { targetOf } from '../engine/request.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { median, printRatios, type Result, secondsOf } from './measure.ts';

/** Mebibytes of the database; `BENCH_MIB=1024` for the size that the budget speaks of. */
const MIB = Number(process.env.BENCH_MIB ?? 256);
const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };
const ROUNDS = 3;

/** Backup, verification and restore against copying and hashing, and against the databases' own tools. */
export async function benchBackup(): Promise<void> {
  for (const dialect of DIALECTS) await benchOne(dialect);
}

interface Phases {
  /** Written, fsynced, read again, hashed and checked by the database's own means. */
  backup: number;
  /** Hashed and checked once more. */
  verify: number;
  restore: number;
}

async function benchOne(dialect: TestDialect): Promise<void> {
  const { url, drop } = await temporaryDatabase(dialect);
  const database = await openDatabase(targetOf(url), { timeouts: TIMEOUTS, applicationName: 'bench', create: true });
  await fill(database, dialect);
  const folder = await temporaryFolder('bench-backup');
  const rounds: Phases[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await ours(database, join(folder, 'ours')));
  const middle = (phase: keyof Phases) => rounds.map((one) => one[phase]).sort((a, b) => a - b)[ROUNDS >> 1];
  const peers = await { sqlite: sqlitePeers, postgres: postgresPeers }[dialect](url, folder);
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  const title = (what: string) => `${what} ${MIB} MiB, ${dialect}, peak ${memory} MiB of memory with the bench itself`;
  const budget = dialect === 'sqlite' ? 'cp + fsync + sha256 ≥ 0.67×' : 'pg_dump ≥ 0.95×';
  const name = 'db-manager';
  printRatios(`${title('back up and verify')} (budget: ${budget})`, { name, seconds: middle('backup') }, peers.backup);
  printRatios(title('verify again'), { name, seconds: middle('verify') }, peers.verify);
  printRatios(title('restore'), { name, seconds: middle('restore') }, peers.restore);
  await database.close();
  await drop();
}

async function ours(database: Database, folder: string): Promise<Phases> {
  const now = new Date();
  const options = { revision: 'base', toolVersion: '0', compression: 'auto', now } as const;
  const times = [performance.now()];
  const backup = await takeBackup(database, folder, options);
  times.push(performance.now());
  await verifyBackup(backup, { check: checkDump });
  times.push(performance.now());
  await restoreBackup(database, backup, { safetyBackup: false, now });
  times.push(performance.now());
  await rm(folder, { recursive: true });
  const took = (index: number) => ((times[index + 1] ?? 0) - (times[index] ?? 0)) / 1000;
  return { backup: took(0), verify: took(1), restore: took(2) };
}

type Peers = Record<keyof Phases, Result[]>;

async function fill(database: Database, dialect: TestDialect): Promise<void> {
  const { query: run } = database.sequelize as { query(sql: string): Promise<unknown> };
  const execute = (sql: string) => run.call(database.sequelize, sql);
  await execute(`CREATE TABLE blobs (id INTEGER PRIMARY KEY, data ${dialect === 'sqlite' ? 'BLOB' : 'TEXT'})`);
  const value =
    dialect === 'sqlite'
      ? 'randomblob(1048576)'
      : "(SELECT string_agg(md5((random() * i)::text), '') FROM generate_series(1, 32768) i)";
  for (let id = 1; id <= MIB; id += 1) await execute(`INSERT INTO blobs VALUES (${id}, ${value})`);
}

async function sqlitePeers(url: string, folder: string): Promise<Peers> {
  const file = url.replace('sqlite:///', '');
  const copy = join(folder, 'copy.db');
  const other = join(folder, 'other.db');
  const shell = async (name: string, script: string, clean: string): Promise<Result> => ({
    name,
    seconds: await median(ROUNDS, async () => {
      await rm(clean, { force: true });
      return secondsOf({ file: 'sh', args: ['-c', script, 'sh', file, copy, other] });
    }),
  });
  const backup = [
    await shell('VACUUM INTO', 'sqlite3 "$1" "VACUUM INTO \'$2\'"', copy),
    await shell('sqlite3 .backup', 'sqlite3 "$1" ".backup $2"', copy),
    await shell('cp + fsync + sha256', 'cp "$1" "$2" && sync "$2" && sha256sum "$2"', copy),
  ].reverse();
  const verify = [
    await shell('sha256', 'sha256sum "$2"', other),
    await shell('sha256 + integrity_check', 'sha256sum "$2" && sqlite3 "$2" "PRAGMA integrity_check"', other),
  ];
  const restore = [
    await shell('sha256 + cp + fsync', 'sha256sum "$2" && cp "$2" "$3" && sync "$3"', other),
    await shell('sqlite3 .restore', 'sqlite3 "$3" ".restore $2"', other),
  ];
  return { backup, verify, restore };
}

async function postgresPeers(url: string, folder: string): Promise<Peers> {
  const file = join(folder, 'peer.dump');
  const run = async (name: string, program: string, args: string[]): Promise<Result> => ({
    name,
    seconds: await median(ROUNDS, () => secondsOf({ file: program, args })),
  });
  const backup = [
    await run('pg_dump --format=custom', 'pg_dump', ['--format=custom', `--file=${file}`, '--schema=public', url]),
  ];
  const verify = [await run('sha256', 'sha256sum', [file])];
  const restore = [
    await run('pg_restore --clean -1', 'pg_restore', [
      '--clean',
      '--if-exists',
      '--single-transaction',
      '-d',
      url,
      file,
    ]),
  ];
  return { backup, verify, restore };
}
