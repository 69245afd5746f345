import type { RunQuery } from './catalogue/read.ts';
import { type Contents, listWithout } from './restore-contents.ts';
import { type Stream, streamToPsql } from './restore-stream.ts';
import { type Attempt, bringLate, sourceOf, type Tolerated } from './restore-tolerant.ts';
import { withList } from './temporary-file.ts';

interface RestoreTransaction
  extends Omit<Stream, 'source' | 'following' | 'finish' | 'onBytes'>,
    Pick<Attempt, 'tolerance'> {
  path: string;
  contents: Contents;
  /** Entries to leave out, by id. */
  left: Iterable<string>;
  /** Further arguments of pg_restore. */
  args: readonly string[];
  /** Before the commit, which is not sent if it throws. */
  finish(run: RunQuery, tolerated: readonly Tolerated[]): Promise<void>;
  onProgress?(done: number, total: number | undefined): void;
}

/** Restores a dump over one connection. Undefined on success; otherwise the message of the program that failed first. */
export function restoreInTransaction(work: RestoreTransaction): Promise<string | undefined> {
  const { clients, tolerance } = work;
  const left = new Set([...work.left, ...(tolerance?.late ?? []).map(({ id }) => id)]);
  let bytes = 0;
  return withList(listWithout(work.contents, left), (list) => {
    const args = ['--file=-', '--single-transaction', list, ...work.args, work.path];
    return streamToPsql({
      ...work,
      ...sourceOf(clients, args, work, tolerance),
      finish: async (run) => work.finish(run, tolerance === undefined ? [] : await bringLate(run, tolerance)),
      onBytes(piece) {
        bytes += piece;
        work.onProgress?.(bytes, undefined);
      },
    });
  });
}
