import { takeBackup } from '../../backups/take.ts';
import { bytesText } from '../../core/model/bytes.ts';
import type { CommonRequest } from '../../core/model/request.ts';
import type { Position } from '../../core/model/revision.ts';
import type { StepResult } from '../../core/model/step.ts';
import { TOOL_VERSION } from '../../core/model/version.ts';
import type { Database } from '../../database/port.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import type { BackedUp, Connected, Inspected, Planned } from '../../engine/state.ts';
import { removeOldBackups } from './prune.ts';

/** A dry run also takes a backup if the rehearsal needs it: the backup folder is not a part of the target. */
export const backup: Step<Connected & Inspected & Planned, BackedUp> = {
  name: 'backup',
  async run({ database, current, plan }, ports) {
    if (plan.migrations.length === 0) return { kind: 'skipped', value: {}, message: 'nothing to run' };
    return takeRunBackup(database, current, ports);
  },
};

/** The backup of a run, unless the request needs none. Throws ProblemError. */
export async function takeRunBackup(
  database: Database,
  current: Position,
  { request, now, progress, signal, rehearsalServer: server, defer }: RunPorts<CommonRequest>,
): Promise<StepResult<BackedUp>> {
  if (!request.backup.enabled) return { kind: 'skipped', value: {}, message: 'turned off (backup.mode: Disabled)' };
  if (request.dryRun && request.safety.rehearsal === 'Disabled') {
    return { kind: 'skipped', value: {}, message: 'a dry run without a rehearsal needs no backup' };
  }
  const notes: string[] = [];
  const { retain, folder } = request.backup;
  // A full disk may need it before the backup.
  if (request.prune === true && retain !== undefined && !request.dryRun) {
    notes.push(await removeOldBackups(database, { folder, retain, now: now() }));
  }
  const prepared = request.safety.rehearsal === 'Disabled' ? undefined : await database.prepareScratch({ server });
  if (prepared !== undefined) defer('the server of the rehearsal', () => prepared.stop());
  const taken = await takeBackup(database, folder, {
    name: request.backup.name,
    revision: current,
    toolVersion: TOOL_VERSION,
    compression: request.backup.compression,
    integrityCheck: request.backup.integrityCheck,
    schemas: request.backup.schemas,
    recipients: request.backup.recipients,
    lockTimeoutMs: request.timeouts.lock,
    now: now(),
    signal,
    onProgress: (done, total) => progress({ step: 'backup', done, total, unit: 'bytes' }),
    onMessage: (message) => notes.push(message),
  });
  const { name, sizeBytes, sha256, leftOut = [] } = taken.manifest;
  const message = [
    `${name}, ${bytesText(sizeBytes)}, sha256 ${sha256.slice(0, 12)}`,
    ...[...notes, ...leftOut].map((text) => text.replace(/\.$/, '')),
  ].join('. ');
  return { kind: 'done', value: { backup: taken, prepared }, message };
}
