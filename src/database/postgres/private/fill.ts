/** Fills the database of a private server: by pg_restore as its superuser, with owners, grants and everything else. */
import type { PostgresTarget } from '../../../core/model/target.ts';
import { cutOff } from '../confined.ts';
import type { PostgresConnection } from '../connection.ts';
import { quoteIdentifier } from '../driver.ts';
import { majorOf } from '../dump.ts';
import { type Clients, findClientsFor } from '../dump-clients.ts';
import { conninfo, environmentOf, errorIn, startProgram } from '../dump-program.ts';
import { queryOn } from '../dump-snapshot.ts';
import { withoutEventTriggers } from '../event-triggers.ts';
import { createExtensions } from '../extensions.ts';
import { withClient } from '../queries.ts';
import { type Contents, listsForJobs, readContents } from '../restore-contents.ts';
import { grantsOf, isMisordered } from '../restore-grants.ts';
import { jobsOption } from '../restore-jobs.ts';
import { OUT_OF_ORDER } from '../restore-stream.ts';
import { adviceOn, isViolation, type Tolerance, type Tolerated, toleranceFor } from '../restore-tolerant.ts';
import { restoreInTransaction } from '../restore-transaction.ts';
import { withList } from '../temporary-file.ts';
import type { Likeness } from './likeness.ts';
import { failureOfStream, failuresIn, type RestoreFailure, repairOf } from './restore-failures.ts';
import type { PrivateServer } from './server.ts';

export interface Filling {
  open: PostgresConnection;
  server: PrivateServer;
  like: Likeness;
  database: string;
  onProgress?(done: number, total: number | undefined): void;
  /** Empties the database, for another try. */
  again(): Promise<void>;
}

export interface DumpPart {
  path: string;
  /** As pg_dump prints it; of a backup, from its manifest. */
  dumpedBy?: string;
  section?: 'pre-data' | 'data' | 'post-data';
  /** Entries of this type alone. */
  only?: string;
}

/** What never goes to a copy: it would reach other servers, or names this database from outside. */
const LEFT_OUT = ['SUBSCRIPTION', 'USER MAPPING'];

interface Prepared {
  part: DumpPart;
  clients: Clients;
  contents: Contents;
  left: Set<string>;
  /** Grants that pg_restore would run in an order that the server refuses. */
  late: string[];
}

/**
 * Restores the parts in their order. Parts that pg_restore alone cannot restore are tried with the search path that
 * applications have, since functions may need it. Returns what could not be restored unchanged, as sentences; throws
 * RestoreStopped if no copy is possible.
 */
export async function restoreParts(filling: Filling, parts: readonly DumpPart[]): Promise<string[]> {
  const prepared: Prepared[] = [];
  for (const part of parts) prepared.push(await prepare(filling, part));
  await makePlace(filling, prepared);
  const failures: RestoreFailure[] = [];
  for (const one of prepared) {
    failures.push(...(await restorePart(filling, one)));
    await finishPart(filling, one);
  }
  if (failures.length === 0) return [];
  const lost = failures.filter((failure) => outOfReach(failure, parts));
  if (lost.length === failures.length) return lost.map(sayLost);

  // The functions that are at fault can be looked up now, before the database is emptied.
  const repairs = await repairsOf(filling, failures);
  for (const { left, contents } of prepared) {
    for (const { type, name } of lost) for (const id of idsOf(contents, type, name)) left.add(id);
  }
  await filling.again();
  await makePlace(filling, prepared);
  const otherwise: string[] = [];
  for (const one of prepared) {
    const tolerance = parts.length > 1 ? undefined : toleranceFor(errorsOf(failures), one.contents, one.left, true);
    const stderr = await streamPart(filling, one, pathOf(filling), tolerance, ({ names, message }) => {
      if (names.length > 0) otherwise.push(message);
    });
    if (stderr !== undefined) throw new RestoreStopped(failures, repairs, errorIn(stderr));
    await finishPart(filling, one);
  }
  const [first] = failures.filter((failure) => !lost.includes(failure) && !OUT_OF_ORDER.test(failure.message));
  return [
    ...lost.map(sayLost),
    ...(first === undefined
      ? []
      : [
          `pg_restore alone cannot restore ${entryOf(first)}: ${isViolation(first.stderr) ? adviceOn(first.stderr) : `${first.message}${repairText(repairs)}`}`,
        ]),
    ...otherwise,
  ];
}

