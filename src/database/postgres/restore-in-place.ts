import { ProblemError } from '../../core/model/problem.ts';
import { compareEntries } from './catalogue/compare.ts';
import { readProperties } from './catalogue/database.ts';
import type { Catalogue } from './catalogue/digest.ts';
import { type CatalogueEntry, COMPARABLE, type RunQuery, readEntries, readSystemEntries } from './catalogue/read.ts';
import { SYSTEM_CLASSES } from './catalogue/system.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { majorOf } from './dump.ts';
import { environmentOf } from './dump-program.ts';
import { queryOn } from './dump-snapshot.ts';
import { foreignTriggers, withoutEventTriggers } from './event-triggers.ts';
import { lockShortage } from './locks-needed.ts';
import { runAfterwards } from './restore-owners.ts';
import { incomplete, restoreProblem } from './restore-problems.ts';
import { pathOf, settingStatements } from './restore-properties.ts';
import { beginScript, literal } from './restore-script.ts';
import { beginWholeScript } from './restore-script-whole.ts';
import { lookAround, type RestoreContext, type RestoreSelection, select } from './restore-selection.ts';
import { settleSessions } from './restore-sessions.ts';
import { type Attempt, nextAttempt } from './restore-tolerant.ts';
import { restoreInTransaction } from './restore-transaction.ts';
import type { RestoreWork } from './restore-work.ts';

/**
 * One transaction: the content is dropped, filled by what pg_restore writes, compared with the backup, and committed by
 * a last line that is sent only if everything succeeded. After a crash before that, the server rolls back.
 */
export async function restoreInPlace(open: PostgresConnection, work: RestoreWork): Promise<void> {
  const { backup, contents, catalogue, options } = work;
  const { manifest } = backup;
  const whole = isWhole(work);
  const shortage = whole ? await lockShortage(open.client) : undefined;
  if (shortage !== undefined) {
    throw new ProblemError({
      reason: 'RestoreFailed',
      message: `${manifest.name} was not restored: ${shortage}. ${open.identity.display} is unchanged.`,
    });
  }
  const here = await lookAround(open.client, whole);
  const selection = select(contents, here);
  for (const message of selection.messages) options.onMessage?.(message);
  const stays = await systemDifferences(open, work, here);
  if (stays.length > 0) {
    options.onMessage?.(
      `Only a superuser can change these objects. They are not changed, although they differ from the backup: ${stays.slice(0, 10).join('; ')}.`,
    );
  }
  const foreign = whole ? await foreignTriggers(queryOn(open.client)) : { triggers: [], written: [] };
  if (foreign.written.length > 0) {
    options.onMessage?.(
      `The event triggers ${foreign.triggers.join(', ')} of other roles run during the restore. This user may not delete what they write. The rows of ${foreign.written.join(', ')} stay as they are and are not compared.`,
    );
  }
  await options.beforeReplacing?.();
  await settleSessions(open, options);

  const around = { ...here, written: new Set(foreign.written) };
  const stderr = await stream(open, work, selection, around);
  if (stderr === undefined) return;
  const searchPath = pathOf(open, catalogue?.properties);
  const failed = { contents, left: selection.left, superuser: here.superuser, searchPath };
  let attempt = nextAttempt({ ...failed, stderr });
  while (attempt !== undefined) {
    options.signal?.throwIfAborted();
    const again = await stream(open, work, selection, around, attempt);
    if (again === undefined) {
      for (const message of attempt.messages) options.onMessage?.(message);
      return;
    }
    attempt = nextAttempt({ ...failed, stderr: again, attempt });
  }
  options.signal?.throwIfAborted();
  throw restoreProblem(stderr, manifest.name, open);
}

interface Around extends RestoreContext {
  /** Tables and sequences that event triggers of other roles write. */
  written: ReadonlySet<string>;
}

async function stream(
  open: PostgresConnection,
  work: RestoreWork,
  selection: RestoreSelection,
  here: Around,
  { tolerance, searchPath }: Partial<Attempt> = {},
): Promise<string | undefined> {
  const { backup, clients, contents, catalogue, options } = work;
  const { path, manifest } = backup;
  const { onProgress, signal } = options;
  return restoreInTransaction({
    clients,
    env: await environmentOf(open.target),
    serverMajor: majorOf(open),
    path,
    contents,
    left: selection.left,
    args: selection.withoutOwners ? ['--no-owner'] : [],
    begin:
      catalogue !== undefined && isWhole(work)
        ? beginWholeScript({
            largeObjects: catalogue.largeObjects,
            extensions: extensionsOf(catalogue),
            clientMajor: clients.major,
          })
        : beginScript(manifest.schemas ?? open.target.schemas, contents.largeObjects),
    tolerance,
    searchPath,
    async finish(run, tolerated) {
      for (const { message } of tolerated) options.onMessage?.(message);
      await finish(run, open, work, { ...selection, ...here }, new Set(tolerated.flatMap(({ names }) => names)));
    },
    onProgress,
    signal,
  });
}

