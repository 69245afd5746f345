import type { Snapshot } from '../core/model/snapshot.ts';
import type { DatabaseTarget } from '../core/model/target.ts';

/** The target, with the schemas of the models among those that are looked after: what models describe is theirs. */
export function withModelSchemas<Target extends DatabaseTarget>(target: Target, models: Snapshot | undefined): Target {
  if (!('schemas' in target) || models === undefined) return target;
  const named = [...models.tables, ...models.enums].map(({ schema }) => schema);
  return { ...target, schemas: [...new Set([...target.schemas, ...named])] };
}
