import { basename } from 'node:path';
import { unreadable } from './dump.ts';
import type { Clients } from './dump-clients.ts';
import { type Ended, startProgram } from './dump-program.ts';

/** One entry of a dump's table of contents that is more than data. */
export interface DumpEntry {
  id: string;
  /** As pg_dump names it: `TABLE`, `ACL`, `EXTENSION`, … */
  type: string;
  name: string;
  /** `-` for what is in no schema. */
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
  /^-- TOC entry (\d+) \(class \d+ OID \d+\)\n(?:-- Dependencies: (.*)\n)?-- Name: (.*); Type: (.*); Schema: (.*?); Owner: (.*?)(?:; Tablespace: (.*))?$/gm;

/** What a dump would do, without its rows. Throws ProblemError BackupInvalid. */
export async function readContents(clients: Clients, path: string): Promise<Contents> {
  const [list, script] = await Promise.all([
    output(clients, path, ['--list']),
    output(clients, path, ['--file=-', '--verbose', '--section=pre-data', '--section=post-data']),
  ]);
  const headers = [...script.matchAll(HEADER)];
  const entries = headers.map((match, index): DumpEntry => {
    const [header, id = '', needs = '', name = '', type = '', schema = '', owner = ''] = match;
    const sql = script.slice(match.index + header.length, headers[index + 1]?.index);
    return { id, name, type, schema, owner, dependencies: needs.split(' '), sql };
  });
  const largeObjects = [...list.matchAll(/^\d+; \d+ \d+ BLOB(?: METADATA)? - (\d+)(?:\.\.(\d+))? /gm)].map(
    ([, from = '', to = from]): [string, string] => [from, to],
  );
  return { entries, list, largeObjects };
}

/** The list without these entries, for `pg_restore --use-list`. */
export function listWithout({ list }: Contents, left: ReadonlySet<string>): string {
  return list
    .split('\n')
    .map((line) => (left.has(/^(\d+);/.exec(line)?.[1] ?? '') ? `;${line}` : line))
    .join('\n');
}

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
