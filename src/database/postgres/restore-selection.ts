import { listNames } from '../../core/planning/names.ts';
import type { Client } from './driver.ts';
import type { Contents, DumpEntry } from './restore-contents.ts';
import { grantsOf, isGrant, isMisordered, plainName, rolesOf } from './restore-grants.ts';
import type { Afterwards } from './restore-owners.ts';
import { MAY_REPLACE_PUBLICATION, STAYS } from './restore-script-whole.ts';
import { entriesOf, inDump, readStaying, type StayingObject } from './restore-staying.ts';

export interface RestoreSelection {
  /** Entries to leave out, by id. */
  left: Set<string>;
  /** Owners and grants are not restored by pg_restore: `afterwards` sets the available ones. */
  withoutOwners: boolean;
  /** SQL that follows the dump's own, for `runAfterwards`. */
  afterwards: Afterwards[];
  /** Roles that are not on this server, or that this user may not act as. */
  unavailable: Set<string>;
  /** What will differ from the backup, as sentences. */
  messages: string[];
}

export interface RestoreContext {
  user: string;
  superuser: boolean;
  /** Kept, not created again: `SCHEMA name`, `EXTENSION name`, … */
  kept: ReadonlySet<string>;
  /** Objects in schemas that are neither dropped nor created. */
  staying: readonly StayingObject[];
  /** Schemas and extensions that this user owns. */
  ownedSchemas: ReadonlySet<string>;
  ownedExtensions: ReadonlySet<string>;
  /** Roles that exist; whether this user may act as them. */
  roles: Map<string, boolean>;
}

/**
 * The part of a dump that can be restored here: kept objects are not created again. An object of an unavailable role
 * belongs to the user; a grant to a missing role is left out, and this is reported.
 */
export function select(contents: Contents, here: RestoreContext): RestoreSelection {
  const { entries } = contents;
  const left = entriesOf(here.staying, contents);
  for (const entry of entries) if (isKept(entry, here)) left.add(entry.id);
  const [missing, foreign] = [new Set<string>(), new Set<string>()];
  for (const entry of entries) {
    // The owner of a grant's entry owns an object that may not be in the dump.
    const owners = left.has(entry.id) || isGrant(entry) || /^-?$/.test(entry.owner) ? [] : [entry.owner];
    for (const role of owners) {
      if (!here.roles.has(role)) missing.add(role);
      else if (here.roles.get(role) !== true) foreign.add(role);
    }
    if (isGrant(entry)) for (const role of rolesOf(entry)) if (!here.roles.has(role)) missing.add(role);
  }
  const unavailable = new Set([...missing, ...foreign]);
  const byHand = unavailable.size > 0 || !here.superuser || entries.some(isMisordered);
  const afterwards = byHand ? statementsAfterwards(entries, left, here, unavailable) : [];
  if (byHand) for (const entry of entries) if (isGrant(entry)) left.add(entry.id);
  return {
    left,
    withoutOwners: byHand,
    afterwards,
    unavailable,
    messages: messagesOf(missing, foreign, inDump(here.staying, contents)),
  };
}

function messagesOf(missing: Set<string>, foreign: Set<string>, staying: StayingObject[]): string[] {
  const list = (names: Set<string>) => [...names].sort().join(', ');
  const messages: string[] = [];
  if (missing.size > 0) {
    messages.push(
      `This server does not have the roles ${list(missing)}. Their objects belong to the user that restores, and grants to them are left out.`,
    );
  }
  if (foreign.size > 0) {
    messages.push(
      `This user may not act as the roles ${list(foreign)}. Their objects belong to the user that restores.`,
    );
  }
  if (staying.length > 0) {
    const names = staying.map(({ type, schema, name }) => (schema === '-' ? name : `${type} ${schema}.${name}`));
    messages.push(
      `This user may not drop or cannot create these objects, so they are not replaced: ${listNames(names, 10)}. They are compared with the backup.`,
    );
  }
  return messages;
}

