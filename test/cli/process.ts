import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MAIN } from '../support/program.ts';
import { runHosted } from './host.ts';

export interface Output {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The same in the process of all hosted commands (host.ts). */
export async function hostedDbManager(
  args: string[],
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Promise<Output> {
  const { DATABASE_URL: _url, DB_PATH: _path, ...rest } = process.env;
  const { code, out, err } = await runHosted({ cwd, env: { ...rest, ...env }, args });
  return { code, stdout: out, stderr: err };
}

/** The command line as a user runs it, without a terminal. */
export async function dbManager(
  args: string[],
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Promise<Output> {
  const { DATABASE_URL: _url, DB_PATH: _path, ...rest } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