function errorsOf(failures: readonly RestoreFailure[]): string {
  return failures.map(({ stderr }) => stderr).join('\n');
}

/** Where one transaction restores everything, what failed may have no name. */
function entryOf({ type, name }: RestoreFailure): string {
  return name === '' ? 'all objects' : `${type} ${name}`;
}

/** Of entries with that type and name, in whichever schema. */
function idsOf({ list }: Contents, type: string, name: string): string[] {
  const lines = [...list.matchAll(/^(\d+); \d+ \d+ (.*)$/gm)];
  return lines
    .filter(([, , text = '']) => text.startsWith(`${type} `) && text.includes(` ${name} `))
    .map(([, id = '']) => id);
}

/** The objects that could not be copied, and why. */
export class RestoreStopped extends Error {
  readonly failures: readonly RestoreFailure[];

  constructor(failures: readonly RestoreFailure[], repairs: readonly string[], stderr: string) {
    const [first] = failures;
    const which = first === undefined || first.name === '' ? '' : `${first.type} ${first.name}: `;
    super(`pg_restore stopped at ${which}${first?.message ?? stderr}${repairText(repairs)}`);
    this.failures = failures;
  }
}

function repairText(repairs: readonly string[]): string {
  return repairs.length === 0
    ? ''
    : `. pg_restore runs with an empty search_path. Run on the database: ${repairs.join(' ')} Later backups can be restored then`;
}

async function repairsOf({ server, database, open }: Filling, failures: readonly RestoreFailure[]): Promise<string[]> {
  return withClient(server.connect(database), async (client) => {
    const repairs = await repairOf(client, failures, open.target.schemas);
    // The failed restore ran in one transaction, so it left no functions here.
    return repairs.length > 0 ? repairs : await repairOf(open.client, failures, open.target.schemas);
  });
}

/**
 * Of a foreign table the rows are elsewhere; a key of a limited backup may lead to a table that has no rows here. A query
 * may fail by now, or its owner may not read its tables any more; what another search path could repair is tried again.
 */
function outOfReach({ type, message }: RestoreFailure, parts: readonly DumpPart[]): boolean {
  if (type === 'MATERIALIZED VIEW DATA') return !/does not exist/.test(message);
  return type === 'FK CONSTRAINT' && parts.length > 1;
}

function sayLost({ type, name, message }: RestoreFailure): string {
  return `${type} ${name} is not on the copy: ${message}`;
}

async function prepare({ open }: Filling, part: DumpPart): Promise<Prepared> {
  const clients = await findClientsFor(majorOf(open), part.dumpedBy);
  const contents = await readContents(clients, part.path);
  const late = contents.entries.filter(isMisordered);
  const left = new Set(
    [...contents.entries.filter(({ type }) => LEFT_OUT.includes(type)), ...late].map(({ id }) => id),
  );
  if (part.only !== undefined) {
    for (const [line, id = ''] of contents.list.matchAll(/^(\d+); .*$/gm)) {
      if (!line.includes(` ${part.only} `)) left.add(id);
    }
  }
  return { part, clients, contents, left, late: late.flatMap((entry) => grantsOf(entry, new Set())) };
}

