/**
 * Encryption of backups in the format of age (age-encryption.org/v1), so that `age -d` reads them. The library of age's author
 * makes and opens the header, with all cryptography of keys. The payload uses ChaCha20-Poly1305 of node:crypto, because
 * the library's own runs at 32 MB/s.
 */
import { Decrypter, Encrypter } from 'age-encryption';
import { baseName } from '../../core/model/backup-place.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Secret } from '../../core/model/secret.ts';
import { NONCE_BYTES, openPayload, payloadKey, sealPayload, TAG_BYTES } from './payload.ts';

/** A header holds one stanza of about 150 bytes for each recipient. */
const LONGEST_HEADER = 64 * 1024;
const END_OF_HEADER = /\n--- [A-Za-z0-9+/]+\n/;

/**
 * The encrypted bytes of `source`, for each of the recipients (`age1…`). Throws ProblemError InvalidConfiguration if one of them is not a
 * recipient.
 */
export async function encrypt(
  source: AsyncIterable<Buffer>,
  recipients: readonly string[],
): Promise<AsyncIterable<Buffer>> {
  const encrypter = new Encrypter();
  let fileKey: Uint8Array | undefined;
  for (const recipient of recipients) addRecipient(encrypter, recipient);
  // Called with the key of the file; it adds nothing to the header.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const empty = Buffer.from(await encrypter.encrypt(new Uint8Array()));
  if (fileKey === undefined) throw new Error('age called no recipient');
  const start = empty.subarray(0, empty.length - TAG_BYTES);
  const key = payloadKey(fileKey, start.subarray(start.length - NONCE_BYTES));
  return sealPayload(start, source, key);
}

/** Whether one of the identities belongs to one of the recipients. Throws ProblemError InvalidConfiguration. */
export async function opens(recipients: readonly string[], identities: readonly Secret[]): Promise<boolean> {
  const nothing = (async function* () {})();
  try {
    for await (const _ of decrypt(await encrypt(nothing, recipients), identities, 'a test'));
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.reason === 'DecryptionFailed') return false;
    throw error;
  }
}

/** Throws ProblemError InvalidConfiguration, without the text: it may be an identity by mistake. */
export function checkRecipients(recipients: readonly string[]): void {
  for (const recipient of recipients) addRecipient(new Encrypter(), recipient);
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient.trim());
  } catch (cause) {
    const isIdentity = recipient.trim().startsWith('AGE-SECRET-KEY-');
    const message = isIdentity
      ? 'A recipient of backups is an identity (AGE-SECRET-KEY-…), which is secret. Use its recipient: `age-keygen -y FILE`.'
      : 'A recipient of backups is not an age recipient. It begins with age1; `age-keygen` prints it.';
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause });
  }
}

/**
 * The decrypted bytes of `source`, which is the file `name`. Throws ProblemError DecryptionFailed if no identity matches,
 * or BackupInvalid if the file is damaged, possibly after some bytes.
 */
export async function* decrypt(
  source: AsyncIterable<Buffer>,
  identities: readonly Secret[],
  name: string,
): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let end: number | undefined;
  while (end === undefined) {
    const { value, done } = await pieces.next();
    if (done === true || head.length > LONGEST_HEADER) throw damaged(name, 'it has no age header');
    head = Buffer.concat([head, value]);
    const match = END_OF_HEADER.exec(head.subarray(0, LONGEST_HEADER).toString('latin1'));
    if (match !== null) end = match.index + match[0].length;
  }
  while (head.length < end + NONCE_BYTES) {
    const { value, done } = await pieces.next();
    if (done === true) throw damaged(name, 'it ends in its header');
    head = Buffer.concat([head, value]);
  }
  const fileKey = await openHeader(head.subarray(0, end), identities, name);
  const key = payloadKey(fileKey, head.subarray(end, end + NONCE_BYTES));
  async function* rest() {
    yield head.subarray((end ?? 0) + NONCE_BYTES);
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  }
  try {
    yield* openPayload(rest(), key, (why) => damaged(name, why));
  } finally {
    await pieces.return?.();
  }
}

async function openHeader(header: Buffer, identities: readonly Secret[], name: string): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity.reveal());
    } catch {
      // Without the cause, whose message may contain a part of the text.
      throw new ProblemError({
        reason: 'InvalidConfiguration',
        message:
          'The identity for backups is not an age identity. It begins with AGE-SECRET-KEY-1; `age-keygen` prints it.',
      });
    }
  }
  try {
    return await decrypter.decryptHeader(new Uint8Array(header));
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (!/no identity matched/.test(message)) throw damaged(name, 'its age header is not valid');
    throw new ProblemError({
      reason: 'DecryptionFailed',
      message: `${baseName(name)} is encrypted for other recipients than this identity. Use the identity of one of its recipients.`,
    });
  }
}

function damaged(name: string, why: string): ProblemError {
  return new ProblemError({
    reason: 'BackupInvalid',
    message: `${baseName(name)} cannot be decrypted: ${why}. Choose another backup: \`db-manager list-backups\`.`,
  });
}