function isWhole({ backup: { manifest }, catalogue }: RestoreWork): boolean {
  return catalogue !== undefined && manifest.schemas === undefined;
}

/** What differs from the backup about objects that no ordinary user can change. */
async function systemDifferences(
  { client, target, version }: PostgresConnection,
  { catalogue }: RestoreWork,
  here: RestoreContext,
): Promise<string[]> {
  if (here.superuser || catalogue?.properties === undefined) return [];
  const major = Math.floor(version / 10_000);
  const { entries, serverMajor, largeObjects } = catalogue;
  const actual = await readSystemEntries(queryOn(client), { major, largeObjects });
  const stays = staysAsItIs(here);
  return compareEntries(entries.filter(stays), actual.filter(stays), {
    acrossVersions: serverMajor !== major,
    unavailable: new Set(),
    user: target.user,
  });
}

const OF_ROWS = new Set(['rows', 'sequence value']);
const SYSTEM = new Set(SYSTEM_CLASSES.map(({ name }) => name));

/**
 * The objects that a restore in place does not change. As a superuser, it restores everything except comments of
 * PostgreSQL itself.
 */
function staysAsItIs({ superuser, ownedExtensions }: RestoreContext): (entry: CatalogueEntry) => boolean {
  if (superuser) return ({ class: kind }) => kind === 'comments on system objects';
  const own = new Set([...ownedExtensions].map((name) => `extension ${quoteIdentifier(name)}`));
  return ({ class: kind, name }) =>
    SYSTEM.has(kind) && !own.has(name) && !own.has(name.replace(/^extension (.*)$/, 'extension "$1"'));
}

/** Owners, grants and settings, then the comparison. Throws ProblemError RestoreIncomplete. */
async function finish(
  run: RunQuery,
  open: PostgresConnection,
  { backup, catalogue }: RestoreWork,
  selection: RestoreSelection & Around,
  otherwise: ReadonlySet<string>,
) {
  await withoutEventTriggers(run, async () => {
    await runAfterwards(run, selection.afterwards);
    if (catalogue?.properties === undefined) return;
    await bringSettings(run, open, catalogue, selection);
    await bringSystem(run, catalogue.properties.system);
  });
  if (catalogue === undefined) return;
  for (const setting of COMPARABLE) await run(`SET LOCAL ${setting}`);
  const stays = staysAsItIs(selection);
  const { serverMajor, schemas, largeObjects, entries } = catalogue;
  const actual = await readEntries(run, { major: majorOf(open), schemas, largeObjects });
  const differences = compareEntries(entries, actual, {
    acrossVersions: serverMajor !== majorOf(open),
    unavailable: selection.unavailable,
    user: open.target.user,
    ignored: (entry) => stays(entry) || (OF_ROWS.has(entry.class) && selection.written.has(entry.name)),
    otherwise,
  });
  if (differences.length > 0) throw incomplete(differences, backup.manifest.name, open);
}

/** One by one: a role may be missing here, and most of it needs a superuser. */
async function bringSystem(run: RunQuery, statements: readonly string[]) {
  const [there] = await run("SELECT count(*) FROM pg_language WHERE lanname = 'plpgsql'");
  if (there !== '1') return;
  for (const statement of statements) {
    await run(`DO $db_manager$ BEGIN EXECUTE ${literal(statement)}; EXCEPTION WHEN OTHERS THEN NULL; END $db_manager$`);
  }
}

/** Only if they differ: a user without the privilege to set them need not. */
async function bringSettings(
  run: RunQuery,
  { target }: PostgresConnection,
  { properties }: Catalogue,
  selection: RestoreSelection,
) {
  if (properties === undefined) return;
  const now = await readProperties(run);
  if (JSON.stringify(now.settings) !== JSON.stringify(properties.settings)) {
    const database = quoteIdentifier(target.database);
    for (const { role } of now.settings) {
      const of = role === null ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`;
      await run(`ALTER ${of} RESET ALL`);
    }
    for (const statement of settingStatements(target.database, properties, selection.unavailable)) await run(statement);
  }
  if (now.comment !== properties.comment) {
    const text = properties.comment === null ? 'NULL' : `$db_manager_comment$${properties.comment}$db_manager_comment$`;
    await run(`COMMENT ON DATABASE ${quoteIdentifier(target.database)} IS ${text}`);
  }
  const limit = `CONNECTION LIMIT ${properties.connectionLimit}`;
  const template = `IS_TEMPLATE ${properties.isTemplate}`;
  if (now.connectionLimit !== properties.connectionLimit)
    await run(`ALTER DATABASE ${quoteIdentifier(target.database)} WITH ${limit}`);
  if (now.isTemplate !== properties.isTemplate)
    await run(`ALTER DATABASE ${quoteIdentifier(target.database)} WITH ${template}`);
}

function extensionsOf({ entries }: Catalogue): string[] {
  return entries
    .filter((entry) => entry.class === 'extension')
    .map(({ name }) =>
      name
        .slice('extension '.length)
        .replace(/^"(.*)"$/, '$1')
        .replaceAll('""', '"'),
    );
}
