import { readdir, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * Other processes on this machine that have the file open, as `node (process 12)`, if this user can see them (Linux: /proc). Empty if
 * the system does not provide this: the database's own locks then decide.
 */
export async function processesWith(path: string): Promise<string[]> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined) return [];
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found: string[] = [];
  for (const pid of pids) {
    if (await hasOpen(pid, file.dev, file.ino)) found.push(`${await commandOf(pid)} (process ${pid})`);
  }
  return found;
}

async function hasOpen(pid: number, dev: number, ino: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder).catch(() => [])) {
    const target = await stat(`${folder}/${fd}`).catch(() => undefined);
    if (target?.ino === ino && target.dev === dev) return true;
  }
  return false;
}

/** The program's name only: arguments may contain secrets. */
async function commandOf(pid: number): Promise<string> {
  const [program = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return basename(program) || 'a process';
}
