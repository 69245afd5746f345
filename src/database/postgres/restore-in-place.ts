import { writeFile } from 'node:fs/promises';
import { compareEntries } from './catalogue/compare.ts';
import { readProperties } from './catalogue/database.ts';
import type { Catalogue } from './catalogue/digest.ts';
import { COMPARABLE, type RunQuery, readEntries } from './catalogue/read.ts';
import type { PostgresConnection } from './connection.ts';
import { quoteIdentifier } from './driver.ts';
import { majorOf } from './dump.ts';
import { environmentOf, startProgram } from './dump-program.ts';
import { listWithout } from './restore-contents.ts';
import { incomplete, restoreProblem } from './restore-problems.ts';
import { settingStatements } from './restore-properties.ts';
import { beginScript } from './restore-script.ts';
import { beginWholeScript } from './restore-script-whole.ts';
import { lookAround, type Selection, select } from './restore-selection.ts';
import { settleSessions } from './restore-sessions.ts';
import { streamToPsql } from './restore-stream.ts';
import type { RestoreWork } from './restore-work.ts';
import { withTemporaryFile } from './temporary-file.ts';

/**
 * One transaction: the content is dropped, filled by what pg_restore writes, compared with the backup, and committed by
 * a last line that is sent only if everything succeeded. After a crash before that, the server rolls back.
 */
export async function restoreInPlace(open: PostgresConnection, work: RestoreWork): Promise<void> {
  const { backup, clients, contents, catalogue, options } = work;
  const { path, manifest } = backup;
  const whole = catalogue !== undefined && manifest.schemas === undefined;
  const here = await lookAround(open.client, whole);
  const selection = select(contents, here);
  for (const message of selection.messages) options.onMessage?.(message);
  await options.beforeReplacing?.();
  await settleSessions(open, options);

  let bytes = 0;
  // pg_restore takes the list of what to restore from a file only.
  const words = await withTemporaryFile('list', async (listFile) => {
    await writeFile(listFile, listWithout(contents, selection.left), { mode: 0o600 });
    const env = environmentOf(open.target);
    const args = [
      '--file=-',
      '--single-transaction',
      `--use-list=${listFile}`,
      ...(selection.withoutOwners ? ['--no-owner'] : []),
      path,
    ];
    return streamToPsql({
      clients,
      env,
      serverMajor: majorOf(open),
      begin: whole
        ? beginWholeScript({ largeObjects: catalogue.largeObjects, extensions: extensionsOf(catalogue) })
        : beginScript(manifest.schemas ?? open.target.schemas, contents.largeObjects),
      source: startProgram(clients, 'pg_restore', args, { env, stdout: 'pipe', signal: options.signal }),
      finish: (run) => finish(run, open, work, selection),
      onBytes: (piece) => {
        bytes += piece;
        options.onProgress?.(bytes, undefined);
      },
      signal: options.signal,
    });
  });
  if (words === undefined) return;
  options.signal?.throwIfAborted();
  throw restoreProblem(words, manifest.name, open);
}

/** Owners, grants and settings, then the comparison. Throws ProblemError RestoreIncomplete. */
async function finish(
  run: RunQuery,
  open: PostgresConnection,
  { backup, catalogue }: RestoreWork,
  selection: Selection,
) {
  for (const statement of selection.afterwards) await run(statement);
  if (catalogue === undefined) return;
  if (catalogue.properties !== undefined) await bringSettings(run, open, catalogue, selection);
  for (const setting of COMPARABLE) await run(`SET LOCAL ${setting}`);
  const { serverMajor, schemas, largeObjects, entries } = catalogue;
  const actual = await readEntries(run, { major: majorOf(open), schemas, largeObjects });
  const differences = compareEntries(entries, actual, {
    acrossVersions: serverMajor !== majorOf(open),
    unavailable: selection.unavailable,
    user: open.target.user,
  });
  if (differences.length > 0) throw incomplete(differences, backup.manifest.name, open);
}

/** Only if they differ: a user without the privilege to set them need not. */
async function bringSettings(
  run: RunQuery,
  { target }: PostgresConnection,
  { properties }: Catalogue,
  selection: Selection,
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
