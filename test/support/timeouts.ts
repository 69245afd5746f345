/** How long a test or a hook may take. 10 s by default (.mocharc.json); the exceptions and their reasons are here. */
import { relative, resolve } from 'node:path';
import { isUnit } from './test-files.ts';

export const DEFAULT_MS = 10_000;

/** The machine may be slow and busy with others, so an exception is a bound on a hang and not a measure of speed. */
const EXCEPTIONS: { folders: RegExp; ms: number; reason: string }[] = [
  { folders: /^test\/(cluster|e2e)\//, ms: 180_000, reason: 'pods and operators start and wait for each other' },
  { folders: /^test\/hostile\//, ms: 120_000, reason: 'texts of megabytes are read, on a machine that may be busy' },
  { folders: /^test\/faults\//, ms: 180_000, reason: 'processes are killed and started again many times' },
];
const STARTS_PROGRAMS = { ms: 120_000, reason: 'a server or a command starts, on a machine that may be busy' };

/** Milliseconds for the tests of a file that set no timeout. */
export function timeoutOf(file: string): number {
  const path = relative(resolve(import.meta.dirname, '../..'), file);
  const named = EXCEPTIONS.find(({ folders }) => folders.test(path));
  if (named !== undefined) return named.ms;
  return path.endsWith('.test.ts') && !isUnit(path) ? STARTS_PROGRAMS.ms : DEFAULT_MS;
}

/** Gives each test and hook below the suite the time of its file, where it has the default. */
export function applyTimeouts(suite: Mocha.Suite): void {
  const hooks = (['beforeAll', 'afterAll', 'beforeEach', 'afterEach'] as const).flatMap((kind) =>
    // Mocha's types do not have it.
    (suite as unknown as { getHooks(kind: string): Mocha.Hook[] }).getHooks(kind),
  );
  for (const runnable of [...hooks, ...suite.tests]) {
    if (runnable.file !== undefined && runnable.timeout() === DEFAULT_MS) runnable.timeout(timeoutOf(runnable.file));
  }
  for (const below of suite.suites) applyTimeouts(below);
}
