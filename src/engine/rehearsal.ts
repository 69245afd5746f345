import { withLocalCopy } from '../backups/local-copy.ts';
import { recordRestored } from '../backups/restored.ts';
import type { Backup } from '../core/model/backup.ts';
import { textStart } from '../core/model/clip.ts';
import type { Direction, LoadedMigration } from '../core/model/migration.ts';
import { type Problem, ProblemError } from '../core/model/problem.ts';
import type { CommonRequest } from '../core/model/request.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { compareSnapshots, describeDifference } from '../core/schema/compare.ts';
import type { Database, MigrationOutcome, ScratchSource } from '../database/port.ts';
import type { RunPorts } from '../engine/ports.ts';
import { madeObjects } from '../migrations/made-objects.ts';
import { describeLoss, type Loss } from './row-loss.ts';
import { few } from './run-text.ts';
import { type GuardedScratch, openScratch, untouched } from './scratch.ts';
import type { BackedUp } from './state.ts';

export interface OpenedCopy {
  scratch: GuardedScratch;
  mode: 'Full' | 'SchemaOnly';
  /** Why this mode was selected. */
  why: string;
}

/**
 * The copy for the rehearsal of the plan. `Auto` is Full if a backup was taken and disk space and privileges allow it,
 * otherwise SchemaOnly with the reason. Throws ProblemError RehearsalImpossible if the requested mode is not possible.
 */
export async function openCopy(
  database: Database,
  state: BackedUp,
  migrations: readonly LoadedMigration[],
  ports: RunPorts,
): Promise<OpenedCopy> {
  const { extensions } = await madeObjects(ports.request.migrations.path, migrations);
  return openCopyWith(database, state, extensions, ports);
}

/** The same for a plan that creates these extensions. */
export async function openCopyWith(
  database: Database,
  { backup, prepared }: BackedUp,
  extensions: readonly string[],
  ports: RunPorts<CommonRequest>,
): Promise<OpenedCopy> {
  const { safety, runId } = ports.request;
  const onProgress = (done: number, total: number | undefined) =>
    ports.progress({ step: 'rehearse', done, total, unit: 'bytes', label: 'restoring the copy' });
  const make = (source: ScratchSource) =>
    openScratch(database, source, { runId, onProgress, server: ports.rehearsalServer, extensions, prepared });

  if (safety.rehearsal !== 'SchemaOnly' && backup !== undefined) {
    try {
      return {
        scratch: await recorded(await fromBackup(backup, make, ports), backup, ports),
        mode: 'Full',
        why: `on a copy restored from ${backup.manifest.name}`,
      };
    } catch (error) {
      const unavailable = error instanceof ProblemError && error.problem.reason === 'RehearsalImpossible';
      if (!unavailable || safety.rehearsal === 'Full') throw error;
      const why = `on the schema only, because ${error.problem.message}`;
      return { scratch: await make({ kind: 'schema' }), mode: 'SchemaOnly', why };
    }
  }
  const why =
    safety.rehearsal === 'SchemaOnly' ? 'on the schema only, as requested' : 'on the schema only: no backup was taken';
  return { scratch: await make({ kind: 'schema' }), mode: 'SchemaOnly', why };
}

/** Drops the copy after its use, and at the end of the run if that fails. */
export async function onCopy<T>(
  copy: OpenedCopy,
  ports: Pick<RunPorts, 'defer'>,
  use: (copy: OpenedCopy) => Promise<T>,
): Promise<T> {
  ports.defer('the rehearsal copy', () => copy.scratch.drop());
  const result = await use(copy);
  // If it fails, the rehearsal does not: the cleanup at the end tries again, and reports it.
  await copy.scratch.drop().catch(() => {});
  return result;
}

/** Rows that the plan deletes on the copy without an apparent intention; undefined without such rows. */
export function lostRows(losses: readonly Loss[], { scratch }: OpenedCopy): Problem | undefined {
  const [worst] = losses;
  if (worst === undefined) return undefined;
  const { migration, statement, position } = worst;
  const message = `${few(losses.map(describeLoss))}. ${untouched(scratch).replace(/^./, (first) => first.toUpperCase())}.`;
  return { reason: 'RowsLost', message, migration, statement, ...(position === undefined ? {} : { position }) };
}

