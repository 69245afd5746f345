/** What the tests of crashes kill: one backup, restore or scratch copy in a process of its own. `<what> <url> [folder]` */
import { listBackups } from '../../src/backups/list.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { OPTIONS, openTarget, targetOf } from '../backups/fixtures.ts';

const [what, url = '', folder = ''] = process.argv.slice(2);
const db = await openTarget(targetOf(url));
switch (what) {
  case 'backup':
    process.stdout.write('ready\n');
    await takeBackup(db, folder, { ...OPTIONS, now: new Date() });
    break;
  case 'restore': {
    const [backup] = (await listBackups(folder)).backups;
    if (backup === undefined) throw new Error('no backup');
    process.stdout.write('ready\n');
    // The test itself has the database open.
    await restoreBackup(db, backup, { safetyBackup: false, now: new Date(), terminateSessions: true });
    break;
  }
  case 'prune':
    process.stdout.write('ready\n');
    await pruneBackups(folder, { last: 1, days: 0, databaseId: db.identity.id, now: new Date() });
    break;
  case 'scratch':
    await db.createScratch(
      { kind: 'schema' },
      { runId: 'in-a-child', server: folder === 'Private' ? 'Private' : 'SameServer' },
    );
    // Nothing refers to the copy now. With --expose-gc, what only it held is closed here.
    for (let rounds = 0; rounds < 5; rounds++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    process.stdout.write('ready\n');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
    break;
  default:
    throw new Error(`unknown: ${what}`);
}
await db.close();
