import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Output {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as a user runs it, without a terminal. */
export async function dbManager(args: string[], env: Record<string, string> = {}): Promise<Output> {
  const { DATABASE_URL: _url, DB_PATH: _path, ...rest } = process.env;
  const child = spawn(process.execPath, ['src/cli/main.ts', ...args], {
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
