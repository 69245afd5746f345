import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { COUNT, sqlAlchemy, writeMigrations } from './apply.ts';
import { median, printRatios, secondsOf } from './measure.ts';
import type { Peers } from './peers.ts';

const ROUNDS = 7;

/** "Where does the database stand": a cold start with 1,000 migrations on disk and in the history, as users have it installed. */
export async function benchCurrent(peers: Peers): Promise<void> {
  if (!existsSync('dist/cli/main.js')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const folder = await temporaryFolder('bench-current');
  await writeMigrations(folder);
  const [own, other] = [await temporaryDatabase('sqlite'), await temporaryDatabase('sqlite')];
  const places = ['--migrations', join(folder, 'dbmate'), '--database-url', own.url];
  const ours = (...args: string[]) => ({ file: process.execPath, args: ['dist/cli/main.js', ...args, ...places] });
  await secondsOf(ours('migrate', 'upgrade'));
  const seconds = await median(ROUNDS, () => secondsOf(ours('migrate', 'current')));
  const others = [];
  const { alembic } = peers;
  if (alembic !== undefined) {
    const env = { BENCH_URL: sqlAlchemy(other.url) };
    const run = (...args: string[]) =>
      secondsOf({ file: alembic, args: ['-c', join(folder, 'alembic.ini'), ...args], env });
    await run('upgrade', 'head');
    others.push({ name: 'Alembic', seconds: await median(ROUNDS, () => run('current')) });
  }
  printRatios(
    `migrate current, cold, ${COUNT} migrations (budget: Alembic ≥ 2×)`,
    { name: 'db-manager', seconds },
    others,
  );
}
