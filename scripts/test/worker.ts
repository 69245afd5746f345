/**
 * Runs test files one after the other in one process, on the servers that they share: each is named by a message of
 * scripts/test.ts and answered with its results. Not to be started by hand.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import Mocha from 'mocha';
import { mochaHooks } from '../../test/support/hooks.ts';
import { closeAll } from '../../test/support/lifetime.ts';
import { cpuSeconds } from './cpu.ts';
import type { FileResult, FromWorker, TestResult, ToWorker } from './protocol.ts';

const OPTIONS = JSON.parse(readFileSync('.mocharc.json', 'utf8')) as Mocha.MochaOptions;

process.on('message', (message: ToWorker) => {
  if (message.kind === 'run') void run(message.file, message.grep).then((result) => send({ kind: 'ran', result }));
  else void end();
});
send({ kind: 'ready' });

async function run(file: string, grep: string | undefined): Promise<FileResult> {
  const began = performance.now();
  const cpuBefore = cpuSeconds();
  const tests: TestResult[] = [];
  const { timeout, forbidOnly, color } = OPTIONS;
  const mocha = new Mocha({ timeout, forbidOnly, color, reporter: 'spec', rootHooks: mochaHooks, grep });
  try {
    mocha.addFile(resolve(file));
    await mocha.loadFilesAsync();
    await new Promise<void>((done) => {
      const runner = mocha.run(() => done());
      runner.on('test end', (test) => {
        const state = test.isPending() ? 'skipped' : test.isFailed() ? 'failed' : 'passed';
        if (state !== 'failed') tests.push({ title: test.fullTitle(), state, ms: test.duration ?? 0 });
      });
      // A failed hook is counted as a failed test.
      runner.on('fail', (failed, error) => {
        tests.push({ title: failed.fullTitle(), state: 'failed', ms: failed.duration ?? 0, error: textOf(error) });
      });
    });
  } catch (error) {
    console.error(error);
    tests.push({ title: `${file} cannot be loaded`, state: 'failed', ms: 0, error: textOf(error) });
  }
  return {
    file,
    tests,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: cpuSeconds() - cpuBefore,
    heapBytes: process.memoryUsage().heapUsed,
    temporaryBytes: temporaryBytes(),
  };
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\n  cause: ${textOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function temporaryBytes(): number {
  const { blocks, bfree, bsize } = statfsSync(tmpdir());
  return (blocks - bfree) * bsize;
}

async function end(): Promise<void> {
  try {
    await closeAll();
    send({ kind: 'closed' });
  } catch (error) {
    console.error(error);
    send({ kind: 'closed', error: textOf(error) });
  }
  // As `mocha --exit`. Without it Node closes what tests have left open itself, and may wait for one of these without end.
  process.once('disconnect', () => process.exit());
  process.disconnect();
}

function send(message: FromWorker): void {
  process.send?.(message);
}
