import { z } from 'zod';
import { cel, rule } from '../../core/model/schema-helpers.ts';
import { defineKind } from '../kind.ts';
import { decideTask } from '../task.ts';
import { backupStatus, database, dump, retain, runner, source, taskStatus, timeout } from '../task-spec.ts';

export const fields = {
  database: database.describe('The database to back up.'),
  ...source,
  ...dump,
  verify: z
    .enum(['Checksum', 'Restore'])
    .default('Checksum')
    .describe('Restore: also restore the backup into a scratch copy, which is then dropped.'),
  retain: retain
    .unwrap()
    .optional()
    .describe('Delete older backups of this database after a success. Default: keep all.'),
  timeout,
  runner,
};
export const onePlace = rule('has(self.volume) != has(self.objectStore)', 'set exactly one of volume, objectStore');

const spec = z
  .strictObject(fields)
  .describe('One backup, taken when the resource is created.')
  .meta(
    cel(onePlace, rule('self == oldSelf', 'a DatabaseBackup is one backup: create a new resource for another one')),
  );
export type BackupSpec = z.infer<typeof spec>;

const status = z.object({ ...taskStatus, backup: backupStatus.optional() }).describe('Observed state.');
export type BackupStatus = z.infer<typeof status>;

/** `kubectl apply` of one takes a backup. Its deletion does not delete the backup. */
export const databaseBackup = defineKind<BackupSpec, BackupStatus>({
  kind: 'DatabaseBackup',
  plural: 'databasebackups',
  shortName: 'dbb',
  description: 'Takes one backup of a database, verifies it, and records where it is.',
  spec,
  status,
  columns: [
    { name: 'Status', type: 'string', jsonPath: '.status.summary', description: 'State of the backup.' },
    { name: 'Backup', type: 'string', jsonPath: '.status.backup.name', description: 'Name of the backup.' },
    { name: 'Size', type: 'integer', jsonPath: '.status.backup.sizeBytes', description: 'Size in bytes.' },
    { name: 'Verified', type: 'string', jsonPath: '.status.backup.verifiedBy', description: 'How it was verified.' },
    { name: 'Duration', type: 'string', jsonPath: '.status.duration', description: 'How long it took.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Age of the resource.' },
    { name: 'Place', type: 'string', jsonPath: '.status.backup.path', description: 'Where it is.', priority: 1 },
  ],
  database: (spec) => spec.database,
  decide: (observed) => {
    const { spec } = observed.resource;
    return decideTask(
      observed,
      () => ({
        database: spec.database,
        source: spec,
        request: (places) => ({
          version: 1,
          ...places,
          recipients: spec.encryption?.recipients,
          compression: spec.compression,
          schemas: spec.schemas,
          action: { kind: 'backup', verify: spec.verify, retain: spec.retain },
        }),
      }),
      ({ backup }) => ({ backup }),
    );
  },
});
