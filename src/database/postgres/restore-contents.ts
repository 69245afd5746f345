import { basename } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import { unreadable } from './dump.ts';
import type { Clients } from './dump-clients.ts';
import { type Ended, startProgram } from './dump-program.ts';
import { withList } from './temporary-file.ts';

/** One entry of a dump's table of contents that is more than data. */
export interface DumpEntry {
  id: string;
  /** As pg_dump names it: `TABLE`, `ACL`, `EXTENSION`, … */
  type: string;
  name: string;
  /** `-` for an object without a schema. */
  schema: string;
  owner: string;
  /** Ids of the entries that it needs. */
  dependencies: string[];
  sql: string;
}

export interface Contents {
  entries: DumpEntry[];
  /** `pg_restore --list`: one line an entry, which begins with its id. */
  list: string;
  /** Large objects by their identifiers; PostgreSQL 17 lists them in groups. */
  largeObjects: [from: string, to: string][];
}

const HEADER =
  /^-- TOC entry (\d+) \(class (\d+) OID (\d+)\)\n(?:-- Dependencies: (.*)\n)?-- Name: (.*); Type: (.*); Schema: (.*?); Owner: (.*?)(?:; Tablespace: (.*))?$/gm;

/** The first of a group of large objects with the same owner and privileges. */
const GROUP = /^(\d+); \d+ \d+ BLOB METADATA - \d+(?:\.\.\d+)? (.*)$/gm;

/**
 * The entries of a dump without its rows, with large objects, except those that belong to `user`. Throws ProblemError
 * BackupInvalid.
 */
export async function readContents(clients: Clients, path: string, user?: string): Promise<Contents> {
  const [list, script] = await Promise.all([
    output(clients, path, ['--list']),
    output(clients, path, ['--file=-', '--verbose', '--section=pre-data', '--section=post-data']),
  ]);
  const entries = entriesIn(script, list);
  // Since version 17 they are neither in the section before the data nor in that after it.
  const seen = new Set(entries.map(({ id }) => id));
  const others = [...list.matchAll(GROUP)].filter(
    ([, id = '', owner]) => user !== undefined && owner !== user && !seen.has(id),
  );
  if (others.length > 0) {
    const lines = others.map(([line]) => `${line}\n`).join('');
    const sql = await withList(lines, (argument) => output(clients, path, ['--file=-', '--verbose', argument]));
    entries.push(...entriesIn(sql, list));
  }
  const largeObjects = [...list.matchAll(/^\d+; \d+ \d+ BLOB(?: METADATA)? - (\d+)(?:\.\.(\d+))? /gm)].map(
    ([, from = '', to = from]): [string, string] => [from, to],
  );
  return { entries, list, largeObjects };
}

/**
 * A comment or the body of a function may contain what looks like the head of an entry: one that is not in the list is
 * text. Throws ProblemError BackupInvalid if it repeats one that is.
 */
function entriesIn(script: string, list: string): DumpEntry[] {
  const listed = new Set([...list.matchAll(/^(\d+; \d+ \d+) /gm)].map(([, head]) => head));
  const headers = [...script.matchAll(HEADER)].filter(([, id, kind, oid]) => listed.has(`${id}; ${kind} ${oid}`));
  const seen = new Set<string | undefined>();
  const twice = headers.find(([, id]) => seen.size === seen.add(id).size);
  if (twice !== undefined) {
    throw new ProblemError({
      reason: 'BackupInvalid',
      message: `A comment or a function in the backup contains the head of the dump's entry ${twice[1]}, so the entries are ambiguous. Remove that text from the database, or restore with pg_restore.`,
    });
  }
  return headers.map((match, index): DumpEntry => {
    const [header, id = '', , , needs = '', name = '', type = '', schema = '', owner = ''] = match;
    const sql = script.slice(match.index + header.length, headers[index + 1]?.index);
    return { id, name, type, schema, owner, dependencies: needs.split(' '), sql };
  });
}

/** The list without these entries, for `pg_restore --use-list`. */
export function listWithout({ list, entries }: Contents, left: ReadonlySet<string>): string {
  return thesauriLast(list.split('\n'), entries)
    .map((line) => (left.has(/^(\d+);/.exec(line)?.[1] ?? '') ? `;${line}` : line))
    .join('\n');
}

const DICTIONARY = 'TEXT SEARCH DICTIONARY';

/** A thesaurus needs another dictionary. pg_dump sorts dictionaries by name, and writes no such dependency. */
function thesauriLast(lines: string[], entries: readonly DumpEntry[]): string[] {
  const needy = new Set(
    entries.filter(({ type, sql }) => type === DICTIONARY && /\bdictionary = /i.test(sql)).map(({ id }) => id),
  );
  if (needy.size === 0) return lines;
  const ofThem = entries.filter(
    ({ type, dependencies }) => type === 'COMMENT' && dependencies.some((id) => needy.has(id)),
  );
  const moved = new Set([...needy, ...ofThem.map(({ id }) => id)]);
  const isMoved = (line: string) => moved.has(/^\d+/.exec(line)?.[0] ?? '');
  const last = lines.findLastIndex((line) => line.includes(` ${DICTIONARY} `)) + 1;
  const before = lines.slice(0, last);
  return [...before.filter((line) => !isMoved(line)), ...before.filter(isMoved), ...lines.slice(last)];
}

/**
 * One list for each run of pg_restore: the first with several jobs, the second alone. Several jobs grant in any order,
 * but the grant of a role that is not the owner needs what that role was granted before.
 */
export function listsForJobs(contents: Contents, left: ReadonlySet<string>): string[] {
  const byOthers = contents.entries.some(
    ({ id, type, sql }) => type === 'ACL' && !left.has(id) && /^SET SESSION AUTHORIZATION /m.test(sql),
  );
  if (!byOthers) return [listWithout(contents, left)];
  const [first, second] = [new Set(left), new Set(left)];
  for (const [line, id = ''] of contents.list.matchAll(/^(\d+);.*$/gm)) (LATE.test(line) ? first : second).add(id);
  return [listWithout(contents, first), listWithout(contents, second)];
}

/** Grants, and what pg_restore does after them (`RESTORE_PASS_POST_ACL` in its source). */
const LATE =
  /^\d+; \d+ \d+ (?:ACL|DEFAULT ACL|EVENT TRIGGER|MATERIALIZED VIEW DATA|(?:COMMENT|SECURITY LABEL) - EVENT TRIGGER) /;

async function output(clients: Clients, path: string, args: string[]): Promise<string> {
  const { PATH, HOME } = process.env;
  const { child, ended } = startProgram(clients, 'pg_restore', [...args, path], {
    env: { PATH, HOME, LC_ALL: 'C' },
    stdout: 'pipe',
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const { ok, stderr }: Ended = await ended;
  if (ok) return text;
  throw unreadable(basename(path), stderr, clients);
}
