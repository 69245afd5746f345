import type { CatalogueEntry, Privilege } from './entry.ts';
import { SYSTEM_CLASSES } from './system.ts';

/** Properties that only one major version has. */
const OF_ONE_VERSION = new Set([...SYSTEM_CLASSES.map(({ name }) => name), 'not-null constraint']);

export interface EntryComparison {
  /** The servers' major versions differ: they print one definition in two ways. */
  acrossVersions: boolean;
  /** Roles of the backup that this server does not have, or that this user may not act as. */
  unavailable: ReadonlySet<string>;
  /** Who owns what belonged to those. */
  user: string;
  /** What is not compared. */
  ignored?(entry: CatalogueEntry): boolean;
  /** Names of objects whose definition is known to differ. */
  otherwise?: ReadonlySet<string>;
}

/** The differences from the backup, one sentence each; empty if all is equal. */
export function compareEntries(
  expected: CatalogueEntry[],
  actual: CatalogueEntry[],
  options: EntryComparison,
): string[] {
  const { acrossVersions, ignored } = options;
  const counts = (entry: CatalogueEntry) => !ignored?.(entry) && !(acrossVersions && OF_ONE_VERSION.has(entry.class));
  const key = (entry: CatalogueEntry) => `${entry.class}\0${entry.name}`;
  const here = new Map(actual.filter(counts).map((entry) => [key(entry), withRoles(entry, options)]));
  const differences: string[] = [];
  for (const original of expected.filter(counts)) {
    const want = withRoles(original, options);
    const have = here.get(key(want));
    here.delete(key(want));
    const of = labelOf(want);
    if (have === undefined) differences.push(`${of} is missing`);
    else differences.push(...differencesOf(of, want, have, options));
  }
  return [...differences, ...[...here.values()].map((entry) => `${labelOf(entry)} is not in the backup`)];
}

function differencesOf(
  of: string,
  want: CatalogueEntry,
  have: CatalogueEntry,
  { acrossVersions, otherwise }: EntryComparison,
): string[] {
  const found: string[] = [];
  if (want.owner !== have.owner) found.push(`${of} belongs to ${have.owner} instead of ${want.owner}`);
  if (!acrossVersions && JSON.stringify(want.privileges ?? []) !== JSON.stringify(have.privileges ?? [])) {
    found.push(`${of} has other privileges`);
  }
  if (want.value === null || have.value === null || want.value === have.value) return found;
  if (otherwise?.has(want.name)) return found;
  if (want.class === 'sequence value') return [...found, `${of} is ${have.value} instead of ${want.value}`];
  if (want.class !== 'rows') return acrossVersions ? found : [...found, `${of} has a different definition`];
  const [wanted, count] = [want.value, have.value].map((value) => value.split(':')[0]);
  if (wanted !== count) return [...found, `${of}: ${count} instead of ${wanted}`];
  return acrossVersions ? found : [...found, `${of}: their content differs`];
}

function labelOf({ class: kind, name }: CatalogueEntry): string {
  switch (kind) {
    case 'rows':
      return `rows of ${name}`;
    case 'sequence value':
      return `value of sequence ${name}`;
    case 'comment on a system object':
      return `comment on ${name}`;
    case 'comment':
    case 'security label':
      return `${kind} on ${name}`;
    case 'privileges on a system object':
      return `privileges on ${name}`;
    case 'owner of a system object':
      return `owner of ${name}`;
    case 'not-null constraint':
      return `NOT NULL of ${name}`;
    case 'comments on system objects':
    case 'database':
      return kind;
    default:
      return name;
  }
}

/** As it is where some roles are not available: their objects belong to the user, and their grants are not there. */
function withRoles(entry: CatalogueEntry, { unavailable, user }: EntryComparison): CatalogueEntry {
  if (unavailable.size === 0) return entry;
  const replaced = (role: string) => (role !== '' && role === entry.owner && unavailable.has(role) ? user : role);
  const changed = entry.privileges
    ?.map(([grantor, grantee, ...rest]): Privilege => [replaced(grantor), replaced(grantee), ...rest])
    .filter(([grantor, grantee]) => !unavailable.has(grantor) && !unavailable.has(grantee))
    .map((each) => JSON.stringify(each));
  // What the former owner granted to the user, the user now has as the owner.
  const privileges = changed && [...new Set(changed)].sort().map((each) => JSON.parse(each) as Privilege);
  return {
    ...entry,
    owner: entry.owner === null ? null : replaced(entry.owner),
    privileges: privileges ?? null,
  };
}
