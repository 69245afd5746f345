/**
 * Temporary files in memory. A server's empty data folder is a thousand files: to copy one costs eight times as much CPU
 * time on a disk, and the suite copies hundreds.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SETUP = 'mount -t tmpfs -o "mode=1777,size=$1" tmpfs "$0" && shift && exec "$@"';

/** How `fork` starts a process for which the folder is in memory. The mount is the process's own and ends with it. */
export function onMemory(folder: string, mostBytes: number): { execPath: string; execArgv: string[] } {
  const shell = ['/bin/sh', '-c', SETUP, folder, String(mostBytes), process.execPath, ...process.execArgv];
  return { execPath: 'unshare', execArgv: ['--mount', '--propagation', 'private', ...shell] };
}

/** Whether that much memory is free, and this process may mount (root on Linux, outside of a plain container). */
export function mayUseMemory(bytes: number): boolean {
  if (process.platform !== 'linux' || availableBytes() < bytes) return false;
  const tried = spawnSync('unshare', ['--mount', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']);
  return tried.status === 0;
}

function availableBytes(): number {
  try {
    const kib = /^MemAvailable: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}
