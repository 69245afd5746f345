import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup } from '../core/model/backup.ts';
import type { MigrationEffects } from '../core/model/effects.ts';
import type { LoadedMigration } from '../core/model/migration.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { compareSnapshots, describeDifference } from '../core/schema/compare.ts';
import type { Database, MigrationOutcome, Scratch } from '../database/port.ts';
import type { RunPorts } from './ports.ts';
import { few } from './words.ts';

export interface OpenedCopy {
  scratch: Scratch;
  mode: 'Full' | 'SchemaOnly';
  /** Why this mode. */
  why: string;
}

/**
 * The copy that the plan is rehearsed on. `Auto` is Full where a backup was taken and room and rights allow,
 * else SchemaOnly with the reason. Throws ProblemError RehearsalImpossible where the wish cannot be met.
 */
export async function openCopy(database: Database, backup: Backup | undefined, ports: RunPorts): Promise<OpenedCopy> {
  const { safety, runId } = ports.request;
  const onProgress = (done: number, total: number | undefined) =>
    ports.progress({ step: 'rehearse', done, total, unit: 'bytes', label: 'restoring the copy' });
  const make = (source: Parameters<Database['createScratch']>[0]) =>
    database.createScratch(source, { runId, onProgress });

  if (safety.rehearsal !== 'SchemaOnly' && backup !== undefined) {
    try {
      return {
        scratch: await make({ kind: 'backup', backup }),
        mode: 'Full',
        why: `on a copy restored from ${backup.manifest.name}`,
      };
    } catch (error) {
      const impossible = error instanceof ProblemError && error.problem.reason === 'RehearsalImpossible';
      if (!impossible || safety.rehearsal === 'Full') throw error;
      const why = `on the schema only, because ${error.problem.message}`;
      return { scratch: await make({ kind: 'schema' }), mode: 'SchemaOnly', why };
    }
  }
  const why =
    safety.rehearsal === 'SchemaOnly' ? 'on the schema only, as asked' : 'on the schema only: no backup was taken';
  return { scratch: await make({ kind: 'schema' }), mode: 'SchemaOnly', why };
}

/** Runs the plan on the copy and records what it did there. */
export function runOnCopy(
  copy: Database,
  migrations: LoadedMigration[],
  direction: 'up' | 'down',
  ports: RunPorts,
): Promise<MigrationOutcome> {
  const total = migrations.length;
  return copy.migrate({
    direction,
    migrations,
    runId: ports.request.runId,
    toolVersion: TOOL_VERSION,
    timeouts: ports.request.timeouts,
    observe: true,
    signal: ports.signal,
    onStart: ({ revision }, index) =>
      ports.progress({ step: 'rehearse', done: index, total, unit: 'migrations', label: revision }),
    onDone: ({ revision }, index) =>
      ports.progress({ step: 'rehearse', done: index + 1, total, unit: 'migrations', label: revision }),
  });
}

export type RoundTrip = { result: 'passed' | 'failed' | 'skipped'; message?: string };

/** Reverts the plan on the copy and compares with the start. */
export async function roundTrip(
  copy: Database,
  migrations: LoadedMigration[],
  start: Snapshot,
  ports: RunPorts,
): Promise<RoundTrip> {
  const stuck = migrations.filter(({ down }) => down === undefined).map(({ revision }) => revision);
  if (stuck.length > 0) return { result: 'skipped', message: `no down in ${few(stuck)}` };
  const reverted = await runOnCopy(copy, [...migrations].reverse(), 'down', ports);
  if (reverted.kind === 'failed') return { result: 'failed', message: reverted.problem.message };
  if (reverted.kind === 'stopped') return { result: 'skipped', message: 'the run was asked to stop' };
  const differences = compareSnapshots(start, await copy.snapshot()).map(describeDifference);
  return differences.length === 0 ? { result: 'passed' } : { result: 'failed', message: few(differences) };
}

/** A table that holds fewer rows afterwards although its migration does not name it, in a sentence each. */
export async function unnamedLosses(
  folder: string,
  migrations: LoadedMigration[],
  effects: MigrationEffects[],
): Promise<string[]> {
  const losses: string[] = [];
  for (const effect of effects) {
    const migration = migrations.find(({ revision }) => revision === effect.revision);
    const source = await Promise.all((migration?.files ?? []).map((file) => readFile(join(folder, file), 'utf8')));
    for (const { table, before, after } of effect.rows) {
      if (before === null || before <= (after ?? 0)) continue;
      const name = table.split('.').at(-1) ?? table;
      if (source.some((text) => mentions(text, name))) continue;
      losses.push(
        `${effect.revision} takes ${before - (after ?? 0)} of ${before} rows from ${table}, which it does not name`,
      );
    }
  }
  return losses;
}

function mentions(text: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![A-Za-z0-9_])${escaped}(?![A-Za-z0-9_])`, 'i').test(text);
}
