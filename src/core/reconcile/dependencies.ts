import { count } from '../model/count.ts';
import type { DatabaseMigration } from '../model/resource.ts';
import type { Dependency } from './observed.ts';

/** The state of each entry of `dependsOn`. `find` looks up a name in the namespace of the resource. */
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
  if (other.spec.execution === 'Sidecar') {
    const message = 'its sidecar runs the migrations and reports nothing to the cluster. Remove it from spec.dependsOn';
    return { kind: 'notReady', message };
  }
  const { generation } = other.metadata;
  const ready = other.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True' || (ready.observedGeneration ?? 0) !== (generation ?? 0)) {
    return {
      kind: 'notReady',
      message: ready === undefined ? 'it has not run yet' : `${ready.reason}: ${ready.message}`,
    };
  }
  // A resource is also Ready after a successful dry run, which leaves the database unchanged.
  const pending = other.status?.pending ?? 0;
  return pending === 0
    ? { kind: 'ready' }
    : { kind: 'notReady', message: `${count(pending, 'migration')} ${pending === 1 ? 'is' : 'are'} pending` };
}

/** The path of names from `from` back to `start`, or undefined if there is none. */
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
