/**
 * Restore of PostgreSQL. Where the user may create databases: into a new database beside the old one, which takes its
 * name in one transaction once it is equal to the backup (`restore-swap`). Else in place, in one transaction that is
 * committed only when the result is equal to the backup (`restore-in-place`). Either way the catalogue decides.
 */
import type { Backup } from '../../core/model/backup.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { RestoreOptions, RestoreOutcome } from '../port.ts';
import { unpackCatalogue } from './catalogue/digest.ts';
import type { PostgresConnection } from './connection.ts';
import { majorOf } from './dump.ts';
import { findClients, majorIn } from './dump-clients.ts';
import { readContents } from './restore-contents.ts';
import { restoreInPlace } from './restore-in-place.ts';
import { refuseOtherFormat } from './restore-problems.ts';
import { settleSessions } from './restore-sessions.ts';
import { CannotSwap, restoreBySwap } from './restore-swap.ts';
import type { RestoreWork } from './restore-work.ts';

/**
 * Throws ProblemError BackupMismatch, BackupInvalid, SessionsConnected, ClientTooOld, NoSpace, RestoreIncomplete or
 * RestoreFailed; the target is then as it was.
 */
export async function restore(
  open: PostgresConnection,
  backup: Backup,
  options: RestoreOptions,
): Promise<RestoreOutcome> {
  refuseOtherFormat(open, backup);
  const { path, manifest } = backup;
  const clients = await findClients(Math.max(majorOf(open), majorIn(manifest.clientVersion)));
  const contents = await readContents(clients, path);
  const catalogue = manifest.catalogue && unpackCatalogue(manifest.catalogue);
  await refuseReplication(open);
  // Before anything is written: a refusal costs nothing.
  await settleSessions(open, { ...options, endSessions: options.endSessions === true });
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

/** What a restore can neither keep nor bring back. Logical slots stay with the replaced database, which is said. */
async function refuseReplication({ client, identity, target }: PostgresConnection): Promise<void> {
  const { rows } = await client.query<{ subscriptions: string[]; prepared: string[]; slots: string[] }>(
    `SELECT ARRAY(SELECT quote_ident(subname) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
                   WHERE d.datname = current_database() AND s.subenabled ORDER BY 1) AS subscriptions,
       ARRAY(SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1) AS prepared,
       ARRAY(SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database() ORDER BY 1) AS slots`,
  );
  const { subscriptions = [], prepared = [], slots = [] } = rows[0] ?? {};
  const refuse = (message: string) => new ProblemError({ reason: 'RestoreFailed', message: `${message} ${identity.display} is as it was.` });
  if (subscriptions.length > 0) {
    const commands = subscriptions.map((name) => `ALTER SUBSCRIPTION ${name} DISABLE;`).join(' ');
    throw refuse(`A subscription would write into the database during the restore. Disable it first: ${commands}`);
  }
  if (prepared.length > 0) {
    throw refuse(`The prepared transactions ${prepared.join(', ')} hold locks. Commit them or roll them back first.`);
  }
  if (slots.length > 0) {
    throw refuse(
      `The replication slots ${slots.join(', ')} of ${target.database} would not follow the restored content. Drop them first, and create them again afterwards: SELECT pg_drop_replication_slot(name);`,
    );
  }
}
