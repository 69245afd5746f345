import type { HistoryRow } from '../core/model/history.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import type { RunRequest } from '../core/model/request.ts';
import { type RepairAction, repairText } from '../core/model/requested-repair.ts';
import type { RepairAdvice } from '../core/planning/integrity.ts';
import { damageDigest, requestedRepair } from '../core/planning/repair.ts';
import type { Database } from '../database/port.ts';
import { withTexts } from '../migrations/stored/attach.ts';
import { lockFor } from './lock-wait.ts';
import type { RunPorts } from './ports.ts';
import { count, few } from './run-text.ts';

/** With a resource a person repairs the history with an annotation, in the cluster or in its manifest; otherwise with the command line. */
export function repairAdvice(
  { resource, manifest }: Pick<RunRequest, 'resource' | 'manifest'>,
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): RepairAdvice | undefined {
  const annotationValue = (action: RepairAction) =>
    repairText({ action, digest: damageDigest(files, history, action) });
  if (resource === undefined) return manifest === true ? manifestAdvice(annotationValue) : undefined;
  const command = (action: RepairAction) => {
    const value = annotationValue(action);
    return `kubectl annotate dbm ${resource.name} -n ${resource.namespace} db-manager.dev/repair=${value} --overwrite`;
  };
  return {
    interrupted: `then type one of two commands. If it is completely applied: ${command('applied')} If nothing of it is applied: ${command('not-applied')}`,
    removeMissing: command('remove-missing'),
    acceptChecksums: command('accept-checksums'),
  };
}

function manifestAdvice(annotationValue: (action: RepairAction) => string): RepairAdvice {
  const annotation = (action: RepairAction) => `db-manager.dev/repair: ${annotationValue(action)}`;
  const write = 'write this into metadata.annotations of the manifest:';
  return {
    interrupted: `then write one of two lines into metadata.annotations of the manifest. If it is completely applied: ${annotation('applied')} If nothing of it is applied: ${annotation('not-applied')}`,
    removeMissing: `${write} ${annotation('remove-missing')}`,
    acceptChecksums: `${write} ${annotation('accept-checksums')}`,
  };
}

/**
 * The repair of the history that the request asks for, under the migration lock. Returns what was done, as a sentence.
 * A dry run, and a history in another state than the requested one, change nothing.
 */
export async function repairHistory(
  database: Database,
  files: readonly MigrationFile[],
  ports: RunPorts,
): Promise<string | undefined> {
  const { request } = ports;
  const { repair } = request;
  if (repair === undefined) return undefined;
  const wanted = async () => requestedRepair(files, await database.history.read(), repair);
  if ((await wanted()) === undefined) return undefined;
  if (request.dryRun) return `a dry run does not repair the history (${repairText(repair)})`;
  const lock = await lockFor('inspect', database, ports);
  try {
    const change = await wanted();
    if (change === undefined) return undefined;
    await database.history.remove(change.remove);
    // An accepted file replaces the text that was applied.
    await database.history.put(await withTexts(request.migrations.path, files, change.put));
    const names = change.findings.filter(({ action }) => action !== 'none').map(({ revision }) => revision);
    return `history repaired (${repair.action}): ${count(names.length, 'migration')}, ${few(names)}`;
  } finally {
    await lock.release();
  }
}
