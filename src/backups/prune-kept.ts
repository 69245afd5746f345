import type { Database, KeptDatabase } from '../database/port.ts';
import type { PruneOptions } from './prune.ts';

const DAY_MS = 86_400_000;

/** Drops databases that restores replaced and kept, if they are older than `days`; returns the dropped ones. */
export async function pruneKept(
  db: Pick<Database, 'keptDatabases' | 'dropKept'>,
  { days, dryRun, now }: Pick<PruneOptions, 'days' | 'dryRun' | 'now'>,
): Promise<KeptDatabase[]> {
  const old = (await db.keptDatabases()).filter(
    ({ replacedAt }) => now.getTime() - Date.parse(replacedAt) >= days * DAY_MS,
  );
  if (!dryRun) for (const { name } of old) await db.dropKept(name);
  return old;
}
