/**
 * Runs the tests that touch PostgreSQL on several versions of its server, one after the other:
 *
 *   npm run test:postgres -- 14 15 16 17 18      everything except the cluster's tests
 *   npm run test:postgres -- --versioned 14 18   only what depends on the version
 *   npm run test:postgres -- --short 14 18       the quickest of these, some from each group
 *   npm run test:postgres -- --short --others    on all versions but that of `npm test`
 *   npm run test:postgres -- --files F,G 14      only those files
 *   npm run test:postgres -- --write 14 18       and write docs/postgresql-versions.json, from which the page is made;
 *                                                with --files only the results of these
 *
 * Servers and client programs are fetched where they are not on this machine. Closes with the sum of all versions.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPostgresBinaries } from '../test/support/postgres-binaries.ts';
import { MAJORS, type Major } from '../test/support/programs/pinned.ts';
import { fetchClients, fetchServer, parseMajor } from '../test/support/programs/postgres-server.ts';
import { needsPostgres, testFiles } from '../test/support/test-files.ts';
import {
  type Counts,
  readVersions,
  sumOf,
  VERSIONS_FILE,
  type VersionResult,
  type VersionRuns,
} from './generate/postgres-versions.ts';
import type { FileResult, TestResult } from './test/protocol.ts';

/** Catalogue queries, dump and restore, rules with versions, generate. */
const VERSIONED = [
  'test/backups/round-trip.test.ts',
  'test/core/safety/postgres-engine.test.ts',
  'test/database/backup-postgres.test.ts',
  'test/database/checks.test.ts',
  'test/database/snapshot.test.ts',
  'test/database/snapshot-sequelize.test.ts',
  'test/database/postgres',
  'test/migrations/generate',
  'test/models',
  'test/engine/beyond.test.ts',
  'test/engine/copies.test.ts',
  'test/engine/missing-objects.test.ts',
  'test/engine/rehearsal.test.ts',
  'test/safety/lock-modes.test.ts',
  'test/safety/locks.test.ts',
];

/** At least one of each group above; about half a minute for a version. */
const SHORT = [
  'test/backups/round-trip.test.ts',
  'test/core/safety/postgres-engine.test.ts',
  'test/database/checks.test.ts',
  'test/database/snapshot.test.ts',
  'test/database/postgres/restore-equal.test.ts',
  'test/database/postgres/restore-inputs.test.ts',
  'test/migrations/generate/models.test.ts',
  'test/safety/lock-modes.test.ts',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    versioned: { type: 'boolean' },
    short: { type: 'boolean' },
    others: { type: 'boolean' },
    files: { type: 'string' },
    write: { type: 'boolean' },
    jobs: { type: 'string' },
  },
});
const named = positionals.length > 0 ? positionals.map(parseMajor) : MAJORS;
const own = values.others ? Number.parseInt(versionOf(join(await findPostgresBinaries(), 'postgres')), 10) : undefined;
const majors = named.filter((major) => major !== own);
if (values.write && values.short) throw new Error('--write is not for --short');
const files = testFiles(values.files?.split(',') ?? (values.short ? SHORT : values.versioned ? VERSIONED : []))
  .filter(needsPostgres)
  .filter((file) => !/^test\/(cluster|e2e|charts)\//.test(file));

const folder = mkdtempSync(join(tmpdir(), 'db-manager-versions-'));
// As root the servers run as another user, who starts initdb from this folder.
chmodSync(folder, 0o755);
const results: VersionResult[] = [];
try {
  for (const major of majors) {
    results.push(await runOn(major));
    // After each, since all of them take long.
    if (values.write) write();
  }
} finally {
  rmSync(folder, { recursive: true });
}

if (values.write) execFileSync(process.execPath, [join(import.meta.dirname, 'generate.ts')], { stdio: 'ignore' });
console.log('\nPostgreSQL:');
for (const result of results) {
  const { passed, failed, skipped, failures } = sumOf(result);
  console.log(
    `${result.server} with the clients of ${result.clients}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
  );
  for (const title of failures) console.log(`    failed: ${title}`);
}
const sums = results.map(sumOf);
const sum = (key: 'passed' | 'failed' | 'skipped') => sums.reduce((total, each) => total + each[key], 0);
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') === 0 && sums.every(({ passed }) => passed > 0) ? 0 : 1;

function write(): void {
  // A version that was not run this time keeps what its last run gave, and so does a file.
  const before = readVersions();
  const scope = values.files ? before.scope : values.versioned ? 'versioned' : 'all';
  const kept = before.scope === scope ? before.results : [];
  const now = results.map((result) => {
    const last = kept.find((each) => each.server === result.server && each.clients === result.clients);
    return values.files ? { ...result, files: { ...last?.files, ...result.files } } : result;
  });
  const versions = [...kept.filter((each) => !results.some((result) => sameMajor(each, result))), ...now];
  const runs: VersionRuns = {
    scope,
    results: versions.toSorted((a, b) => a.server.localeCompare(b.server, 'en', { numeric: true })),
  };
  writeFileSync(VERSIONS_FILE, `${JSON.stringify(runs, null, 2)}\n`);
}

function sameMajor(a: VersionResult, b: VersionResult): boolean {
  return Number.parseInt(a.server, 10) === Number.parseInt(b.server, 10);
}

async function runOn(major: Major): Promise<VersionResult> {
  const server = await fetchServer(major);
  const clients = await fetchClients(major);
  console.log(`\n== PostgreSQL ${major}: ${files.length} files`);
  const report = join(folder, `${major}.json`);
  const jobs = values.jobs === undefined ? [] : ['--jobs', values.jobs];
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'test.ts'), ...files, ...jobs, '--results', report],
    {
      env: {
        ...process.env,
        TEST_POSTGRES_BIN: server,
        PATH: [dirname(process.execPath), programsOf(major, server, clients.folder), process.env.PATH].join(delimiter),
      },
      stdio: 'inherit',
    },
  );
  await once(child, 'close');
  const reports = JSON.parse(readFileSync(report, 'utf8')) as FileResult[];
  return {
    server: versionOf(join(server, 'postgres')),
    clients: versionOf(join(clients.folder, 'pg_dump')),
    files: Object.fromEntries(reports.map(({ file, tests }) => [file, countsOf(tests)] as const).toSorted()),
  };
}

function countsOf(tests: TestResult[]): Counts {
  const failed = tests.filter(({ state }) => state === 'failed');
  return {
    passed: tests.filter(({ state }) => state === 'passed').length,
    failed: failed.length,
    skipped: tests.filter(({ state }) => state === 'skipped').length,
    failures: failed.map(({ title }) => title),
  };
}

/**
 * One folder with both: private servers for rehearsals are started from it. The folder of the clients may have a server
 * of the same version without the extensions, and a pg_config that leads to it.
 */
function programsOf(major: Major, server: string, clients: string): string {
  const into = join(folder, String(major));
  mkdirSync(into);
  for (const name of readdirSync(server)) symlinkSync(join(server, name), join(into, name));
  for (const name of ['pg_dump', 'pg_restore', 'psql']) {
    if (!existsSync(join(into, name))) symlinkSync(join(clients, name), join(into, name));
  }
  return into;
}

/** `15.18` of `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. */
function versionOf(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /\) (\d+(?:\.\d+)?)/.exec(text)?.[1] ?? text.trim();
}
