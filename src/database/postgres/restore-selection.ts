import type { Client } from './driver.ts';
import type { Contents, Entry } from './restore-contents.ts';

export interface Selection {
  /** Entries to leave out, by id. */
  left: Set<string>;
  /** Objects are to belong to the user that restores, since some owner is missing. */
  withoutOwners: boolean;
  /** What is not as it was, in sentences. */
  messages: string[];
}

interface Surroundings {
  schemas: string[];
  ownedSchemas: string[];
  extensions: string[];
  /** Roles that exist; whether this user may act as them. */
  roles: Map<string, boolean>;
}

/**
 * What of a dump can be restored here: schemas and extensions that exist are kept, not made again; grants to roles
 * that this server does not have are left out, and owners that it lacks are replaced by the user, and said.
 */
export async function select(client: Client, { entries }: Contents): Promise<Selection> {
  const here = await look(client);
  const left = new Set<string>();
  const missing = new Set<string>();
  const foreign = new Set<string>();
  let grants = 0;
  for (const entry of entries) {
    if (isThere(entry, here)) {
      left.add(entry.id);
      continue;
    }
    if (entry.type === 'ACL' || entry.type === 'DEFAULT ACL') {
      const unknown = rolesOf(entry).filter((role) => !here.roles.has(role));
      const notOurs = entry.type === 'DEFAULT ACL' && here.roles.get(entry.owner) !== true;
      if (unknown.length === 0 && !notOurs) continue;
      left.add(entry.id);
      grants++;
      for (const role of unknown) missing.add(role);
    } else if (entry.owner !== '' && entry.owner !== '-') {
      if (!here.roles.has(entry.owner)) missing.add(entry.owner);
      else if (here.roles.get(entry.owner) !== true) foreign.add(entry.owner);
    }
  }
  const ownerless = entries.some(({ owner, id }) => !left.has(id) && (missing.has(owner) || foreign.has(owner)));
  return { left, withoutOwners: ownerless, messages: messagesOf({ missing, foreign, grants, ownerless }) };
}

function messagesOf(found: { missing: Set<string>; foreign: Set<string>; grants: number; ownerless: boolean }) {
  const messages: string[] = [];
  const list = (names: Set<string>) => [...names].sort().join(', ');
  if (found.missing.size > 0) messages.push(`This server does not have the roles ${list(found.missing)}.`);
  if (found.foreign.size > 0) messages.push(`This user may not give objects to the roles ${list(found.foreign)}.`);
  if (found.ownerless) messages.push('Restored objects belong to the user that restores.');
  if (found.grants > 0) messages.push(`The grants of ${found.grants} objects were left out.`);
  return messages;
}

function isThere({ type, name, sql }: Entry, here: Surroundings): boolean {
  if (type === 'SCHEMA') return here.schemas.includes(name);
  if (type === 'EXTENSION') return here.extensions.includes(name);
  const [, kind, of = ''] = /^(SCHEMA|EXTENSION) (.*)$/.exec(name) ?? [];
  if (kind === 'EXTENSION') return type === 'COMMENT' && (here.extensions.includes(of) || sql.includes('plpgsql'));
  if (kind === 'SCHEMA') return here.schemas.includes(of) && !here.ownedSchemas.includes(of);
  return false;
}

/** The roles that an entry's GRANT and REVOKE statements name. */
function rolesOf({ sql }: Entry): string[] {
  const found = sql.matchAll(
    /^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES)\b.* (?:TO|FROM) ("(?:[^"]|"")+"|[^\s";]+)(?: WITH GRANT OPTION)?;$/gm,
  );
  return [...found]
    .map(([, role = '']) => (role.startsWith('"') ? role.slice(1, -1).replaceAll('""', '"') : role))
    .filter((role) => role !== 'PUBLIC');
}

async function look(client: Client): Promise<Surroundings> {
  const { rows: schemas } = await client.query<{ name: string; owned: boolean }>(
    `SELECT nspname AS name, pg_has_role(nspowner, 'USAGE') AS owned FROM pg_namespace`,
  );
  const { rows: extensions } = await client.query<{ name: string }>('SELECT extname AS name FROM pg_extension');
  const { rows: roles } = await client.query<{ name: string; member: boolean }>(
    `SELECT rolname AS name, pg_has_role(oid, 'MEMBER') AS member FROM pg_roles`,
  );
  return {
    schemas: schemas.map(({ name }) => name),
    ownedSchemas: schemas.filter(({ owned }) => owned).map(({ name }) => name),
    extensions: extensions.map(({ name }) => name),
    roles: new Map(roles.map(({ name, member }) => [name, member])),
  };
}
