/** Objects of the backup that the copy does not have, and whether the plan names one of them. */
import { textStart } from '../core/model/clip.ts';
import type { Problem } from '../core/model/problem.ts';
import type { Scratch } from '../database/port.ts';

const STATEMENT_LENGTH = 400;

/** An object of the backup that the copy lacks although the plan names it: then the copy proves nothing. */
export function lackOf(
  { missing = [] }: Pick<Scratch, 'missing'>,
  sent: ReadonlyMap<string, readonly string[]>,
): Problem | undefined {
  const objects = missing.map((object) => ({ object, names: namesOf(object) })).filter(({ names }) => names.length > 0);
  // A table that is missing says more than its columns, which are missing too.
  for (const { object, names } of objects.sort((a, b) => a.names.length - b.names.length)) {
    for (const [migration, statements] of sent) {
      const statement = statements.find((sql) => names.every((name) => namesIt(sql.toLowerCase(), name)));
      if (statement === undefined) continue;
      return {
        reason: 'RehearsalImpossible',
        message: `The copy does not have ${object}, which ${migration} names, although the backup lists it. The rehearsal proves nothing about it. To run the plan without a copy, set safety.rehearsal: Disabled.`,
        migration,
        statement: textStart(statement.trim(), STATEMENT_LENGTH),
      };
    }
  }
  return undefined;
}

/** Their identity does not begin with a name. */
const WITHOUT_NAME = /^(?:role membership|default acl|transform|cast|large object|operator of|function of) /;

/** Objects of a table: `table column public.orders.total`, `default value for public.orders.total`. */
const OF_TABLE = /\bcolumn |^default value /;

/**
 * What a statement has to name, for an object in the words of pg_identify_object: its own name, and the one of the table
 * or publication that it belongs to, since others have the same name there. Empty if the object is not known by a name.
 */
function namesOf(object: string): string[] {
  if (WITHOUT_NAME.test(object)) return [];
  const words = object.replace(/\(.*$/s, '').replace(/ USING \S+$/, '');
  const [own = '', owner] = words.split(/ on | in publication /);
  const parts = partsOf(own).slice(OF_TABLE.test(object) ? -2 : -1);
  const names = owner === undefined ? parts : [...parts, ...partsOf(owner).slice(-1)];
  return names.every((name) => /[\p{L}_]/u.test(name)) ? names : [];
}

function partsOf(name: string): string[] {
  return (name.match(/"(?:[^"]|"")+"|[^\s."]+/g) ?? []).map((part) =>
    part
      .replace(/^"(.*)"$/s, '$1')
      .replaceAll('""', '"')
      .toLowerCase(),
  );
}

function namesIt(sql: string, name: string): boolean {
  const isPart = (character: string) => /[\w$]/.test(character);
  for (let at = sql.indexOf(name); at >= 0; at = sql.indexOf(name, at + 1)) {
    if (!isPart(sql.charAt(at - 1)) && !isPart(sql.charAt(at + name.length))) return true;
  }
  return false;
}
