/**
 * Restore of PostgreSQL. If the user may create databases: into a new database next to the old one, which takes its
 * name in one transaction once it is equal to the backup (`restore-swap`). Otherwise in place, in one transaction that is
 * committed only when the result is equal to the backup (`restore-in-place`). Either way the catalogue decides.
 */
import type { Backup } from '../../core/model/backup.ts';
import type { RestoreBackupOptions, RestoreOutcome } from '../port.ts';
import { unpackCatalogue } from './catalogue/digest.ts';
import type { PostgresConnection } from './connection.ts';
import { majorOf } from './dump.ts';
import { findClientsFor } from './dump-clients.ts';
import { readContents } from './restore-contents.ts';
import { restoreInPlace } from './restore-in-place.ts';
import { CannotSwap } from './restore-new-database.ts';
import { refuseOtherFormat } from './restore-problems.ts';
import { refuseReplication } from './restore-replication.ts';
import { settleSessions } from './restore-sessions.ts';
import { restoreBySwap } from './restore-swap.ts';
import type { RestoreWork } from './restore-work.ts';

/**
 * Throws ProblemError BackupMismatch, BackupInvalid, ActiveSessions, ClientTooOld, NoSpace, RestoreIncomplete or
 * RestoreFailed; the target is then unchanged.
 */
export async function restore(
  open: PostgresConnection,
  backup: Backup,
  given: RestoreBackupOptions,
): Promise<RestoreOutcome> {
  const options = withoutRepeats(given);
  refuseOtherFormat(open, backup);
  const { path, manifest } = backup;
  const clients = await findClientsFor(majorOf(open), manifest.clientVersion);
  const contents = await readContents(clients, path, open.target.user);
  const catalogue = manifest.catalogue && unpackCatalogue(manifest.catalogue);
  await refuseReplication(open);
  // Before any write, so that a failed check has no effect.
  if (!options.terminateSessions) await settleSessions(open, options);
  for (const message of manifest.leftOut ?? []) options.onMessage?.(message);
  if (catalogue === undefined) {
    options.onMessage?.(
      `${manifest.name} was taken by db-manager ${manifest.toolVersion}, whose manifests do not list the objects. The result cannot be compared with the backup.`,
    );
  }
  const work: RestoreWork = { backup, clients, contents, catalogue, options };
  const whole = manifest.schemas === undefined && (manifest.leftOut ?? []).length === 0;
  if (whole && catalogue !== undefined) {
    try {
      return await restoreBySwap(open, work, catalogue);
    } catch (error) {
      if (!(error instanceof CannotSwap)) throw error;
      options.onMessage?.(`${error.message} The database is restored in place.`);
    }
  }
  await restoreInPlace(open, work);
  return {};
}

/** The second way of restoring finds what the first has reported. */
function withoutRepeats(options: RestoreBackupOptions): RestoreBackupOptions {
  const reported = new Set<string>();
  return {
    ...options,
    onMessage: (message) => {
      if (reported.size !== reported.add(message).size) options.onMessage?.(message);
    },
  };
}
