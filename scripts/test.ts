/**
 * Runs the tests: `npm test`, in more processes than the machine has cores, each with servers of its own that its
 * files share. Ends with the slowest tests, what failed, and "N passed, N failed, N skipped".
 *
 *   npm test -- FILE|FOLDER...   those alone
 *   npm test -- -g PATTERN       tests whose title matches
 *   npm test -- --jobs N         so many processes
 *   npm run test:unit            pure code only: no server, no program, a few seconds
 *
 * With CI=true a skipped test is a failure, but for those in test/skips.ts.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isUnit, needsPostgres, testFiles } from '../test/support/test-files.ts';
import { cpuSeconds } from './test/cpu.ts';
import { mayUseMemory, onMemory } from './test/memory.ts';
import { joinedPrograms } from './test/programs.ts';
import type { FileResult, FromWorker, ToWorker } from './test/protocol.ts';
import { fileQueue } from './test/queue.ts';
import { refuseSkips } from './test/skips.ts';
import { printFile, printSummary } from './test/summary.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    grep: { type: 'string', short: 'g' },
    jobs: { type: 'string', short: 'j' },
    unit: { type: 'boolean' },
    postgres: { type: 'boolean' },
    results: { type: 'string' },
  },
});

/** What a worker with its servers, the programs that its tests start and its part of a control plane takes. */
const MEMORY_OF_A_WORKER_BYTES = 2 * 2 ** 30;
/** What a worker's temporary files may take. One that holds half of it is replaced after its file. */
const MOST_IN_MEMORY_BYTES = 3 * 2 ** 30;
const files = testFiles(positionals)
  .filter((file) => !values.unit || isUnit(file))
  .filter((file) => !values.postgres || needsPostgres(file));
const jobs = Math.min(Number(values.jobs ?? mostJobs()), files.length);
if (!(jobs >= 1)) throw new Error(`--jobs is ${values.jobs}; it must be 1 or more`);

/**
 * A worker that holds more is replaced after its file, because Node ends at 4 GiB: every import of a migration stays in
 * memory, and the tests import thousands.
 */
const MOST_HEAP_BYTES = 2 ** 30;

const began = performance.now();
const timesFile = join('.cache', 'test-seconds.json');
const times = readTimes();
const queue = fileQueue(files, (file) => times[file] ?? 0, jobs);
const results: FileResult[] = [];
const closing: string[] = [];
const outputs = new WeakMap<ChildProcess, Buffer[]>();

/** Not for the end-to-end tests: the cluster's programs look for files too. */
const inMemory = process.env.E2E_IMAGE === undefined && mayUseMemory(jobs * MOST_IN_MEMORY_BYTES);
const programs = values.unit || process.env.NODE_V8_COVERAGE ? undefined : await joinedPrograms();
/** Open to all users: servers run as another one than root. */
const temporaryFolders = Array.from({ length: jobs }, (_, worker) => {
  const folder = mkdtempSync(join(tmpdir(), `dbm${worker}-`));
  chmodSync(folder, 0o1777);
  return folder;
});
await Promise.all(Array.from({ length: jobs }, (_, worker) => runWorker(worker)));
for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });

for (const { file, seconds } of results) times[file] = Math.round(seconds * 10) / 10;
if (!values.grep) {
  mkdirSync('.cache', { recursive: true });
  writeFileSync(timesFile, `${JSON.stringify(times, null, 1)}\n`);
}
const judged = process.env.CI === 'true' ? refuseSkips(results) : results;
if (values.results) writeFileSync(values.results, JSON.stringify(judged));
const run = { jobs, seconds: (performance.now() - began) / 1000, cpuSeconds: cpuSeconds() };
process.exitCode = printSummary(judged, closing, run) ? 0 : 1;

/** Unit tests calculate all the time; the others wait for servers, pods and timeouts for more than half of it. */
function mostJobs(): number {
  const cores = availableParallelism();
  return values.unit ? cores : Math.max(1, Math.min(2 * cores, Math.floor(totalmem() / MEMORY_OF_A_WORKER_BYTES)));
}

