import type { DatabaseMigration } from '../model/resource.ts';
import type { Dependency } from './observed.ts';

/** The state of each `dependsOn`. `find` looks a name up in the namespace of the resource. */
export function dependenciesOf(
  resource: DatabaseMigration,
  find: (name: string) => DatabaseMigration | undefined,
): Dependency[] {
  return resource.spec.dependsOn.map(({ name }) => ({ name, state: stateOf(resource, name, find) }));
}

function stateOf(
  resource: DatabaseMigration,
  name: string,
  find: (name: string) => DatabaseMigration | undefined,
): Dependency['state'] {
  const circle = pathBack(resource.metadata.name, name, find);
  if (circle !== undefined) return { kind: 'cycle', path: circle };
  const other = find(name);
  if (other === undefined) return { kind: 'missing' };
  const { generation } = other.metadata;
  const ready = other.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True' || (ready.observedGeneration ?? 0) !== (generation ?? 0)) {
    return {
      kind: 'notReady',
      message: ready === undefined ? 'it has not run yet' : `${ready.reason}: ${ready.message}`,
    };
  }
  // A dry run that went through is Ready, and has left the database where it was.
  const pending = other.status?.pending ?? 0;
  return pending === 0
    ? { kind: 'ready' }
    : { kind: 'notReady', message: `${pending} ${pending === 1 ? 'migration is' : 'migrations are'} pending` };
}

/** The names from `from` back to `start`, or undefined where no way leads back. */
function pathBack(
  start: string,
  from: string,
  find: (name: string) => DatabaseMigration | undefined,
): string[] | undefined {
  const seen = new Set<string>();
  const visit = (name: string, path: string[]): string[] | undefined => {
    if (name === start) return [...path, name];
    if (seen.has(name)) return undefined;
    seen.add(name);
    for (const { name: next } of find(name)?.spec.dependsOn ?? []) {
      const found = visit(next, [...path, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(from, [start]);
}
