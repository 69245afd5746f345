/**
 * Content that PostgreSQL accepted when it was written and refuses when a backup is restored: rows that violate a CHECK
 * by now (`until > now()`, a function that was replaced), foreign keys whose rows were written with triggers disabled,
 * materialized views whose query fails. A second attempt restores it in one transaction. A superuser restores these
 * constraints as they were. Another user restores them as NOT VALID, which is reported.
 */
import { redactRows } from '../../core/model/redact-rows.ts';
import type { RunQuery } from './catalogue/read.ts';
import type { Clients } from './dump-clients.ts';
import { errorIn, type Program, startProgram } from './dump-program.ts';
import { withoutEventTriggers } from './event-triggers.ts';
import type { Contents, DumpEntry } from './restore-contents.ts';
import { UNQUALIFIED, UNQUALIFIED_NAMES } from './restore-properties.ts';
import { literal } from './restore-script.ts';
import { OUT_OF_ORDER } from './restore-stream.ts';

export interface Tolerance {
  superuser: boolean;
  /** Run one by one after everything else: foreign keys with their comments, and refreshes. */
  late: DumpEntry[];
}

/** An object that is not as in the backup: its name in the digest, and a sentence. */
export interface Tolerated {
  names: string[];
  message: string;
}

/** How the next attempt differs from the one before. */
export interface Attempt {
  tolerance?: Tolerance;
  /** For functions that name tables without a schema. */
  searchPath?: string;
  /** What to report if this attempt succeeds. */
  messages: string[];
}

interface Failed {
  stderr: string;
  /** Absent: the first attempt failed. */
  attempt?: Attempt;
  contents: Contents;
  left: ReadonlySet<string>;
  superuser: boolean;
  searchPath: string;
}

/** Undefined if another attempt would fail in the same way. */
export function nextAttempt({ stderr, attempt, contents, left, superuser, searchPath }: Failed): Attempt | undefined {
  const tolerance = attempt?.tolerance ?? toleranceFor(stderr, contents, left, superuser);
  const unqualified = UNQUALIFIED.test(stderr);
  const messages = [...(attempt?.messages ?? [])];
  if (unqualified && !OUT_OF_ORDER.test(stderr)) messages.push(UNQUALIFIED_NAMES);
  if (isViolation(stderr)) messages.push(`pg_restore alone cannot restore this backup: ${adviceOn(stderr)}.`);
  const isNew = tolerance !== attempt?.tolerance || (unqualified && attempt?.searchPath === undefined);
  // A query that fails under one path may be tried with the other at once.
  return isNew ? { tolerance, searchPath, messages } : undefined;
}

/** psql does not name the statement of a failed refresh. */
export function toleranceFor(
  stderr: string,
  { entries }: Contents,
  left: ReadonlySet<string>,
  superuser: boolean,
): Tolerance | undefined {
  const keys = entries.filter(({ id, type }) => type === 'FK CONSTRAINT' && !left.has(id));
  const ofKeys = new Set(keys.map(({ id }) => id));
  const views = entries.filter(({ id, type }) => type === 'MATERIALIZED VIEW DATA' && !left.has(id));
  const ofView = views.length > 0 && (/REFRESH MATERIALIZED VIEW/.test(stderr) || !/^pg_restore:/m.test(stderr));
  if (!isViolation(stderr) && !ofView) return undefined;
  const comments = entries.filter(
    ({ id, type, dependencies }) => type === 'COMMENT' && !left.has(id) && dependencies.some((one) => ofKeys.has(one)),
  );
  return { superuser, late: [...keys, ...comments, ...views] };
}

export function isViolation(stderr: string): boolean {
  return /violates (?:check|foreign key) constraint/.test(stderr);
}

/** The first message, and what prevents it. */
export function adviceOn(stderr: string): string {
  const text = errorIn(stderr).replace(/ (?:DETAIL|CONTEXT|Command was):.*$/s, '');
  return `${text.replace(/^.*ERROR: +/s, '')}. To make later backups restorable, correct the rows, or create the constraint as NOT VALID`;
}