/** Gives a process one file after another. One that dies has failed its file, and another takes its place. */
async function runWorker(worker: number): Promise<void> {
  for (let file = queue.next(worker); file !== undefined; ) {
    const child = start(worker);
    const ended = new Promise<string>((done) => {
      child.once('exit', (code, signal) => done(signal ?? `exit code ${code}`));
    });
    let died: string | undefined;
    while (file !== undefined) {
      const current: string = file;
      const answer = await Promise.race([runFile(child, current), ended]);
      if (typeof answer === 'string') {
        died = answer;
        const error = `the test process ended with ${answer}`;
        results.push({
          file: current,
          seconds: 0,
          cpuSeconds: 0,
          heapBytes: 0,
          temporaryBytes: 0,
          tests: [{ title: current, state: 'failed', ms: 0, error }],
        });
      } else results.push(answer);
      print(child);
      if (files.length > 1) printFile(results.at(-1));
      file = queue.next(worker);
      if (died !== undefined || isFull(results.at(-1))) break;
    }
    if (died === undefined) {
      const closed = new Promise<void>((done) => {
        child.on('message', (message: FromWorker) => {
          if (message.kind !== 'closed') return;
          if (message.error !== undefined) closing.push(message.error);
          done();
        });
      });
      send(child, { kind: 'end' });
      await Promise.race([closed, ended]);
      const overdue = setTimeout(() => child.kill('SIGKILL'), 60_000);
      await ended;
      clearTimeout(overdue);
      print(child);
    }
  }
}

function isFull(result: FileResult | undefined): boolean {
  if (result === undefined) return false;
  const memory = inMemory && result.temporaryBytes > MOST_IN_MEMORY_BYTES / 2;
  return memory || result.heapBytes > MOST_HEAP_BYTES;
}

function start(worker: number): ChildProcess {
  const folder = temporaryFolders[worker] ?? tmpdir();
  const child = fork(join(import.meta.dirname, 'test/worker.ts'), {
    ...(inMemory ? onMemory(folder, MOST_IN_MEMORY_BYTES) : {}),
    env: {
      ...process.env,
      TEST_WORKER: String(worker),
      TEST_WORKERS: String(jobs),
      // A test that looks at what a run leaves behind shall not see what another process's run has there.
      TMPDIR: folder,
      // To build a control plane takes more than there is in memory.
      ...(inMemory ? { GOTMPDIR: tmpdir() } : {}),
      // The control plane, kubectl and helm: memory for a sixth of their CPU time.
      GOGC: process.env.GOGC ?? '400',
      ...(programs === undefined ? {} : { TEST_PROGRAMS: programs }),
      // Half of what a command costs is compiling it; coverage counts what is compiled here.
      ...(process.env.NODE_V8_COVERAGE ? {} : { NODE_COMPILE_CACHE: resolve('.cache/compile') }),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output: Buffer[] = [];
  outputs.set(child, output);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      // One process alone prints as it goes; the output of several is kept together by file.
      if (jobs === 1) process.stdout.write(data);
      else output.push(data);
    });
  }
  return child;
}

function print(child: ChildProcess): void {
  process.stdout.write(Buffer.concat(outputs.get(child)?.splice(0) ?? []));
}

function runFile(child: ChildProcess, file: string): Promise<FileResult> {
  return new Promise((done) => {
    const listen = (message: FromWorker) => {
      if (message.kind !== 'ran') return;
      child.off('message', listen);
      // What the file has printed last is on its way through another pipe.
      setTimeout(() => done(message.result), 20);
    };
    child.on('message', listen);
    send(child, { kind: 'run', file, grep: values.grep });
  });
}

function send(child: ChildProcess, message: ToWorker): void {
  child.send(message, () => {});
}

function readTimes(): Record<string, number> {
  const measured = join(import.meta.dirname, 'test/seconds.json');
  const own = existsSync(timesFile) ? (JSON.parse(readFileSync(timesFile, 'utf8')) as Record<string, number>) : {};
  const shipped = existsSync(measured) ? (JSON.parse(readFileSync(measured, 'utf8')) as Record<string, number>) : {};
  return { ...shipped, ...own };
}
