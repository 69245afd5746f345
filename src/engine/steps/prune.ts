import { pruneBackups, pruneKept } from '../../backups/prune.ts';
import type { CommonRequest } from '../../core/model/request.ts';
import type { Database } from '../../database/port.ts';
import { toProblem } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { count } from '../../engine/run-text.ts';
import type { BackedUp, Connected } from '../../engine/state.ts';

/**
 * Deletes old backups after a successful run. A folder that cannot be pruned is reported, but does not fail the run.
 */
export const prune: Step<Connected & BackedUp, object, RunPorts<CommonRequest>> = {
  name: 'prune',
  async run({ database, backup }, { request, now }) {
    const { retain, folder } = request.backup;
    if (request.dryRun) return { kind: 'skipped', value: {}, message: 'a dry run removes nothing' };
    if (retain === undefined || (backup === undefined && request.prune !== true)) {
      return { kind: 'skipped', value: {}, message: 'no backup was taken' };
    }
    try {
      const message = await removeOldBackups(database, { folder, retain, now: now() });
      return { kind: 'done', value: {}, message };
    } catch (error) {
      return { kind: 'skipped', value: {}, message: `old backups could not be removed: ${toProblem(error).message}` };
    }
  },
};

/** Returns what was removed, as a sentence. */
export async function removeOldBackups(
  database: Database,
  { folder, retain, now }: { folder: string; retain: { last: number; days: number }; now: Date },
): Promise<string> {
  const locked: string[] = [];
  const removed = await pruneBackups(folder, {
    ...retain,
    databaseId: database.identity.id,
    now,
    onKept: (message) => locked.push(`; ${message.replace(/\.$/, '')}`),
  });
  const dropped = await pruneKept(database, { days: retain.days, now });
  const kept = dropped.map(({ name }) => `; the database ${name}, kept by a restore, was dropped`).join('');
  return `${count(removed.length, 'old backup')} removed${locked.join('')}${kept}`;
}