/** pg_restore as SQL, for `streamToPsql`; with SQL of our own before the rows. */
export function sourceOf(
  clients: Clients,
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
  tolerance?: Tolerance,
): { source: Program; following?: { sql: string; start(): Program } } {
  const start = (...sections: string[]) =>
    startProgram(clients, 'pg_restore', [...sections, ...args], { env, signal, stdout: 'pipe' });
  if (tolerance === undefined) return { source: start() };
  return {
    source: start('--section=pre-data'),
    following: {
      sql: tolerance.superuser ? UNCHECKED : WITHOUT_CHECKS,
      start: () => start('--section=data', '--section=post-data'),
    },
  };
}

/** After the dump's own SQL, in its transaction; before owners are set. */
export async function bringLate(run: RunQuery, tolerance: Tolerance): Promise<Tolerated[]> {
  await withoutEventTriggers(run, () => runLate(run, tolerance));
  const noted = await run(`SELECT coalesce(current_setting('${NOTED}', true), '')`);
  return noted
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Tolerated)
    .map(({ names, message }) => ({ names, message: redactRows(message) }));
}

async function runLate(run: RunQuery, { superuser, late }: Tolerance): Promise<void> {
  for (const entry of late) {
    const sql = statementOf(entry);
    switch (entry.type) {
      case 'FK CONSTRAINT':
        await run(withNotValid(sql, entry, superuser));
        break;
      case 'MATERIALIZED VIEW DATA':
        await run(refresh(sql, entry));
        break;
      default:
        await run(sql);
    }
  }
  await run(superuser ? CHECKED : WITH_CHECKS);
}

/** The statement of an entry, without the comments and settings around it. */
function statementOf({ sql }: DumpEntry): string {
  const lines = sql.split('\n');
  const isAround = (line = ';') => /^(SET [^;]*;|--.*|\\(un)?restrict .*|\s*)$/.test(line);
  while (lines.length > 0 && isAround(lines.at(-1))) lines.pop();
  while (lines.length > 0 && isAround(lines[0])) lines.shift();
  return lines.join('\n');
}

const NOTED = 'db_manager.noted';
const CHECKS = 'db_manager.checks';

/** PL/pgSQL that appends a Tolerated. */
function note(names: string, message: string): string {
  return `PERFORM set_config('${NOTED}', coalesce(current_setting('${NOTED}', true), '')
      || jsonb_build_object('names', to_jsonb(coalesce(${names}, '{}'::text[])), 'message', ${message})::text || chr(10), true);`;
}

function withNotValid(sql: string, { schema, name }: DumpEntry, superuser: boolean): string {
  const validated = superuser ? 'UPDATE pg_catalog.pg_constraint SET convalidated = true WHERE oid = found.oid;' : '';
  const how = superuser ? 'is restored although rows violate it' : 'is restored as NOT VALID, because rows violate it';
  return `DO $db_manager$
DECLARE found record;
BEGIN
  EXECUTE ${literal(sql)};
EXCEPTION WHEN foreign_key_violation THEN
  EXECUTE ${literal(sql.replace(/;$/, ' NOT VALID'))};
  FOR found IN SELECT k.oid, i.type || ' ' || i.identity AS name FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, pg_catalog.pg_identify_object('pg_catalog.pg_constraint'::regclass, k.oid, 0) i
     WHERE n.nspname = ${literal(schema)} AND c.relname || ' ' || k.conname = ${literal(name)} LOOP
    ${validated}
    ${note(superuser ? 'NULL' : 'ARRAY[found.name]', `found.name || ' ${how}.'`)}
  END LOOP;
END
$db_manager$`;
}

function refresh(sql: string, { schema, name }: DumpEntry): string {
  const view = `format('materialized view %I.%I', ${literal(schema)}, ${literal(name)})`;
  return `DO $db_manager$
BEGIN
  EXECUTE ${literal(sql)};
EXCEPTION WHEN OTHERS THEN
  ${note(`ARRAY[${view}]`, `${view} || ' has no rows, because its query failed: ' || SQLERRM || '.'`)}
END
$db_manager$`;
}

