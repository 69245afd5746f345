import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from '../../../scripts/bundle.ts';
import { temporaryFolder } from '../../support/lifetime.ts';
import { eventually, startServer } from '../../support/processes.ts';
import { Scrape } from './scrape.ts';

const FOLDER = resolve('node_modules/.cache/db-manager-bench');

/** Stays after the bench, so that the end of an operator can be explained. */
export const OPERATOR_LOG = join(FOLDER, 'operator.log');

/** Compiles src as `npm run build` does, next to the modules that it needs. Returns the file of the command line. */
export async function build(): Promise<string> {
  const folder = FOLDER;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await bundle(join(folder, 'dist'));
  return join(folder, 'dist/cli/main.js');
}

export interface MeasuredOperator {
  /** Of the process that runs now; a restart sets its counters to 0. */
  scrape(): Promise<Scrape>;
  /** MiB, as the system counts them. `most` is the largest of all starts. */
  rss(): Promise<{ now: number; most: number }>;
  leads(): Promise<boolean>;
  /** How often the process ended and was started again, as a Deployment does it. It ends if it loses its lease. */
  readonly restarts: number;
  stop(): Promise<unknown>;
  logTail(): Promise<string>;
}

/** The operator as its image and its Deployment run it. */
export async function startBuilt(main: string, kubeconfig: string, namespace: string): Promise<MeasuredOperator> {
  let one = await startOnce(main, kubeconfig, namespace);
  let restarts = 0;
  let most = 0;

  /** A request can fail because the process is busy, or because it ended. */
  async function scrape(): Promise<Scrape> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await fetch(`http://127.0.0.1:${one.port}/metrics`, { headers: { connection: 'close' } });
        return new Scrape(await answer.text());
      } catch (error) {
        // It closes the port before it ends.
        const ended = await Promise.race([one.server.ended, sleep(15_000, undefined, { ref: false })]);
        if (ended !== undefined) {
          restarts += 1;
          console.error(`the operator ended (${JSON.stringify(ended)}):\n${await one.server.logTail(5)}`);
          if (restarts > 20)
            throw new Error(`the operator ended ${restarts} times: see ${OPERATOR_LOG}`, { cause: error });
          one = await startOnce(main, kubeconfig, namespace);
        } else if (attempt > 10) throw error;
      }
    }
  }

  return {
    scrape,
    async rss() {
      // Empty if it has just ended; the next scrape starts it again.
      const status = await readFile(`/proc/${one.server.pid}/status`, 'utf8').catch(() => '');
      const mebibytes = (name: string) =>
        Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024);
      most = Math.max(most, mebibytes('VmHWM') || 0);
      return { now: mebibytes('VmRSS'), most };
    },
    leads: async () => (await one.log()).includes('leader election won'),
    get restarts() {
      return restarts;
    },
    stop: () => one.server.stop(),
    logTail: () => one.server.logTail(),
  };
}

async function startOnce(main: string, kubeconfig: string, namespace: string) {
  const folder = await temporaryFolder('bench-operator');
  const args = [
    ...(process.env.BENCH_HEAP === 'unlimited' ? [] : [heapOfDeployment()]),
    ...(process.env.BENCH_NODE_FLAGS?.split(' ') ?? []),
    main,
    'operator',
    '--runner-image=db-manager:test',
    `--namespaces=${namespace}`,
    `--lease-namespace=${namespace}`,
    `--kubeconfig=${kubeconfig}`,
    '--metrics-port=0',
    '--max-concurrent-runs=200',
  ];
  const before = await readFile(OPERATOR_LOG, 'utf8').catch(() => '');
  const server = await startServer({ command: process.execPath, args, logFile: OPERATOR_LOG, cwd: folder });
  const log = async () => (await readFile(OPERATOR_LOG, 'utf8')).slice(before.length);
  const port = await eventually('the operator to start', async () => /"port":(\d+)/.exec(await log())?.[1], {
    timeoutMs: 300_000,
    explain: () => server.logTail(),
  });
  return { server, port, log };
}

/**
 * Node sizes its heap by the memory limit of its container: half of it. With this flag, heap and young generation have
 * the same sizes without a container (measured: 256 and 2 MiB for a limit of 512 MiB).
 */
function heapOfDeployment(): string {
  const limit = /limits: \{memory: (\d+)Mi\}/.exec(readFileSync('deploy/base/deployment.yaml', 'utf8'))?.[1];
  if (limit === undefined) throw new Error('deploy/base/deployment.yaml has no memory limit in MiB');
  return `--max-heap-size=${Number(limit) / 2}`;
}
