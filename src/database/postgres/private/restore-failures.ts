/** pg_restore's messages about entries that it could not restore (`pg_backup_archiver.c`, warn_or_exit_horribly). */
import { redactRows } from '../../../core/model/redact-rows.ts';
import { type Client, quoteIdentifier } from '../driver.ts';
import { errorIn } from '../dump-program.ts';

export interface RestoreFailure {
  /** As pg_dump names it: `TABLE DATA`. */
  type: string;
  name: string;
  /** The server's message. */
  message: string;
  /** The whole error output, with the context. */
  stderr: string;
}

/** `pg_restore: from TOC entry 3210; 0 16390 TABLE DATA things owner`; missing for entries that run in parallel. */
const ENTRY = /from TOC entry \d+; \d+ \d+ ([A-Z][A-Z ]*[A-Z]) (.*?)(?: \S+)?$/m;

/** The object in the command or in the message, where the entry is not named. */
const NAMED: readonly [RegExp, string][] = [
  [/^pg_restore: error: COPY failed for table "((?:[^"]|"")+)"/, 'TABLE DATA'],
  [/^Command was: REFRESH MATERIALIZED VIEW ([^;]+);/m, 'MATERIALIZED VIEW DATA'],
  [/^Command was: CREATE (?:UNIQUE )?INDEX (\S+) /m, 'INDEX'],
  [/^Command was: ALTER TABLE (?:ONLY )?\S+\s+ADD CONSTRAINT (\S+) FOREIGN KEY/m, 'FK CONSTRAINT'],
  [/^Command was: ALTER TABLE (?:ONLY )?\S+\s+ADD CONSTRAINT (\S+) /m, 'CONSTRAINT'],
  [
    /^Command was: CREATE (?:OR REPLACE )?[A-Z ]*?(?:TABLE|VIEW|FUNCTION|TRIGGER|TYPE|EXTENSION|SERVER) (?:IF NOT EXISTS )?([^\s(;]+)/m,
    '',
  ],
];

export function failuresIn(stderr: string): RestoreFailure[] {
  const failures: RestoreFailure[] = [];
  let entry: RegExpExecArray | null = null;
  for (const piece of stderr.split(/^(?=pg_restore: (?:from TOC entry|error:))/m)) {
    entry = ENTRY.exec(piece) ?? entry;
    const message = /error: (?:could not execute query: )?(?:COPY failed for table .*?: )?(?:ERROR: +)?(.*)/.exec(
      piece,
    )?.[1];
    if (message === undefined || !piece.startsWith('pg_restore: error:')) continue;
    const [type = '', name = ''] = entry === null ? named(piece) : entry.slice(1);
    failures.push({ type, name, message: redactRows(message), stderr: piece });
    entry = null;
  }
  if (failures.length > 0) return failures;
  return [{ type: '', name: '', message: redactRows(stderr).split('\n').at(-1) ?? '', stderr }];
}

/** The same of psql, which ran all of it in one transaction: it names the table whose rows it was at, and nothing else. */
export function failureOfStream(stderr: string): RestoreFailure {
  const message = redactRows(/^ERROR: +(.*)$/m.exec(stderr)?.[1] ?? errorIn(stderr));
  const table = /^(?:CONTEXT: +)?COPY ([^\n]{1,200}?), line \d/m.exec(stderr)?.[1];
  return table === undefined
    ? { type: '', name: '', message, stderr }
    : { type: 'TABLE DATA', name: table, message, stderr };
}

function named(piece: string): [type: string, name: string] {
  for (const [pattern, type] of NAMED) {
    const name = pattern.exec(piece)?.[1];
    if (name !== undefined) return [type === '' ? 'object' : type, name.replace(/^.*\./, '').replace(/^"|"$/g, '')];
  }
  return ['', ''];
}

/** Whether the archive is at fault, rather than what its SQL met. */
export function isDamaged({ stderr }: RestoreFailure): boolean {
  return /could not (read|uncompress|find|open|decompress)|corrupt|unexpected end of file|not appear to be a valid|did not find magic|invalid (compression|archive|data)/i.test(
    stderr,
  );
}

/** The statements that let functions find their tables regardless of the search path. */
export async function repairOf(
  client: Client,
  failures: readonly RestoreFailure[],
  schemas: readonly string[],
): Promise<string[]> {
  const names = new Set<string>();
  for (const { stderr } of failures) {
    if (!/does not exist/.test(stderr)) continue;
    for (const [, sql, plpgsql] of stderr.matchAll(/SQL function "([^"]+)"|PL\/pgSQL function ([^\s(]+)/g)) {
      names.add((sql ?? plpgsql ?? '').replace(/^.*\./, '').replace(/^"|"$/g, ''));
    }
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.proname = ANY ($1) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') ORDER BY 1`,
    [[...names]],
  );
  const path = schemas.map(quoteIdentifier).join(', ');
  return rows.map(({ name }) => `ALTER FUNCTION ${name} SET search_path = ${path};`);
}
