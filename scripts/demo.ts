/**
 * The demo on this machine: migrates a SQLite trading database with 100,000 orders from an older revision to head, with
 * the same run and the same manifest as in a cluster.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SEED_REVISION, seed } from '../migrations/seed.ts';
import { runManifest } from '../src/cli/commands/run.ts';
import { runEnvironment } from '../src/cli/environment.ts';
import { createIo } from '../src/cli/io.ts';
import { exitCodeOf, printError } from '../src/cli/output/errors.ts';
import { run } from '../src/engine/run.ts';
import { demoRequest } from './demo-request.ts';

const FOLDER = '.demo';
const DATABASE = join(FOLDER, 'trading', 'trading.db');
const io = createIo(process);

try {
  if (!existsSync(DATABASE)) await makeOldDatabase();
  io.out(`\n$ db-manager run -f deploy/samples/sqlite.yaml\n`);
  await runManifest(
    {
      filename: 'deploy/samples/sqlite.yaml',
      volume: [`trading-data=${join(FOLDER, 'trading')}`, `trading-backups=${join(FOLDER, 'backups')}`],
      migrations: 'migrations/versions',
      models: 'migrations/models',
    },
    io,
  );
} catch (error) {
  printError(io, error);
  process.exitCode = exitCodeOf(error);
}

/** What an application of some months ago would have left behind. */
async function makeOldDatabase(): Promise<void> {
  await mkdir(join(FOLDER, 'trading'), { recursive: true });
  io.out(`making ${DATABASE} at ${SEED_REVISION} …`);
  const request = demoRequest({ database: DATABASE, target: SEED_REVISION, backups: join(FOLDER, 'backups') });
  const report = await run(
    request,
    runEnvironment(io, { dialect: 'sqlite', path: DATABASE }, request, () => {}),
  );
  if (report.result !== 'succeeded') throw new Error(report.message);
  const began = performance.now();
  await seed(`sqlite:///${DATABASE}`, { orders: 100_000 });
  io.out(`seeded with 100,000 orders in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
