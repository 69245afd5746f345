import { randomBytes } from 'node:crypto';
import type { Backup } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { HashedBackup } from './hash.ts';
import { readBackup } from './list.ts';
import { type LocalCopyOptions, readStored } from './local-copy.ts';
import { rekeyedFileOf } from './names.ts';
import { openStore, placeOf } from './open-store.ts';

interface RekeyOptions extends LocalCopyOptions {
  /** Recipients of age for which the backup is encrypted from now on. */
  recipients: readonly string[];
}

/**
 * Encrypts a backup for other recipients, under the same name and without the database. The old data is deleted once the
 * manifest names the new data. Throws ProblemError DecryptionFailed, BackupInvalid or InvalidConfiguration (it is not
 * encrypted, or a recipient is wrong); the backup is then unchanged.
 */
export async function rekeyBackup({ path }: Pick<Backup, 'path'>, options: RekeyOptions): Promise<Backup> {
  const { recipients } = options;
  const backup = await readBackup(path);
  const { name, encryption } = backup.manifest;
  if (encryption === undefined || recipients.length === 0) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message:
        encryption === undefined
          ? `${name} is not encrypted, so it has no recipients. Take a new backup with --recipients.`
          : 'No recipients are given: --recipients age1….',
    });
  }
  const { checkRecipients, encrypt } = await import('./encryption/age.ts');
  checkRecipients(recipients);
  const store = await openStore(placeOf(backup.path));
  const file = rekeyedFileOf(name, randomBytes(3).toString('hex'));
  const writing = await store.replace(backup);
  try {
    let hashed: HashedBackup | undefined;
    await readStored(backup, options, async (plain) => {
      hashed = await writing.write(file, await encrypt(plain, recipients));
    });
    if (hashed === undefined) throw new Error('the backup was not read');
    options.signal?.throwIfAborted();
    return await writing.finish({
      ...backup.manifest,
      ...hashed,
      file,
      encryption: { format: 'age', recipients: [...recipients] },
    });
  } catch (error) {
    throw store.problem(error);
  } finally {
    await writing.close();
  }
}
