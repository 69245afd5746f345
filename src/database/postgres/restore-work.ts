import type { Backup } from '../../core/model/backup.ts';
import type { RestoreBackupOptions } from '../port.ts';
import type { Catalogue } from './catalogue/digest.ts';
import type { Clients } from './dump-clients.ts';
import type { Contents } from './restore-contents.ts';

/** One restore, as both ways of doing it need it. */
export interface RestoreWork {
  backup: Backup;
  clients: Clients;
  contents: Contents;
  /** Absent in the manifests of older versions: then nothing can be compared. */
  catalogue: Catalogue | undefined;
  options: RestoreBackupOptions;
}