/** Only a later restore reads it, so a manifest that cannot be written does not stop the run. */
async function recorded(
  scratch: GuardedScratch,
  backup: Backup,
  { now }: RunPorts<CommonRequest>,
): Promise<GuardedScratch> {
  const { restored: differences, place } = scratch;
  if (differences !== undefined) {
    await recordRestored(backup, { at: now().toISOString(), place: place.kind, differences }).catch(() => {});
  }
  return scratch;
}

/** The content of an object store or of an encrypted file is first copied to a temporary file. */
async function fromBackup(
  backup: Backup,
  make: (source: ScratchSource) => Promise<GuardedScratch>,
  { backupIdentities, signal }: RunPorts<CommonRequest>,
): Promise<GuardedScratch> {
  const impossible = (message: string, cause?: unknown) =>
    new ProblemError({ reason: 'RehearsalImpossible', message }, { cause });
  const identities = backup.manifest.encryption === undefined ? [] : ((await backupIdentities?.()) ?? []);
  if (backup.manifest.encryption !== undefined && identities.length === 0) {
    throw impossible('the backup is encrypted and the run has no identity to read it');
  }
  let copied = false;
  try {
    return await withLocalCopy(backup, { identities, signal }, (local) => {
      copied = true;
      return make({ kind: 'backup', backup: local });
    });
  } catch (error) {
    if (copied || !(error instanceof ProblemError) || error.problem.reason !== 'NoSpace') throw error;
    throw impossible(error.problem.message, error);
  }
}

interface Watching {
  /** Receives the statements of each migration. */
  sent?: Map<string, string[]>;
  /** Whether the effects of each migration are read; default true. */
  observe?: boolean;
}

/** Runs the plan on the copy. */
export function runOnCopy(
  copy: Database,
  migrations: LoadedMigration[],
  direction: 'up' | 'down',
  ports: RunPorts,
  { sent, observe = true }: Watching = {},
): Promise<MigrationOutcome> {
  const total = migrations.length;
  let statements: string[] = [];
  return copy.migrate({
    direction,
    migrations,
    runId: ports.request.runId,
    toolVersion: TOOL_VERSION,
    timeouts: ports.request.timeouts,
    observe,
    signal: ports.signal,
    onStart: ({ revision }, index) => {
      statements = [];
      sent?.set(revision, statements);
      ports.progress({ step: 'rehearse', done: index, total, unit: 'migrations', label: revision });
    },
    // A listener keeps migrations from being sent together.
    ...(sent === undefined ? {} : { onStatement: (sql: string) => void statements.push(textStart(sql, 1_000)) }),
    onDone: ({ revision }, index) =>
      ports.progress({ step: 'rehearse', done: index + 1, total, unit: 'migrations', label: revision }),
  });
}

type RoundTrip = { result: 'passed' | 'failed' | 'skipped'; message?: string };

/** Runs the plan in the other direction on the copy and compares the result with the original schema. */
export async function roundTrip(
  copy: Database,
  direction: Direction,
  migrations: LoadedMigration[],
  start: Snapshot,
  ports: RunPorts,
): Promise<RoundTrip> {
  const stuck = migrations.filter(({ down }) => down === undefined).map(({ revision }) => revision);
  if (direction === 'up' && stuck.length > 0)
    return { result: 'skipped', message: `no down migration in ${few(stuck)}` };
  const back = direction === 'up' ? 'down' : 'up';
  const reverted = await runOnCopy(copy, [...migrations].reverse(), back, ports, { observe: false });
  if (reverted.kind === 'failed') return { result: 'failed', message: reverted.problem.message };
  if (reverted.kind === 'stopped') return { result: 'skipped', message: 'the run was stopped on request' };
  const differences = compareSnapshots(start, await copy.snapshot(), { names: 'exact' }).map(describeDifference);
  return differences.length === 0 ? { result: 'passed' } : { result: 'failed', message: few(differences) };
}
