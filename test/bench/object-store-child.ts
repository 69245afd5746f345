/** One piece of work of the benchmark of object stores, in a process of its own: `<what> <url> <place>`. Prints what it used. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { listBackups } from '../../src/backups/list.ts';
import { connectStore } from '../../src/backups/object-store/client.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { parseBackupPlace } from '../../src/core/model/backup-place.ts';
import { OPTIONS, openTarget, targetOf } from '../backups/fixtures.ts';

const [what = '', url = '', place = '', pgDump = 'pg_dump'] = process.argv.slice(2);
const began = performance.now();
let worked: object | undefined;
if (what === 'upload') {
  // What a person types without db-manager: the dump of the same format, and the same client.
  const parsed = parseBackupPlace(place);
  if (parsed.kind === 'folder') throw new Error('no object store');
  const { client } = await connectStore(parsed);
  const { Upload } = await import('@aws-sdk/lib-storage');
  const target = targetOf(url);
  const body =
    target.dialect === 'sqlite'
      ? createReadStream(target.path)
      : spawn(pgDump, ['--format=custom', `--dbname=${url}`], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
  const params = { Bucket: parsed.bucket, Key: `${parsed.prefix}/plain`, Body: body };
  await new Upload({ client, params, partSize: 8 * 1024 * 1024, queueSize: 4 }).done();
} else {
  const db = await openTarget(targetOf(url));
  const newest = async () => {
    const [backup] = (await listBackups(place)).backups;
    if (backup === undefined) throw new Error('no backup');
    return backup;
  };
  if (what === 'backup') worked = (await takeBackup(db, place, { ...OPTIONS, now: new Date() })).manifest;
  else if (what === 'list') worked = await listBackups(place);
  else if (what === 'verify') await verifyBackup(await newest());
  else if (what === 'restore') {
    await restoreBackup(db, await newest(), { safetyBackup: false, now: new Date(), terminateSessions: true });
  } else if (what === 'prune') {
    await pruneBackups(place, { last: 1, days: 0, databaseId: db.identity.id, now: new Date() });
  } else throw new Error(`unknown: ${what}`);
  await db.close();
}
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
process.stdout.write(
  `${JSON.stringify({
    what,
    peakMiB: Math.round(maxRSS / 1024),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    wallSeconds: (performance.now() - began) / 1000,
    worked: worked !== undefined,
  })}\n`,
);
process.exit(0);
