import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { openDatabase } from '../../src/database/open.ts';
import { type query, targetOf } from '../runner/request.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { median, printRatios, type Result, secondsOf } from './measure.ts';

/** Mebibytes of the database; `BENCH_MIB=1024` for the size that the budget speaks of. */
const MIB = Number(process.env.BENCH_MIB ?? 256);
const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };
const ROUNDS = 3;

/** Backup with verification, against copying and hashing, and against the databases' own tools. */
export async function benchBackup(): Promise<void> {
  for (const dialect of DIALECTS) await benchOne(dialect);
}

async function benchOne(dialect: TestDialect): Promise<void> {
  const { url, drop } = await temporaryDatabase(dialect);
  const database = await openDatabase(targetOf(url), { timeouts: TIMEOUTS, applicationName: 'bench', create: true });
  await fill(database, dialect);
  const folder = await temporaryFolder('bench-backup');
  let memory = 0;
  const ours = await median(ROUNDS, async () => {
    const target = join(folder, 'ours');
    const began = performance.now();
    const backup = await takeBackup(database, target, {
      revision: 'base',
      toolVersion: '0',
      compression: 'auto',
      now: new Date(),
    });
    await verifyBackup(backup);
    const seconds = (performance.now() - began) / 1000;
    memory = Math.max(memory, process.memoryUsage().rss);
    await rm(target, { recursive: true });
    return seconds;
  });
  const peers = dialect === 'sqlite' ? await sqlitePeers(url, folder) : await postgresPeers(url, folder);
  const budget = dialect === 'sqlite' ? 'cp + fsync + sha256 ≥ 0.67×' : 'pg_dump ≥ 0.95×';
  printRatios(
    `back up and verify ${MIB} MiB, ${dialect}, peak ${Math.round(memory / 2 ** 20)} MiB of memory (budget: ${budget})`,
    { name: 'db-manager', seconds: ours },
    peers,
  );
  await database.close();
  await drop();
}

async function fill(database: Parameters<typeof query>[0], dialect: TestDialect): Promise<void> {
  const { query: run } = database.sequelize as { query(sql: string): Promise<unknown> };
  const execute = (sql: string) => run.call(database.sequelize, sql);
  await execute(`CREATE TABLE blobs (id INTEGER PRIMARY KEY, data ${dialect === 'sqlite' ? 'BLOB' : 'TEXT'})`);
  const value =
    dialect === 'sqlite'
      ? 'randomblob(1048576)'
      : "(SELECT string_agg(md5((random() * i)::text), '') FROM generate_series(1, 32768) i)";
  for (let id = 1; id <= MIB; id += 1) await execute(`INSERT INTO blobs VALUES (${id}, ${value})`);
}

async function sqlitePeers(url: string, folder: string): Promise<Result[]> {
  const file = url.replace('sqlite:///', '');
  const shell = (script: string) =>
    median(ROUNDS, async () => {
      await mkdir(join(folder, 'peer'), { recursive: true });
      const seconds = await secondsOf({
        file: 'sh',
        args: ['-c', script, 'sh', file, join(folder, 'peer', 'copy.db')],
      });
      await rm(join(folder, 'peer'), { recursive: true });
      return seconds;
    });
  return [
    { name: 'cp + fsync + sha256', seconds: await shell('cp "$1" "$2" && sync "$2" && sha256sum "$2"') },
    { name: 'sqlite3 .backup', seconds: await shell('sqlite3 "$1" ".backup $2"') },
    { name: 'VACUUM INTO', seconds: await shell('sqlite3 "$1" "VACUUM INTO \'$2\'"') },
  ];
}

async function postgresPeers(url: string, folder: string): Promise<Result[]> {
  const seconds = await median(ROUNDS, async () => {
    const file = join(folder, 'peer.dump');
    const time = await secondsOf({
      file: 'pg_dump',
      args: ['--format=custom', `--file=${file}`, '--schema=public', url],
    });
    await rm(file);
    return time;
  });
  return [{ name: 'pg_dump --format=custom', seconds }];
}
