import { randomUUID } from 'node:crypto';
import { link, mkdir, open, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Problem } from '../core/model/problem.ts';
import { parseRevision, type Revision } from '../core/model/revision.ts';
import { orderOf } from '../core/planning/order.ts';
import { versioned } from '../core/planning/repeatable.ts';
import type { Globs } from './listing.ts';
import { codeOf, groupsOf, homeOf } from './read.ts';
import {
  type OwnTemplate,
  renderMigration,
  renderTemplate,
  type ScaffoldContent,
  type ScaffoldFile,
  type ScaffoldFormat,
  templateMistake,
} from './templates.ts';

export { SCAFFOLDS, type ScaffoldFormat } from './templates.ts';

export interface NewMigration extends Partial<ScaffoldContent> {
  message: string;
  format: ScaffoldFormat;
  /** Instead of the form that `format` has. */
  template?: OwnTemplate;
  now: Date;
  /** Which files of the folder are migrations. */
  globs?: Globs;
}

type Written =
  /** `files` are absolute paths, the one that goes up first. */
  { ok: true; revision: Revision; files: string[] } | { ok: false; problem: Problem };

/**
 * Writes `YYYYMMDDHHMMSS_slug.<ext>` (UTC) into the folder, which is created if missing. The new migration sorts after
 * all existing ones, even if the clock is behind. A file appears whole or not at all, and none is ever overwritten.
 * Problems: those of reading the folder, and InvalidMigration if nothing can sort last.
 */
export async function writeMigration(folder: string, migration: NewMigration): Promise<Written> {
  const { format, template, now, message, up = '', down = '', transaction = true, globs } = migration;
  const content = { message, up, down, transaction };
  const mistake = template === undefined ? undefined : templateMistake(template, content);
  if (mistake !== undefined) {
    return { ok: false, problem: { reason: 'InvalidConfiguration', message: `The template ${mistake}.` } };
  }
  const refused = await makeFolder(folder);
  if (refused !== undefined) return { ok: false, problem: refused };
  const slug = slugOf(message);
  const home = await homeOf(folder, globs);
  for (let attempt = 0; ; attempt += 1) {
    const listed = await groupsOf(folder, globs);
    if (!listed.ok) return listed;
    const revisions = listed.groups.map(({ revision }) => revision);
    const stamp = stampAfter(now, attempt, revisions);
    const files =
      template === undefined
        ? renderMigration(format, stamp, slug, content)
        : renderTemplate(template, stamp, slug, content);
    const revision = revisionOf(files);
    const last = versioned(revisions).at(-1);
    const compare = orderOf([...listed.groups, { revision, files: files.map(({ name }) => name) }]);
    if (last !== undefined && compare(revision, last) <= 0) return { ok: false, problem: noNumber(last) };
    try {
      await writeAll(home, files);
      return { ok: true, revision, files: files.map(({ name }) => resolve(home, name)) };
    } catch (error) {
      // Another process wrote the same name in the same second: use the next one.
      if (codeOf(error) !== 'EEXIST' || attempt >= 20) throw error;
    }
  }
}

/** `Add orders' index` -> `add_orders_index`; at most 60 characters. */
export function slugOf(message: string): string {
  const plain = message.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase();
  const slug = plain.replace(/['’]/g, '').replace(/[^a-z0-9]+/g, '_');
  return slug.slice(0, 60).replace(/^_+|_+$/g, '') || 'migration';
}

function revisionOf([first]: readonly ScaffoldFile[]): Revision {
  const revision = parseRevision(first?.name.replace(/(?:\.up)?\.\w+$/, '') ?? '');
  if (revision === undefined) throw new Error('a slug makes a valid revision');
  return revision;
}

/** The time as digits, or the highest number on disk plus one, whichever is larger. */
function stampAfter(now: Date, later: number, revisions: readonly Revision[]): string {
  const time = digitsOf(new Date(now.getTime() + later * 1000));
  const highest = revisions.map(leadingDigits).reduce((a, b) => (BigInt(b) > BigInt(a) ? b : a), '0');
  if (BigInt(time) > BigInt(highest)) return time;
  const next = asTime(highest);
  return next === undefined
    ? String(BigInt(highest) + 1n + BigInt(later))
    : digitsOf(new Date(next + (later + 1) * 1000));
}

function leadingDigits(revision: Revision): string {
  const digits = /^V?(\d{8})T?(\d{6})(?=\D|$)|^V?(\d+)/.exec(revision);
  return digits === null ? '0' : digits[1] === undefined ? (digits[3] ?? '0') : `${digits[1]}${digits[2]}`;
}

function digitsOf(time: Date): string {
  return time.toISOString().replace(/\D/g, '').slice(0, 14);
}

/** Milliseconds of YYYYMMDDHHMMSS; undefined if the digits are not a valid time. */
function asTime(digits: string): number | undefined {
  if (digits.length !== 14) return undefined;
  const time = Date.parse(digits.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

async function makeFolder(folder: string): Promise<Problem | undefined> {
  try {
    await mkdir(folder, { recursive: true });
    return undefined;
  } catch (error) {
    const message = `The migrations folder ${resolve(folder)} cannot be created (${codeOf(error)}). Check the path and its permissions.`;
    return { reason: 'MigrationsNotFound', message };
  }
}

/** All of them or none: an up without its down would be another migration. */
async function writeAll(folder: string, files: readonly ScaffoldFile[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const { name, text } of files) {
      await writeNew(join(folder, name), text);
      written.push(join(folder, name));
    }
  } catch (error) {
    for (const path of written) await unlink(path);
    throw error;
  }
}

/** Written under another name first, then linked, which fails if the name exists. */
async function writeNew(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  const handle = await open(temporary, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
    await link(temporary, path);
  } catch (error) {
    // Some file systems (FAT, a few network ones) have no links: there a whole file is the best they can do.
    if (!NO_LINKS.has(codeOf(error))) throw error;
    await writeFile(path, text, { flag: 'wx' });
  } finally {
    await handle.close();
    await unlink(temporary);
  }
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

function noNumber(last: Revision): Problem {
  const why = /^V?\d/.test(last)
    ? 'has a short number, and the names of code are sorted as text,'
    : 'does not begin with a number,';
  return {
    reason: 'InvalidMigration',
    migration: last,
    message: `${last} ${why} so it sorts after every new migration. Rename it, for example 20240101000000_${last}, before it is applied anywhere.`,
  };
}