function isKept({ type, name, sql }: DumpEntry, here: RestoreContext): boolean {
  // PostgreSQL creates `public` with each database: its entry only sets the owner.
  if (type === 'SCHEMA')
    return here.kept.has(`SCHEMA ${name}`) && (sql.includes('CREATE SCHEMA') || !here.ownedSchemas.has(name));
  if (here.kept.has(`${type} ${name}`)) return true;
  if (/^PUBLICATION TABLES?\b/.test(type)) return ofKeptPublication(name, here);
  const [, kind = '', quoted = ''] = WITH_NAME.exec(name) ?? [];
  const of = plainName(quoted);
  if (kind === 'EXTENSION')
    return type === 'COMMENT' && here.kept.has(`EXTENSION ${of}`) && !here.ownedExtensions.has(of);
  if (kind === 'SCHEMA') return here.kept.has(`SCHEMA ${of}`) && !here.ownedSchemas.has(of);
  // Only the owner may comment on it.
  return OF_OBJECT.test(type) && here.kept.has(`${kind === 'LANGUAGE' ? 'PROCEDURAL LANGUAGE' : kind} ${of}`);
}

/** A table or schema of a publication is named after it: `cdc orders`. Only its owner may add to it. */
function ofKeptPublication(name: string, { kept }: RestoreContext): boolean {
  return [...kept].some(
    (one) => one.startsWith('PUBLICATION ') && name.startsWith(`${one.slice('PUBLICATION '.length)} `),
  );
}

/** The object of a comment or a security label, as pg_dump names it. */
const WITH_NAME = /^(SCHEMA|EXTENSION|EVENT TRIGGER|PUBLICATION|FOREIGN DATA WRAPPER|SERVER|LANGUAGE) (.*)$/;
const OF_OBJECT = /^(COMMENT|SECURITY LABEL)$/;

/** The owners and grants that can be set, as in the dump, but one at a time: an owner needs privileges on its schema. */
function statementsAfterwards(
  entries: DumpEntry[],
  left: ReadonlySet<string>,
  here: RestoreContext,
  unavailable: ReadonlySet<string>,
): Afterwards[] {
  const ownersOf = (some: DumpEntry[]) =>
    some.flatMap(({ id, type, sql, owner, schema }): Afterwards[] => {
      // What the user creates is its own; it does not create `public`.
      const made = type !== 'SCHEMA' || sql.includes('CREATE SCHEMA');
      if (left.has(id) || unavailable.has(owner) || (made && owner === here.user)) return [];
      if (type === 'BLOB METADATA')
        return (sql.match(/^ALTER LARGE OBJECT .*;$/gm) ?? []).map((each) => ({ sql: each }));
      const statement = ownerIn(sql);
      if (statement === undefined) return [];
      if (schema !== '-') return [{ sql: statement, owner, within: { schema } }];
      return [{ sql: statement, owner, within: type === 'PUBLICATION' ? 'database' : undefined }];
    });
  const made = new Set(entries.filter((entry) => !isGrant(entry)).map(({ schema, name }) => `${schema} ${name}`));
  // PostgreSQL's own objects and members of extensions are not in a dump, but privileges on them are.
  const isOurs = ({ schema, name, owner }: DumpEntry) => {
    const [, kind, of = ''] = /^([A-Z]+(?: [A-Z]+)*) (.*)$/.exec(name) ?? [];
    const object = kind === 'COLUMN' ? of.replace(/\.[^.]*$/, '') : of;
    return here.roles.get(owner) === true || kind === 'LARGE OBJECT' || made.has(`${schema} ${plainName(object)}`);
  };
  const grantsIn = (some: DumpEntry[]) =>
    some
      .filter((entry) => isGrant(entry) && !left.has(entry.id))
      .filter((entry) => (entry.type === 'DEFAULT ACL' ? here.roles.get(entry.owner) === true : isOurs(entry)))
      .flatMap((entry) => grantsOf(entry, unavailable).map((sql): Afterwards => ({ sql })));
  const schemas = entries.filter(({ type, name }) => type === 'SCHEMA' || /^SCHEMA /.test(name));
  const others = entries.filter((entry) => !schemas.includes(entry));
  return [...ownersOf(schemas), ...grantsIn(schemas), ...ownersOf(others), ...grantsIn(others)];
}

