import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresConnection } from './connection.ts';

/**
 * Objects that a restore can neither keep nor restore. Logical slots stay with the replaced database; this is reported.
 */
export async function refuseReplication({ client, identity, target }: PostgresConnection): Promise<void> {
  const { rows } = await client.query<{ subscriptions: string[]; prepared: string[]; slots: string[] }>(
    `SELECT ARRAY(SELECT quote_ident(subname) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
                   WHERE d.datname = current_database() AND s.subenabled ORDER BY 1) AS subscriptions,
       ARRAY(SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1) AS prepared,
       ARRAY(SELECT slot_name::text FROM pg_replication_slots WHERE database = current_database() ORDER BY 1) AS slots`,
  );
  const { subscriptions = [], prepared = [], slots = [] } = rows[0] ?? {};
  const refuse = (message: string) =>
    new ProblemError({ reason: 'RestoreFailed', message: `${message} ${identity.display} is unchanged.` });
  if (subscriptions.length > 0) {
    const commands = subscriptions.map((name) => `ALTER SUBSCRIPTION ${name} DISABLE;`).join(' ');
    throw refuse(`A subscription would write into the database during the restore. Disable it first: ${commands}`);
  }
  if (prepared.length > 0) {
    const commands = prepared.map((name) => `COMMIT PREPARED ${name}; or ROLLBACK PREPARED ${name};`).join(' ');
    throw refuse(`Prepared transactions hold locks. End each in ${target.database} first: ${commands}`);
  }
  if (slots.length > 0) {
    throw refuse(
      `The replication slots ${slots.join(', ')} of ${target.database} would not follow the restored content. Drop them first, and create them again afterwards: ${slots.map((name) => `SELECT pg_drop_replication_slot('${name}');`).join(' ')}`,
    );
  }
}