/** The extensions with their versions and owners, and no `public` where the target has none or the dump makes it. */
async function makePlace({ server, database, like }: Filling, prepared: readonly Prepared[]): Promise<void> {
  const entries = prepared.flatMap(({ contents }) => contents.entries);
  const made = new Set(
    entries.filter(({ type, sql }) => type === 'SCHEMA' && /^CREATE SCHEMA /m.test(sql)).map(({ name }) => name),
  );
  const wanted = new Set(entries.filter(({ type }) => type === 'EXTENSION').map(({ name }) => name));
  await withClient(server.connect(database), async (client) => {
    if (made.has('public') || !like.hasPublic) await client.query('DROP SCHEMA IF EXISTS public');
    if (!like.extensions.some(({ name }) => name === 'plpgsql')) await client.query('DROP EXTENSION IF EXISTS plpgsql');
    const extensions = like.extensions.filter(({ name }) => name === 'plpgsql' || wanted.has(name));
    const { schemas } = await createExtensions(client, extensions);
    for (const { contents, left } of prepared) {
      for (const { id, type, name } of contents.entries) if (type === 'SCHEMA' && schemas.includes(name)) left.add(id);
    }
  });
}

async function restorePart(filling: Filling, prepared: Prepared): Promise<RestoreFailure[]> {
  const { clients, part } = prepared;
  if (clients.major > majorOf(filling.open)) {
    const stderr = await streamPart(filling, prepared, '');
    return stderr === undefined ? [] : [failureOfStream(stderr)];
  }
  const failures: RestoreFailure[] = [];
  for (const [run, entries] of listsForJobs(prepared.contents, prepared.left).entries()) {
    const { ok, stderr } = await withList(entries, async (list) => {
      const jobs = run === 0 ? [await jobsOption(part.path, true)] : [];
      const args = [`--dbname=dbname=${conninfo(filling.database)}`, ...jobs, ...argsOf(part), list, part.path];
      return startProgram(clients, 'pg_restore', args, { env: await envOf(filling) }).ended;
    });
    if (!ok) failures.push(...failuresIn(stderr));
  }
  return failures;
}

/** In one transaction over one connection, with a search path; standard error of the first failure. */
async function streamPart(
  filling: Filling,
  prepared: Prepared,
  path: string,
  tolerance?: Tolerance,
  onTolerated: (one: Tolerated) => void = () => {},
): Promise<string | undefined> {
  const { clients, part, contents, left } = prepared;
  return restoreInTransaction({
    clients,
    env: await envOf(filling),
    serverMajor: majorOf(filling.open),
    path: part.path,
    contents,
    left,
    args: argsOf(part),
    begin: 'BEGIN;\n',
    tolerance,
    searchPath: path === '' ? undefined : path,
    finish: async (_, tolerated) => tolerated.forEach(onTolerated),
    onProgress: filling.onProgress,
  });
}

/** The path of those who use the database: that of the database or of the role, else the schemas. */
function pathOf({ like, open }: Filling): string {
  const set = like.settings.filter(({ name }) => name.toLowerCase() === 'search_path');
  const own = set.find(({ role }) => role === like.role) ?? set.find(({ role }) => role === undefined);
  const schemas = open.target.schemas.map(quoteIdentifier);
  return [...new Set([...schemas, ...(own === undefined || own.value === '' ? [] : [own.value]), '"public"'])].join(
    ', ',
  );
}

function argsOf({ section }: DumpPart): string[] {
  return ['--no-password', ...(section === undefined ? [] : [`--section=${section}`])];
}

async function finishPart({ server, database }: Filling, { late }: Prepared): Promise<void> {
  await withClient(server.connect(database), (client) =>
    withoutEventTriggers(queryOn(client), async () => {
      await cutOff(client);
      // What could not be granted is a difference of the copy, which is reported.
      for (const statement of late) await client.query(statement).catch(() => {});
    }),
  );
}

function envOf({ server, database, open }: Pick<Filling, 'server' | 'database' | 'open'>): Promise<NodeJS.ProcessEnv> {
  return environmentOf(targetOn(server, open.target, server.superuser, database));
}

/** The target as it is on the private server. */
export function targetOn(
  { host, port }: PrivateServer,
  { schemas, history }: PostgresTarget,
  user: string,
  database: string,
): PostgresTarget {
  return { dialect: 'postgres', host, port, user, database, ssl: { mode: 'disable' }, schemas, history };
}
