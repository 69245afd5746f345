import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundle } from '../../../scripts/bundle.ts';
import { temporaryFolder } from '../../support/lifetime.ts';
import { eventually, type Server, startServer } from '../../support/processes.ts';
import { Scrape } from './scrape.ts';

/** Compiles src as `npm run build` does, beside the modules that it needs. Returns the command line's file. */
export function build(): string {
  const folder = resolve('node_modules/.cache/db-manager-bench');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  bundle(join(folder, 'dist'));
  return join(folder, 'dist/cli/main.js');
}

export interface MeasuredOperator extends Server {
  scrape(): Promise<Scrape>;
  /** MiB, as the system counts them. */
  rss(): Promise<{ now: number; most: number }>;
  leads(): Promise<boolean>;
}

/** The operator as its image runs it. */
export async function startBuilt(main: string, kubeconfig: string, namespace: string): Promise<MeasuredOperator> {
  const folder = await temporaryFolder('bench-operator');
  const args = [
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
  const env = { ...process.env, ...allocatorOfImage() };
  const server = await startServer({ command: process.execPath, args, logFile: join(folder, 'log'), cwd: folder, env });
  const log = () => readFile(server.logFile, 'utf8');
  const port = await eventually('the operator to start', async () => /"port":(\d+)/.exec(await log())?.[1], {
    timeoutMs: 60_000,
    explain: () => server.logTail(),
  });
  return {
    ...server,
    scrape: async () => new Scrape(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    async rss() {
      const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
      const mebibytes = (name: string) =>
        Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024);
      return { now: mebibytes('VmRSS'), most: mebibytes('VmHWM') };
    },
    leads: async () => (await log()).includes('leader election won'),
  };
}

/** The settings of glibc's allocator that the image has. */
function allocatorOfImage(): Record<string, string> {
  const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
  return Object.fromEntries([...dockerfile.matchAll(/\b(MALLOC_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}
