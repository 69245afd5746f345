import { z } from 'zod';
import { cel, exactlyOne, objectName, rule } from '../../core/model/schema-helpers.ts';
import type { BackupSpec, BackupStatus } from '../backup/index.ts';
import { defineKind, type Observation, type Resource, type TaskPod } from '../kind.ts';
import { decideTask } from '../task.ts';
import { backupStatus, database, runner, source, taskStatus, timeout } from '../task-spec.ts';

const from = z
  .strictObject({
    databaseBackup: objectName.optional().describe('A DatabaseBackup in this namespace.'),
    name: z.string().min(1).max(200).optional().describe('Name of a backup, or a unique prefix of it.'),
    latest: z.boolean().optional().describe('The newest backup of the database.'),
    before: z
      .string()
      .meta({ format: 'date-time' })
      .optional()
      .describe('The newest backup of the database that was taken at or before this time.'),
  })
  .describe('The backup.')
  .meta(
    cel(
      exactlyOne('databaseBackup', 'name', 'latest', 'before'),
      rule('!has(self.latest) || self.latest', 'latest can only be true'),
    ),
  );

const spec = z
  .strictObject({
    database: database.describe('The database whose content is replaced.'),
    from,
    ...source,
    into: z
      .enum(['Same', 'Other'])
      .default('Same')
      .describe('Same: only a backup of this database is accepted. Other: any backup.'),
    confirm: z
      .string()
      .min(1)
      .max(255)
      .describe(
        'Name of the database (SQLite: of the file), as confirmation. Everything written after the backup is lost.',
      ),
    terminateSessions: z
      .boolean()
      .default(false)
      .describe('Terminate other sessions of the database. Otherwise a restore with other sessions fails.'),
    timeout,
    runner,
  })
  .describe('One restore, done when the resource is created.')
  .meta(
    cel(
      rule('self == oldSelf', 'a DatabaseRestore is one restore: create a new resource for another one'),
      rule(
        'has(self.from.databaseBackup) ? !has(self.volume) && !has(self.objectStore) : has(self.volume) != has(self.objectStore)',
        'set exactly one of volume, objectStore; neither with from.databaseBackup, whose place is known',
      ),
      rule(
        '!has(self.database.postgres) || self.confirm == self.database.postgres.database',
        'confirm must be the name of the database',
      ),
    ),
  );
type RestoreSpec = z.infer<typeof spec>;

const status = z
  .object({
    ...taskStatus,
    backup: backupStatus.optional(),
    safetyBackup: z.string().optional().describe('The backup with the state before the restore.'),
    keptDatabase: z.string().optional().describe('The previous database, which the restore kept under this name.'),
  })
  .describe('Observed state.');
type RestoreStatus = z.infer<typeof status>;

/** `kubectl apply` of one replaces the content of a database. The history of migrations is that of the backup. */
export const databaseRestore = defineKind<RestoreSpec, RestoreStatus>({
  kind: 'DatabaseRestore',
  plural: 'databaserestores',
  shortName: 'dbr',
  description: 'Replaces the content of a database with a backup, completely or not at all.',
  spec,
  status,
  columns: [
    { name: 'Status', type: 'string', jsonPath: '.status.summary', description: 'State of the restore.' },
    { name: 'Backup', type: 'string', jsonPath: '.status.backup.name', description: 'The restored backup.' },
    { name: 'Revision', type: 'string', jsonPath: '.status.backup.revision', description: 'Revision of the backup.' },
    { name: 'Duration', type: 'string', jsonPath: '.status.duration', description: 'How long it took.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Age of the resource.' },
  ],
  database: (spec) => spec.database,
  decide: (observed) =>
    decideTask(
      observed,
      () => podOf(observed),
      ({ backup, safetyBackup, kept }) => ({ backup, safetyBackup, keptDatabase: kept }),
    ),
});

/** A sentence if the DatabaseBackup is missing or has no backup. */
function podOf({ resource: { spec, metadata }, find }: Observation<RestoreSpec, RestoreStatus>): TaskPod | string {
  const { databaseBackup, name, latest, before } = spec.from;
  const found = databaseBackup === undefined ? undefined : find('DatabaseBackup', databaseBackup);
  const taken = found as Resource<BackupSpec, BackupStatus> | undefined;
  if (databaseBackup !== undefined && taken?.status?.backup === undefined) {
    return taken === undefined
      ? `There is no DatabaseBackup ${databaseBackup} in this namespace. To list them: kubectl get dbb -n ${metadata.namespace}`
      : `DatabaseBackup ${databaseBackup} has no backup: ${taken.status?.summary ?? 'it has not started'}. The restore starts when it has one.`;
  }
  const place = taken?.spec ?? spec;
  const encryption = spec.encryption ?? taken?.spec.encryption;
  return {
    database: spec.database,
    source: {
      volume: place.volume,
      objectStore: place.objectStore,
      encryption,
      runner: spec.runner,
      timeout: spec.timeout,
    },
    request: (places) => ({
      version: 1,
      ...places,
      // The safety backup is encrypted as the backup is.
      recipients: encryption?.recipients,
      action: {
        kind: 'restore',
        backup: taken?.status?.backup?.name ?? name ?? (latest === true ? 'latest' : undefined),
        before,
        into: spec.into === 'Other',
        confirm: spec.confirm,
        terminateSessions: spec.terminateSessions,
      },
    }),
  };
}
