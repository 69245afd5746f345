/**
 * Everything of the tests that must not outlive the test process: child processes, temporary folders and
 * shared servers. Everything under test/support and test/cluster registers here; it imports Node's own modules only.
 *
 * A watchdog (a small detached shell) holds the reading end of a pipe. Every end of this process, by the last test,
 * an uncaught error or SIGKILL, closes the pipe; the watchdog then kills what is left, by pid, and removes the folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WATCHDOG = `
root=$1; pids=''
while read -r verb pid; do
  case $verb in
    started) pids="$pids $pid" ;;
    ended) left=''; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left ;;
  esac
done
for p in $pids; do kill -9 -- "-$p" 2>/dev/null || kill -9 "$p" 2>/dev/null; done
for wait in 0 0.2 1 3; do sleep $wait; rm -rf -- "$root" 2>/dev/null; [ -e "$root" ] || exit 0; done
`;

let watched: { root: string; watchdog: ChildProcess } | undefined;
const closers: { name: string; close: () => Promise<void> }[] = [];

function watch(): { root: string; watchdog: ChildProcess } {
  if (watched) return watched;
  const root = mkdtempSync(join(tmpdir(), 'db-manager-test-'));
  // Servers that refuse to run as root run as another user and must be able to walk through to their own folder.
  chmodSync(root, 0o711);
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', root], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  watchdog.unref();
  const pipe = watchdog.stdin;
  pipe.on('error', () => {});
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  watched = { root, watchdog };
  return watched;
}

/** Has the process killed (its whole process group, where it leads one) when this process ends, however it ends. */
export function guardProcess(pid: number): void {
  watch().watchdog.stdin?.write(`started ${pid}\n`);
}

/** Takes the guard back; to be called when the process has ended, so that a reused pid is never killed. */
export function releaseProcess(pid: number): void {
  watch().watchdog.stdin?.write(`ended ${pid}\n`);
}

/**
 * A new empty folder (mode 0700) that disappears with the test process. Its absolute path holds no symbolic surprise
 * and stays short, since a unix socket's path may have 107 bytes only.
 */
export async function temporaryFolder(prefix = 'folder'): Promise<string> {
  const folder = await mkdtemp(join(watch().root, `${prefix}-`));
  await chmod(folder, 0o700);
  return folder;
}

/** Registers what the root hook closes after the last test, newest first. */
export function atEnd(name: string, close: () => Promise<void>): void {
  closers.push({ name, close });
}

/** Closes everything registered with `atEnd`. One failure does not keep the others open; they are thrown together. */
export async function closeAll(): Promise<void> {
  const failures: unknown[] = [];
  for (let closer = closers.pop(); closer; closer = closers.pop()) {
    try {
      await closer.close();
    } catch (error) {
      failures.push(new Error(`could not stop ${closer.name}`, { cause: error }));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the test ground did not stop cleanly');
}
