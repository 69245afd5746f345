/**
 * `npm run build && node test/bench/object-store.ts [MiB] [sqlite|postgres]`. Backups in object stores of two makes, as a user
 * types them with the built program: peak memory of each command (programs of PostgreSQL have their own), processor time,
 * and time against what a person types without db-manager: `pg_dump | client upload`. The rows do not compress, and
 * PostgreSQL's dump is not compressed, so that the object has the full size. Each form of upload is measured twice, in turns;
 * the smaller time and the larger peak count.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runSql, targetOf } from '../backups/fixtures.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { CREDENTIALS, OBJECT_STORES, startObjectStore } from '../support/object-store.ts';
import { findPostgresBinaries } from '../support/postgres-binaries.ts';

const MIB = Number(process.argv[2] ?? 1024);
const only = process.argv[3];
const run = promisify(execFile);
const program = resolve('dist/cli/main.js');
/** What the process has used, written to a file at its end. */
const HOOK = `import { writeFileSync } from 'node:fs'; process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(process.env.BENCH_USED, JSON.stringify({ peakMiB: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
});`;

interface Used {
  peakMiB: number;
  cpuSeconds: number;
  wallSeconds: number;
}

const folder = await temporaryFolder('bench');
const hook = join(folder, 'hook.mjs');
await writeFile(hook, HOOK);
await writeFile(join(folder, 'db-manager.config.json'), '{"backups": {"compression": "none"}}');
const pgDump = join(await findPostgresBinaries(), 'pg_dump');
Object.assign(process.env, CREDENTIALS);

async function measure(args: string[]): Promise<Used> {
  const file = join(folder, 'used.json');
  const env = { ...process.env, BENCH_USED: file };
  const began = performance.now();
  await run(process.execPath, ['--import', hook, ...args], { cwd: folder, env });
  const wallSeconds = (performance.now() - began) / 1000;
  return { ...(JSON.parse(await readFile(file, 'utf8')) as Omit<Used, 'wallSeconds'>), wallSeconds };
}

console.log('database\tstore\tcommand\tpeak MiB\tCPU s\ttime s');
for (const dialect of DIALECTS.filter((each) => only === undefined || each === only)) {
  const { url, drop } = await temporaryDatabase(dialect);
  await fill(dialect, url);
  for (const name of OBJECT_STORES) {
    const store = await startObjectStore(name);
    const given = ['--database-url', url, '--backups', store.place('bench')];
    const plain = [resolve('test/bench/object-store-child.ts'), url, store.endpoint, pgDump];
    const best: Record<string, Used> = {};
    const keep = async (what: string, args: string[]) => {
      const used = await measure(args);
      const before = best[what] ?? used;
      best[what] = {
        peakMiB: Math.max(before.peakMiB, used.peakMiB),
        cpuSeconds: Math.min(before.cpuSeconds, used.cpuSeconds),
        wallSeconds: Math.min(before.wallSeconds, used.wallSeconds),
      };
    };
    for (let turn = 0; turn < 2; turn++) {
      await keep('pg_dump | upload', plain);
      await keep('backup', [program, 'backup', ...given]);
    }
    await keep('list-backups', [program, 'list-backups', ...given]);
    await keep('verify-backup', [program, 'verify-backup', 'latest', ...given]);
    await keep('prune', [program, 'prune', '--keep-last', '1', '--keep-days', '0', ...given]);
    await keep('restore', [program, 'restore', 'latest', '--force', ...given]);
    for (const [what, { peakMiB, cpuSeconds, wallSeconds }] of Object.entries(best)) {
      const numbers = [peakMiB.toFixed(0), cpuSeconds.toFixed(1), wallSeconds.toFixed(1)];
      console.log([dialect, name, what, ...numbers].join('\t'));
    }
    const { 'pg_dump | upload': upload, backup } = best;
    if (upload === undefined || backup === undefined) throw new Error('nothing was measured');
    console.log([dialect, name, 'time ratio', (backup.wallSeconds / upload.wallSeconds).toFixed(2)].join('\t'));
    await store.server.stop();
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