/** As if there were no CHECK constraints. Relations count them; domains have them by their type. */
const UNCHECKED = `UPDATE pg_catalog.pg_class SET relchecks = 0 WHERE relchecks > 0 AND oid >= 16384;
UPDATE pg_catalog.pg_constraint SET contype = '-' WHERE contype = 'c' AND contypid <> 0 AND oid >= 16384;
`;
const CHECKED = `UPDATE pg_catalog.pg_constraint SET contype = 'c' WHERE contype = '-';
UPDATE pg_catalog.pg_class c SET relchecks = k.n FROM (SELECT conrelid, count(*)::int2 AS n FROM pg_catalog.pg_constraint
  WHERE contype = 'c' AND conrelid <> 0 GROUP BY 1) k WHERE k.conrelid = c.oid AND c.relchecks <> k.n`;

/** Of relations and domains that this transaction created. */
const WITHOUT_CHECKS = `DO $db_manager$
DECLARE
  found record;
  checks jsonb := '[]';
BEGIN
  FOR found IN SELECT CASE k.conrelid WHEN 0 THEN 'DOMAIN' ELSE 'TABLE' END AS kind, CASE k.conrelid WHEN 0 THEN k.contypid::regtype::text ELSE k.conrelid::regclass::text END AS place,
        k.conname, pg_catalog.pg_get_constraintdef(k.oid) AS definition, pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment
      FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
     WHERE k.contype = 'c' AND k.convalidated AND k.conislocal AND k.coninhcount = 0
       AND coalesce(c.xmin, t.xmin)::text::bigint = pg_catalog.txid_current() % 4294967296 LOOP
    checks := checks || to_jsonb(found);
    EXECUTE format('ALTER %s %s DROP CONSTRAINT %I', found.kind, found.place, found.conname);
  END LOOP;
  PERFORM set_config('${CHECKS}', checks::text, true);
END
$db_manager$;
`;
const WITH_CHECKS = `DO $db_manager$
DECLARE
  one jsonb;
  sql text;
BEGIN
  FOR one IN SELECT value FROM jsonb_array_elements(coalesce(nullif(current_setting('${CHECKS}', true), ''), '[]')::jsonb) LOOP
    sql := format('ALTER %s %s ADD CONSTRAINT %I %s', one ->> 'kind', one ->> 'place', one ->> 'conname', one ->> 'definition');
    BEGIN
      EXECUTE sql;
    EXCEPTION WHEN check_violation THEN
      EXECUTE sql || ' NOT VALID';
      ${note(
        `ARRAY(WITH RECURSIVE below (oid) AS (SELECT pg_catalog.to_regclass(one ->> 'place')::oid UNION SELECT h.inhrelid FROM pg_catalog.pg_inherits h JOIN below b ON b.oid = h.inhparent)
        SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_constraint k, pg_catalog.pg_identify_object('pg_catalog.pg_constraint'::regclass, k.oid, 0) i
         WHERE k.conname = one ->> 'conname' AND (CASE one ->> 'kind' WHEN 'DOMAIN' THEN k.contypid = pg_catalog.to_regtype(one ->> 'place')::oid ELSE k.conrelid IN (SELECT oid FROM below) END))`,
        `format('The constraint %s of %s is restored as NOT VALID, because rows violate it.', one ->> 'conname', one ->> 'place')`,
      )}
    END;
    IF one ->> 'comment' IS NOT NULL THEN
      EXECUTE format('COMMENT ON CONSTRAINT %I ON %s%s IS %L', one ->> 'conname', CASE one ->> 'kind' WHEN 'DOMAIN' THEN 'DOMAIN ' ELSE '' END, one ->> 'place', one ->> 'comment');
    END IF;
  END LOOP;
END
$db_manager$`;
