/**
 * The configuration of a pod for its database, in addition to the request: the login, as a variable for the start and
 * as a file that is read again for each connection; and the identity of a SQLite file.
 */
import type { V1EnvVar } from '@kubernetes/client-node';
import { SQLITE_IDENTITY_VARIABLE } from '../../core/model/request.ts';
import type { DatabaseMigrationSpec } from '../../core/model/resource.ts';
import { MOUNTS, VARIABLES } from '../names.ts';
import type { MountedVolume } from './mounted-volume.ts';

type Database = Pick<DatabaseMigrationSpec['database'], 'urlFrom' | 'postgres' | 'sqlite'>;

const NAME = 'login';

export function databaseVariables(database: Database, namespace: string): V1EnvVar[] {
  const { sqlite } = database;
  if (sqlite !== undefined) {
    const value = `${namespace}/${sqlite.volume.claimName}/${sqlite.path}`;
    return [{ name: SQLITE_IDENTITY_VARIABLE, value }];
  }
  const secretKeyRef = secretOf(database);
  if (secretKeyRef === undefined) return [];
  const isUrl = database.urlFrom !== undefined;
  return [
    { name: isUrl ? VARIABLES.url : VARIABLES.password, valueFrom: { secretKeyRef } },
    { name: isUrl ? VARIABLES.urlFile : VARIABLES.passwordFile, value: `${MOUNTS.files}/${NAME}/${NAME}` },
  ];
}

export function loginFile(database: Database): MountedVolume[] {
  const ref = secretOf(database);
  if (ref === undefined) return [];
  // Without the Secret, the variable above keeps the pod from its start with a message that names the Secret.
  const secret = {
    secretName: ref.name,
    items: [{ key: ref.key, path: NAME }],
    defaultMode: 0o440,
    optional: true,
  };
  return [{ volume: { name: NAME, secret }, mount: { mountPath: `${MOUNTS.files}/${NAME}`, readOnly: true } }];
}

function secretOf({ urlFrom, postgres }: Database) {
  return urlFrom?.secretKeyRef ?? postgres?.passwordFrom?.secretKeyRef;
}
