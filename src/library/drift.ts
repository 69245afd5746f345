import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { compareLive, type Drift, readLive } from '../engine/drift.ts';
import { lockWait } from '../engine/lock-wait.ts';
import { holder } from './holder.ts';
import { noModels, notesOf, replay } from './schema.ts';
import { type Session, withModels } from './session.ts';
import type { Options } from './settings.ts';

export interface DriftOptions extends Options {
  /** What the schema should be. `migrations` (default): a replay of the applied migrations. `models`: the models. */
  against?: 'migrations' | 'models';
  /** Objects that may differ, as glob patterns over `table` or `table.name`: `audit_*`, `orders.note`, `reporting.*`. */
  ignore?: string[];
}

/** `differences` that are not ignored, each with the `sql` that undoes it alone; `sql` undoes all of them, in order. */
export interface DriftResult extends Drift {
  /** Whether every difference is ignored, or none was found. */
  inSync: boolean;
  /** The schema that the database was compared with. */
  expected: string;
  /** What was not checked: tables of other schemas. */
  notes: string[];
}

/**
 * Compares the live schema with the schema that the applied migrations make. Waits for a run in progress, and holds the
 * migration lock only while the schema is read. Nothing is changed. Partitions and children that a program creates at
 * run time, and objects of extensions, are not differences. Throws ProblemError.
 *
 * @example
 * const { inSync, differences } = await findDrift({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function findDrift(options: DriftOptions = {}): Promise<DriftResult> {
  return withModels(options, async (session) => {
    const { database, settings, runId } = session;
    const { onMessage: onWaiting, signal } = options;
    const waitMs = lockWait(settings.timeouts.run);
    const { history, found } = await readLive(database, { waitMs, runId, holder: holder(), onWaiting, signal });
    const { snapshot, source } = await wantedSchema(session, options.against, history);
    const drift = await compareLive(database, snapshot, found, options.ignore ?? []);
    return { inSync: drift.differences.length === 0, expected: source, ...drift, notes: await notesOf(database) };
  });
}

async function wantedSchema(
  session: Session,
  against: DriftOptions['against'],
  history: readonly { revision: Revision }[],
): Promise<{ snapshot: Snapshot; source: string }> {
  if (against === 'models') {
    if (session.models === undefined) throw noModels();
    return { snapshot: session.models, source: `the models in ${session.settings.models}` };
  }
  const revisions = history.map(({ revision }) => revision);
  return { snapshot: await replay(session, revisions), source: 'a replay of the applied migrations' };
}
