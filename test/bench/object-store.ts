/**
 * Backups of 1 GiB in two object stores: peak memory of the process (pg_dump and pg_restore are processes of their own),
 * and time against `pg_dump | client`. `node test/bench/object-store.ts [MiB]` prints a table. CPU time is that of the process;
 * each measurement is taken twice, in turns, and the smaller one counts.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runSql, targetOf } from '../backups/fixtures.ts';
import { DIALECTS, type TestDialect, temporaryDatabase } from '../support/databases.ts';
import { OBJECT_STORES, sharedObjectStore } from '../support/object-store.ts';
import { findPostgresBinaries } from '../support/postgres-binaries.ts';

const MIB = Number(process.argv[2] ?? 1024);
const child = new URL('./object-store-child.ts', import.meta.url).pathname;
const run = promisify(execFile);

interface Used {
  peakMiB: number;
  cpuSeconds: number;
  wallSeconds: number;
}

for (const dialect of DIALECTS) {
  const { url, drop } = await temporaryDatabase(dialect);
  await fill(dialect, url);
  for (const name of OBJECT_STORES) {
    const store = await sharedObjectStore(name);
    const place = store.place(`bench/${dialect}`);
    const pgDump = join(await findPostgresBinaries(), 'pg_dump');
    const use = async (what: string): Promise<Used> => {
      const { stdout } = await run(process.execPath, [child, what, url, place, pgDump], { env: process.env });
      const line = stdout.trim().split('\n').at(-1) ?? '';
      return JSON.parse(line) as Used;
    };
    const best: Record<string, Used> = {};
    const keep = (what: string, used: Used) => {
      const before = best[what];
      best[what] =
        before === undefined
          ? used
          : {
              peakMiB: Math.max(before.peakMiB, used.peakMiB),
              cpuSeconds: Math.min(before.cpuSeconds, used.cpuSeconds),
              wallSeconds: Math.min(before.wallSeconds, used.wallSeconds),
            };
    };
    for (let turn = 0; turn < 2; turn++) for (const what of ['upload', 'backup']) keep(what, await use(what));
    for (const what of ['list', 'verify', 'prune', 'restore']) keep(what, await use(what));
    for (const [what, { peakMiB, cpuSeconds, wallSeconds }] of Object.entries(best)) {
      console.log(
        [dialect, name, what, `${peakMiB} MiB`, `${cpuSeconds.toFixed(1)} s CPU`, `${wallSeconds.toFixed(1)} s`].join(
          '\t',
        ),
      );
    }
    const { upload, backup } = best;
    if (upload === undefined || backup === undefined) throw new Error('nothing was measured');
    const ratio = (key: 'cpuSeconds' | 'wallSeconds') => (backup[key] / upload[key]).toFixed(2);
    console.log(
      [dialect, name, 'backup / upload', `CPU ${ratio('cpuSeconds')}`, `time ${ratio('wallSeconds')}`].join('\t'),
    );
  }
  await drop();
}
process.exit(0);

/** Rows of 1 MiB that do not compress. */
async function fill(dialect: TestDialect, url: string): Promise<void> {
  const target = targetOf(url);
  if (dialect === 'sqlite') {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MIB})`;
    return runSql(target, `CREATE TABLE blobs AS ${numbers} SELECT i AS id, randomblob(1048576) AS payload FROM n`);
  }
  await runSql(
    target,
    'CREATE TABLE blobs (id integer, payload bytea); ALTER TABLE blobs ALTER payload SET STORAGE EXTERNAL',
  );
  const psql = spawn(join(await findPostgresBinaries(), 'psql'), ['--quiet', url, '--command=COPY blobs FROM STDIN'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(psql, 'exit');
  for (let row = 1; row <= MIB; row++) {
    if (!psql.stdin.write(`${row}\t\\\\x${randomBytes(1048576).toString('hex')}\n`)) await once(psql.stdin, 'drain');
  }
  psql.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`psql ended with ${code}`);
}
