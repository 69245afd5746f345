import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type RunEvent, type RunReport, runEventSchema } from '../../src/core/model/report.ts';
import { RUN_REQUEST_VARIABLE, type RunRequest } from '../../src/core/model/request.ts';
import { MAIN } from '../support/program.ts';

const KILL_WHEN_PRINTED = new URL('./kill-when-printed.ts', import.meta.url).href;

export interface Ended {
  report?: RunReport;
  events: RunEvent[];
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export interface Kill {
  /** Asked after every event it prints. */
  when?(event: RunEvent): boolean;
  /** A line that a migration prints. */
  whenPrinted?: string;
  /** Milliseconds after `whenPrinted`; at once by default. */
  afterMs?: number;
  signal?: AbortSignal;
}

/** The runner as a process of its own, so that it can be killed. */
export async function runProcess(url: string, request: RunRequest, kill: Kill = {}): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', KILL_WHEN_PRINTED, MAIN, 'runner'], {
    env: {
      ...process.env,
      ...(kill.whenPrinted === undefined
        ? {}
        : { KILL_WHEN_PRINTED: kill.whenPrinted, KILL_AFTER_MS: String(kill.afterMs ?? 0) }),
      DATABASE_URL: url,
      [RUN_REQUEST_VARIABLE]: JSON.stringify(request),
      DB_MANAGER_TERMINATION_LOG: '/dev/null',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  kill.signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  const events: RunEvent[] = [];
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed = runEventSchema.safeParse(parse(line));
    if (!parsed.success) return;
    events.push(parsed.data);
    if (kill.when?.(parsed.data)) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const last = events.findLast((event) => event.type === 'report');
  return { events, code, signal, stderr, ...(last?.type === 'report' ? { report: last.report } : {}) };
}

/** A killed process may leave half a line. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
