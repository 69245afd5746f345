import type { DatabaseMigration } from '../../../src/core/model/resource.ts';
import { condition } from '../operator-resources.ts';
import { askedFor, revisionOf, type Slot } from './slots.ts';

/** Why a slot is not what was asked for yet; undefined where it is. */
export async function unsettled(slot: Slot, resource: DatabaseMigration | undefined): Promise<string | undefined> {
  const history = (await slot.database.history()).map(({ revision }) => revision);
  if (!slot.wanted) return resource === undefined ? undefined : `${slot.name} is being deleted`;
  if (resource === undefined) return `${slot.name} is gone`;
  const { status, metadata } = resource;
  const ready = condition(resource, 'Ready');
  const asked = askedFor(slot);
  if (ready?.status !== 'True' || ready.observedGeneration !== metadata.generation)
    return `${slot.name} is not Ready: ${ready?.reason} ${ready?.message}`;
  if (status?.currentRevision !== asked.at(-1)) return `${slot.name} says that it is at ${status?.currentRevision}`;
  return history.join() === asked.join() ? undefined : `${slot.name} has the history ${history}`;
}

/** Every contradiction in a slot, between the status, the history and what really ran. */
export async function lies(slot: Slot, resource: DatabaseMigration | undefined): Promise<string[]> {
  const { name, database } = slot;
  const found: string[] = [];
  const history = await database.history();
  const standing = new Set<string>();
  for (const { migration, direction } of await database.ledger()) {
    if (direction === 'up' && standing.has(migration)) found.push(`${name}: ${migration} ran twice`);
    if (direction === 'down' && !standing.has(migration)) found.push(`${name}: ${migration} was reverted twice`);
    if (direction === 'up') standing.add(migration);
    else standing.delete(migration);
  }
  const revisions = history.map(({ revision }) => revision);
  if (revisions.join() !== [...standing].sort().join())
    found.push(`${name}: the history says ${revisions}, the migrations themselves ${[...standing]}`);
  if (history.some(({ state }) => state !== 'applied')) found.push(`${name}: a migration was left in the middle`);
  if (revisions.some((revision, index) => revision !== revisionOf(index))) found.push(`${name}: a gap in ${revisions}`);
  if (resource === undefined) return found;
  const { status, metadata } = resource;
  if (status?.currentRevision !== revisions.at(-1)) found.push(`${name}: the status says ${status?.currentRevision}`);
  if (status?.pending !== 0) found.push(`${name}: the status says that ${status?.pending} are pending`);
  if (status?.run?.finishedAt === undefined) found.push(`${name}: a run is said to be under way`);
  if (status?.run?.result !== 'succeeded') found.push(`${name}: the last run is said to have ${status?.run?.result}`);
  if (metadata.finalizers?.length) found.push(`${name}: held by ${metadata.finalizers}`);
  const runs = status?.history?.map(({ run }) => run) ?? [];
  if (new Set(runs).size !== runs.length) found.push(`${name}: a run is told twice`);
  const wrong = status?.history?.filter((run) => !EXPECTED.includes(run.reason) && !justBegun(run)) ?? [];
  for (const { reason } of wrong) found.push(`${name}: a run ended with ${reason}`);
  return found;
}

/** A run ends in one of these, also if any process is killed. */
const EXPECTED = ['Migrated', 'Reverted', 'UpToDate', 'RunLost'];

/** A pod may begin in the moment in which it is deleted because its resource was edited; it has done nothing then. */
function justBegun({ reason, from, to }: { reason: string; from?: string; to?: string }): boolean {
  return reason === 'Interrupted' && (to === undefined || to === from);
}