/** The last statement of an entry; settings for the entries that follow may come after it. */
function ownerIn(sql: string): string | undefined {
  const lines = sql.split('\n');
  while (/^(SET [^;]*;|--.*|\s*)$/.test(lines.at(-1) ?? ';')) lines.pop();
  const text = `\n${lines.join('\n')}`;
  const statement = text.slice(text.lastIndexOf('\nALTER ') + 1);
  return statement.includes(' OWNER TO ') && statement.endsWith(';') ? statement : undefined;
}

/**
 * The existing objects. `emptied`: a whole backup replaces everything that the user may drop, including most schemas.
 */
export async function lookAround(client: Client, emptied = false): Promise<RestoreContext> {
  const { rows: roles } = await client.query<{ name: string; member: boolean; me: boolean; super: boolean }>(
    `SELECT rolname AS name, pg_has_role(oid, 'MEMBER') AS member, rolname = current_user AS me, rolsuper AS super FROM pg_roles`,
  );
  const staying = emptied ? await readStaying(client) : [];
  const { rows: schemas } = await client.query<{ name: string; owned: boolean }>(
    `SELECT nspname AS name, pg_has_role(nspowner, 'USAGE') AS owned FROM pg_namespace n
     WHERE ${emptied ? `${STAYS} OR n.nspname = ANY ($1)` : '$1::name[] IS NOT NULL'}`,
    [staying.filter(({ type }) => type === 'SCHEMA').map(({ name }) => name)],
  );
  const { rows: extensions } = await client.query<{ name: string }>(
    "SELECT extname AS name FROM pg_extension WHERE pg_has_role(extowner, 'USAGE')",
  );
  const { rows: kept } = await client.query<{ name: string }>(KEPT);
  const me = roles.find((role) => role.me);
  return {
    user: me?.name ?? '',
    superuser: me?.super === true,
    kept: new Set([...schemas.map(({ name }) => `SCHEMA ${name}`), ...kept.map(({ name }) => name)]),
    staying,
    ownedSchemas: new Set(schemas.filter(({ owned }) => owned).map(({ name }) => name)),
    ownedExtensions: new Set(extensions.map(({ name }) => name)),
    roles: new Map(roles.map(({ name, member }) => [name, member])),
  };
}

/** By the names that pg_dump gives them. Extensions are kept wherever they are; the others where they are not ours to drop. */
const KEPT = `SELECT 'EXTENSION ' || extname AS name FROM pg_extension
  UNION ALL SELECT 'EVENT TRIGGER ' || evtname FROM pg_event_trigger WHERE NOT pg_has_role(evtowner, 'USAGE')
  UNION ALL SELECT 'PUBLICATION ' || pubname FROM pg_publication p WHERE NOT ${MAY_REPLACE_PUBLICATION}
  UNION ALL SELECT 'FOREIGN DATA WRAPPER ' || fdwname FROM pg_foreign_data_wrapper WHERE NOT pg_has_role(fdwowner, 'USAGE')
  UNION ALL SELECT 'SERVER ' || srvname FROM pg_foreign_server WHERE NOT pg_has_role(srvowner, 'USAGE')
  UNION ALL SELECT format('USER MAPPING USER MAPPING %s SERVER %s', m.usename, m.srvname) FROM pg_user_mappings m
    JOIN pg_foreign_server s ON s.oid = m.srvid WHERE NOT pg_has_role(s.srvowner, 'USAGE')
  UNION ALL SELECT 'PROCEDURAL LANGUAGE ' || lanname FROM pg_language WHERE lanispl AND NOT pg_has_role(lanowner, 'USAGE')`;
