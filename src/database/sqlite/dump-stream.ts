import { createReadStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytesText } from '../../core/model/bytes.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { DumpOptions, DumpResult, TakeDump } from '../port.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { checkDump, dump } from './dump.ts';
import { sizeBytes } from './size.ts';

const PIECE = 1024 * 1024;

/**
 * The online backup writes to a file, so a checked copy in the temporary folder is streamed. Throws ProblemError NoSpace if it
 * does not fit there.
 */
export function dumpStream(path: string, take: TakeDump, options: DumpOptions): Promise<DumpResult> {
  return withTemporaryFolder('backup', async (folder) => {
    await refuseWithoutSpace(dirname(folder), await sizeBytes(path));
    const file = join(folder, 'data');
    const result = await dump(path, file, options);
    await checkDump(file, { integrityCheck: options.integrityCheck, signal: options.signal });
    await take(createReadStream(file, { highWaterMark: PIECE, signal: options.signal }), result.format);
    return result;
  });
}

async function refuseWithoutSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  throw new ProblemError({
    reason: 'NoSpace',
    message: `A backup of a SQLite file needs a copy of ${bytesText(needed)} in ${folder}, which has only ${bytesText(bavail * bsize)} free. Set TMPDIR to a larger disk.`,
  });
}
