/**
 * The folder of a private server: only its run can reach it, and it is removed with the run. A small shell holds the
 * reading end of a pipe whose other end is this process: any end of the run, also SIGKILL, closes the pipe, and the shell
 * stops the server and removes the folder. If both were killed, the next run cleans up.
 */

import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeeds } from '../../../core/model/succeeds.ts';
import { NoPrivateServer } from './problem.ts';

const PREFIX = 'db-manager-pg-';
const OWNER = 'owner.json';
/** A unix socket's path may have 107 bytes on Linux, 103 elsewhere. */
const LONGEST_SOCKET = 99;
const SOCKET = '/.s.PGSQL.5432';

const WATCHDOG = `
cat >/dev/null
[ -d "$1" ] || exit 0
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
for wait in 0.1 0.3 1 3; do
  sleep "$wait"
  rm -rf -- "$1" "$2" 2>/dev/null
  [ -e "$1" ] || exit 0
done
`;

/** Of the servers of this process, when it is root. */
const GROUP = 30_000 + Math.floor(Math.random() * 29_000);

/** Whom the server runs as; empty if that is this process's own user. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

export interface ServerFolder {
  path: string;
  data: string;
  /** Of the socket; a short path. */
  socket: string;
  user: ServerUser;
  /** Removes it, once the server has ended. */
  remove(): Promise<void>;
}

export async function makeFolder(): Promise<ServerFolder> {
  const user = await serverUser();
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  const short = Buffer.byteLength(path + SOCKET) <= LONGEST_SOCKET - 2;
  const socket = short ? join(path, 's') : await mkdtemp(`/tmp/${PREFIX}`);
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'db-manager-watchdog', path, short ? path : socket], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  watchdog.on('error', () => {});
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  if ('unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') watchdog.stdin.unref();

  const identity = { pid: process.pid, started: await startOf(process.pid) };
  await writeFile(join(path, OWNER), JSON.stringify(identity), { mode: 0o600 });
  const data = join(path, 'data');
  for (const folder of [data, socket]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await give(folder, user);
  }
  if (user.gid !== undefined) {
    // Reached only with the group that the server alone has.
    await chown(path, process.getuid?.() ?? 0, user.gid);
    await chmod(path, 0o710);
  }
  return {
    path,
    data,
    socket,
    user,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      if (!short) await rm(socket, { recursive: true, force: true });
      watchdog.stdin.end();
    },
  };
}

async function give(path: string, { uid, gid }: ServerUser): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** Removes the servers of runs that are dead; the folders. */
export async function sweepFolders(): Promise<string[]> {
  const swept: string[] = [];
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    if (!(await isDead(path))) continue;
    await stopServerIn(path);
    const removing = rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    if (await succeeds(removing)) swept.push(path);
  }
  return swept;
}

async function isDead(path: string): Promise<boolean> {
  try {
    const { pid, started } = JSON.parse(await readFile(join(path, OWNER), 'utf8'));
    return Number.isInteger(pid) && (await startOf(pid)) !== started;
  } catch {
    // Another user's, or one that is being made.
    return false;
  }
}

async function stopServerIn(path: string): Promise<void> {
  const data = join(path, 'data');
  const [first = ''] = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(first);
  if (!Number.isInteger(pid) || pid <= 1) return;
  // A pid may have been given to another process since.
  const works = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (works !== data) return;
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    // It ended in the meantime.
  }
}

/** When a process started, in the kernel's ticks: with the pid it names one process. Undefined if there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root. Its group is one that no other process has, so that no other can reach it. */
async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const uid = new RegExp(`^${name}:[^:]*:(\\d+):`, 'm').exec(users)?.[1];
    if (uid !== undefined) return { uid: Number(uid), gid: GROUP };
  }
  throw new NoPrivateServer('PostgreSQL does not run as root, and this machine has no user postgres or nobody');
}
