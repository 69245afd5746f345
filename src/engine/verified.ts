/**
 * A replay of all applied migrations shows whether the schema was changed outside of them, and takes as long as all of
 * them together. A run that found no difference keeps the digests of both with its row. As long as neither changes, the
 * next run compares digests and replays nothing.
 */
import { createHash } from 'node:crypto';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { VerifiedSchema } from '../core/model/verified-schema.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { repeatablesLast } from '../core/planning/repeatable.ts';
import type { Database } from '../database/port.ts';
import { beyond } from './expected.ts';
import type { Inspected, Planned } from './state.ts';

/**
 * The digests of this schema and of the migrations that are applied; undefined if they cannot be replayed: a file is
 * missing, or a migration of the baseline was reverted.
 */
export async function digestsOf(
  database: Pick<Database, 'baseline' | 'identity'>,
  { history, files }: Pick<Inspected, 'history'> & Pick<Planned, 'files'>,
  found: Snapshot,
): Promise<VerifiedSchema | undefined> {
  const baseline = await database.baseline.read();
  const applied = new Set(history.map(({ revision }) => revision));
  if (baseline?.revisions.some((revision) => !applied.has(revision)) === true) return undefined;
  const checksums = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
  const replayed = repeatablesLast(
    beyond(
      baseline,
      history.map(({ revision }) => revision),
    ),
  ).map((revision) => [revision, checksums.get(revision)]);
  if (replayed.some(([, checksum]) => checksum === undefined)) return undefined;
  return {
    migrations: digest([TOOL_VERSION, database.identity.serverVersion, baseline ?? null, replayed]),
    schema: schemaDigest(found),
  };
}

export function schemaDigest(schema: Snapshot): string {
  return digest(schema);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** If a run compared exactly this schema with exactly these migrations: that, as a message. */
export async function matchesEarlier(
  { runs }: Pick<Database, 'runs'>,
  { migrations, schema }: VerifiedSchema,
): Promise<string | undefined> {
  const kept = await runs.list().catch(() => []);
  const run = kept.find(({ verified }) => verified?.migrations === migrations && verified.schema === schema);
  return run === undefined
    ? undefined
    : `the schema matches the applied migrations: neither has changed since run ${run.runId} compared them`;
}
