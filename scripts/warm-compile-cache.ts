/**
 * Fills NODE_COMPILE_CACHE with what the image's processes load, so that a runner's pod compiles nothing at its start, and
 * DB_MANAGER_CACHE with the files of an empty PostgreSQL server, so that its rehearsals do not call initdb. Only for the
 * image: `node scripts/warm-compile-cache.ts /app`, as the user that the image runs as (Node keeps a cache for each user id).
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [app] = process.argv.slice(2);
if (app === undefined) throw new Error('usage: node scripts/warm-compile-cache.ts <folder with dist and node_modules>');
const main = join(app, 'dist/cli/main.js');
const dist = readdirSync(join(app, 'dist'), { recursive: true, encoding: 'utf8' });

// What a run compiles lazily is cached only where a run has happened.
const folder = mkdtempSync(join(tmpdir(), 'warm-'));
mkdirSync(join(folder, 'migrations'));
writeFileSync(
  join(folder, 'migrations/20240101000000_warm.sql'),
  '-- migrate:up\nCREATE TABLE warm (id integer PRIMARY KEY);\n-- migrate:down\nDROP TABLE warm;\n',
);
const migrate = (url: string) =>
  execFileSync(process.execPath, [main, 'safe-migrate'], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: url },
    stdio: 'inherit',
  });
migrate('sqlite:///app.db');

const DEBIAN = '/usr/lib/postgresql';
// PostgreSQL does not run as root.
const versions = existsSync(DEBIAN) && process.getuid?.() !== 0 ? readdirSync(DEBIAN) : [];
for (const version of versions) {
  const bin = join(DEBIAN, version, 'bin');
  if (!existsSync(join(bin, 'initdb'))) continue;
  const data = join(folder, `postgres-${version}`);
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'warm', '--auth=trust', '--no-sync'], { stdio: 'ignore' });
  const options = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${folder}`, '-c', 'fsync=off'];
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...options], { stdio: 'ignore' });
  try {
    migrate(`postgresql://warm@/postgres?host=${folder}`);
  } finally {
    server.kill('SIGQUIT');
    await once(server, 'exit');
  }
}

process.chdir(folder);
createRequire(main)('pg');
/** These would run a command. */
const PROGRAM = /^(?:cli\/|chunks\/start-)/;
for (const file of dist.filter((name) => name.endsWith('.js') && !PROGRAM.test(name))) {
  await import(pathToFileURL(join(app, 'dist', file)).href);
}
