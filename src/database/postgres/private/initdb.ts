/** initdb, and programs that run to their end as the user of a private server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Programs } from '../programs.ts';
import type { ServerFolder, ServerUser } from './folder.ts';
import { NoPrivateServer } from './problem.ts';

/** Without the folder and the name of the superuser. */
export const INITDB_ARGS = ['--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'];

/** Makes the files of an empty server in the folder. Throws NoPrivateServer. */
export async function initialise(
  programs: Programs,
  { path, data, user }: ServerFolder,
  superuser: string,
): Promise<void> {
  const args = ['-D', data, '-U', superuser, ...INITDB_ARGS];
  const { code, stderr } = await runToEnd(join(programs.folder, 'initdb'), args, path, user);
  if (code === 0) return;
  if (
    user.uid !== undefined &&
    /could not (?:change|access) directory/.test(stderr) &&
    stderr.includes('Permission denied')
  ) {
    throw new NoPrivateServer(
      `PostgreSQL does not run as root, and the user ${user.uid}, as whom it would run, cannot enter ${tmpdir()}. Set TMPDIR to a folder that all users may enter`,
    );
  }
  const lines = stderr.split('\n').filter((line) => /error|fatal|could not|cannot/i.test(line));
  throw new NoPrivateServer(`initdb failed: ${lines.slice(0, 2).join(' ').trim() || stderr.trim().slice(-200)}`);
}

export async function copyData(from: ServerFolder, { path, data, user }: ServerFolder): Promise<void> {
  const { code, stderr } = await runToEnd('cp', ['-R', `${from.data}/.`, data], path, user);
  if (code !== 0) throw new NoPrivateServer(`the files of an empty server could not be copied: ${stderr.trim()}`);
}

async function runToEnd(program: string, args: string[], cwd: string, user: ServerUser) {
  const child = spawn(program, args, { cwd, env: serverEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], ...user });
  let stderr = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4_000);
    });
  }
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, stderr: error.message }));
    child.once('close', (code) => resolve({ code, stderr }));
  });
}

/** Null if the program could not be started, or was killed. */
export function exitCodeOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
}

/** Of the server and of the programs that make its files. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, TZ, LD_LIBRARY_PATH } = process.env;
  const all = { PATH, TMPDIR, TZ, LD_LIBRARY_PATH, LC_ALL: 'C' };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
