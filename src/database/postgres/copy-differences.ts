/** Compares a scratch copy with the catalogue of the backup from which it was restored. */
import type { BackupManifest } from '../../core/model/backup.ts';
import { compareEntries } from './catalogue/compare.ts';
import { unpackCatalogue } from './catalogue/digest.ts';
import { type CatalogueEntry, COMPARABLE, type Privilege, readEntries } from './catalogue/read.ts';
import { SYSTEM_CLASSES } from './catalogue/system.ts';
import type { Client } from './driver.ts';
import { queryOn } from './dump-snapshot.ts';
import { applyOwnSettings } from './settings.ts';

interface Comparison {
  major: number;
  /** False: everything belongs to one user, and grants are left out. */
  withOwners: boolean;
  /** Classes that a copy never has. */
  without?: ReadonlySet<string>;
  /** Names of objects whose definition is known to differ. */
  otherwise?: ReadonlySet<string>;
  /** The first superuser of the copy's server, and the name of that role on the target's. */
  superuser?: { here: string; there: string };
}

/** Never on a copy, or changed there: what reaches other servers, and properties of the database and the server. */
const NOT_ON_COPIES = new Set([
  'user mapping',
  'foreign-data wrapper',
  'database',
  ...SYSTEM_CLASSES.map(({ name }) => name),
]);

/**
 * The differences, one sentence each; empty if all is equal or the manifest does not list the objects. Rows are counted,
 * not read.
 */
export async function differencesOfCopy(
  client: Client,
  { catalogue: digest }: Pick<BackupManifest, 'catalogue'>,
  { major, withOwners, without, otherwise, superuser }: Comparison,
): Promise<string[]> {
  if (digest === undefined) return [];
  const { entries, serverMajor, schemas, largeObjects } = unpackCatalogue(digest);
  // The copy has the settings of the database, such as a timeout for idle transactions.
  await applyOwnSettings(client);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  try {
    for (const setting of COMPARABLE) await client.query(`SET LOCAL ${setting}`);
    const actual = await readEntries(queryOn(client), { major, schemas, largeObjects, counts: true });
    const ignored = ({ class: kind }: CatalogueEntry) =>
      NOT_ON_COPIES.has(kind) || without?.has(kind) === true || (!withOwners && kind === 'default privileges');
    const comparable = (entry: CatalogueEntry) => comparableEntry(entry, withOwners);
    const named = superuser === undefined ? actual : actual.map((entry) => renamed(entry, superuser));
    return compareEntries(entries.map(comparable), named.map(comparable), {
      acrossVersions: serverMajor !== major,
      unavailable: new Set(),
      user: '',
      ignored,
      otherwise,
    });
  } finally {
    await client.query('ROLLBACK').catch(() => {});
  }
}

function renamed(entry: CatalogueEntry, { here, there }: { here: string; there: string }): CatalogueEntry {
  const name = (role: string) => (role === here ? there : role);
  const privileges = entry.privileges
    ?.map(([grantor, grantee, ...rest]): Privilege => [name(grantor), name(grantee), ...rest])
    .map((each) => JSON.stringify(each))
    .sort()
    .map((each) => JSON.parse(each) as Privilege);
  return { ...entry, owner: entry.owner === null ? null : name(entry.owner), privileges: privileges ?? null };
}

function comparableEntry(entry: CatalogueEntry, withOwners: boolean): CatalogueEntry {
  const value = entry.class === 'rows' && entry.value !== null ? entry.value.replace(/:.*$/s, ':') : entry.value;
  return withOwners ? { ...entry, value } : { ...entry, value, owner: null, privileges: null };
}

/** How many differences a message lists. */
const LISTED = 10;

/** As a sentence, and the names of the objects that are missing. */
export function describeDifferences(differences: readonly string[]): { notes: string[]; missing: string[] } {
  const missing = differences.flatMap(
    (text) =>
      /^(?!rows of |value of |comment on |security label on |NOT NULL of )(.*) is missing$/.exec(text)?.[1] ?? [],
  );
  if (differences.length === 0) return { notes: [], missing };
  const listed = differences.slice(0, LISTED).join('; ');
  const more = differences.length > LISTED ? `; and ${differences.length - LISTED} more` : '';
  return { notes: [`the copy differs from the backup: ${listed}${more}`], missing };
}
