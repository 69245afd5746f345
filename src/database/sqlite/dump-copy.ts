import { setTimeout as sleep } from 'node:timers/promises';
import sqlite3 from 'sqlite3';
import type { FileConnection } from './dump-connection.ts';

/** 64 MiB at the usual page size: large enough to be efficient, small enough to stop and to report progress. */
const PAGES_PER_STEP = 16_384;

interface CopyOptions {
  /** How long to wait for a lock on either side, in milliseconds. */
  busyMs: number;
  onPages?(donePages: number, totalPages: number): void;
  signal?: AbortSignal;
}

/**
 * Copies `source` over the database in the file `to` by SQLite's online backup: one transaction there, all or nothing.
 * A write by another process would restart the copy, so the caller holds a read transaction on `source`.
 */
export async function copyPages(source: FileConnection, to: string, options: CopyOptions): Promise<void> {
  const backup = await start(source.raw, to);
  // Without it node-sqlite3 closes the backup at the first SQLITE_BUSY.
  backup.retryErrors = [sqlite3.BUSY, sqlite3.LOCKED];
  try {
    const deadline = performance.now() + options.busyMs;
    for (let done = false; !done; ) {
      options.signal?.throwIfAborted();
      try {
        done = await step(backup);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
        await sleep(50);
      }
      options.onPages?.(backup.pageCount - backup.remaining, backup.pageCount);
    }
  } finally {
    await new Promise<void>((resolve) => backup.finish(() => resolve()));
  }
}

interface OnlineBackup {
  retryErrors: number[];
  readonly pageCount: number;
  readonly remaining: number;
  step(pages: number, done: (error: Error | null, completed: boolean) => void): void;
  finish(done: () => void): void;
}

function start(source: sqlite3.Database, to: string): Promise<OnlineBackup> {
  return new Promise((resolve, reject) => {
    const connection = source as sqlite3.Database & {
      backup(...args: [string, string, string, boolean, (error: Error | null) => void]): OnlineBackup;
    };
    const backup = connection.backup(to, 'main', 'main', true, (error) => (error ? reject(error) : resolve(backup)));
  });
}

function step(backup: OnlineBackup): Promise<boolean> {
  return new Promise((resolve, reject) =>
    backup.step(PAGES_PER_STEP, (error, completed) => (error ? reject(error) : resolve(completed))),
  );
}

export function isBusy(error: unknown): boolean {
  return hasCode(error, 'SQLITE_BUSY', 'SQLITE_LOCKED');
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
