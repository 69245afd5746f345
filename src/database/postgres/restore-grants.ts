/** The grants of a dump, in an order in which each grantor has what it grants. */
import { quoteIdentifier } from './driver.ts';
import type { DumpEntry } from './restore-contents.ts';

/** One line of an entry; without a grantor, by the owner. */
interface GrantLine {
  grantor?: string;
  /** Undefined for PUBLIC. */
  to?: string;
  line: string;
}

export function isGrant({ type }: Pick<DumpEntry, 'type'>): boolean {
  return type === 'ACL' || type === 'DEFAULT ACL';
}

/** The statements of an entry without those of unavailable roles, which SET ROLE can run. */
export function grantsOf(entry: DumpEntry, unavailable: ReadonlySet<string>): string[] {
  const known = (role: string | undefined) => role === undefined || !unavailable.has(role);
  return ordered(linesOf(entry).filter(({ grantor, to }) => known(grantor) && known(to))).flatMap(
    ({ grantor, line }) =>
      // Not as another session: only a superuser may be one.
      grantor === undefined ? [line] : [`SET ROLE ${quoteIdentifier(grantor)};`, line, 'RESET ROLE;'],
  );
}

/**
 * Whether pg_restore would grant before the grantor has the privilege. The server keeps grants in the order of their
 * first statement, and a grantor may have its privilege from a later one by now.
 */
export function isMisordered(entry: DumpEntry): boolean {
  if (entry.type !== 'ACL' || !/^SET SESSION AUTHORIZATION /m.test(entry.sql)) return false;
  const lines = linesOf(entry);
  return ordered(lines).some((line, at) => line !== lines[at]);
}

/** First what the owner does, then each grant after those that its grantor needs. */
function ordered(lines: readonly GrantLine[]): GrantLine[] {
  const done = lines.filter(({ grantor }) => grantor === undefined);
  let waiting = lines.filter(({ grantor }) => grantor !== undefined);
  while (waiting.length > 0) {
    const ready = waiting.filter((one) => done.some((each) => enables(each, one)));
    // Where nothing in this entry enables them, the grantor has the privilege otherwise.
    const next = ready.length > 0 ? ready : waiting;
    done.push(...next);
    waiting = waiting.filter((one) => !next.includes(one));
  }
  return done;
}

function enables({ to, line }: GrantLine, { grantor, line: wanted }: GrantLine): boolean {
  return to === grantor && / WITH GRANT OPTION;$/.test(line) && privilegesIn(wanted).every((one) => covers(line, one));
}

function covers(line: string, privilege: string): boolean {
  const granted = privilegesIn(line);
  return granted.includes(privilege) || granted.includes('ALL');
}

/** `SELECT(a)` of a column is another privilege than `SELECT`. */
function privilegesIn(line: string): string[] {
  const [, list = ''] = /^GRANT (.*?) ON /.exec(line) ?? [];
  return list.split(/,(?![^(]*\))/).map((one) => one.trim());
}

function linesOf({ sql }: DumpEntry): GrantLine[] {
  let grantor: string | undefined;
  const lines: GrantLine[] = [];
  for (const line of sql.split('\n')) {
    const session = /^SET SESSION AUTHORIZATION (.*);$/.exec(line)?.[1];
    if (session !== undefined) grantor = plainName(session);
    else if (/^RESET SESSION AUTHORIZATION;$/.test(line)) grantor = undefined;
    else if (/^(GRANT|REVOKE|ALTER DEFAULT PRIVILEGES)\b.*;$/.test(line))
      lines.push({ grantor, to: roleIn(line), line });
  }
  return lines;
}

/** The roles that an entry's GRANT and REVOKE statements name. */
export function rolesOf({ sql }: DumpEntry): string[] {
  return sql.split('\n').flatMap((line) => {
    const session = /^SET SESSION AUTHORIZATION (.*);$/.exec(line)?.[1];
    if (session !== undefined) return session === 'DEFAULT' ? [] : [plainName(session)];
    return /^(GRANT|REVOKE|ALTER DEFAULT PRIVILEGES)\b/.test(line) ? (roleIn(line) ?? []) : [];
  });
}

/** Undefined for PUBLIC. */
function roleIn(line: string): string | undefined {
  const [, role] = / (?:TO|FROM) ("(?:[^"]|"")+"|[^\s";]+)(?: WITH GRANT OPTION)?;$/.exec(line) ?? [];
  return role === undefined || role === 'PUBLIC' ? undefined : plainName(role);
}

export function plainName(name: string): string {
  return /^(["']).*\1$/.test(name) ? name.slice(1, -1).replaceAll(name.charAt(0).repeat(2), name.charAt(0)) : name;
}
