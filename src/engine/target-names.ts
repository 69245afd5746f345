import { type SchemaAction, type TableRef, tableKey } from '../core/safety/action.ts';

/** What tables and columns that statements rename are called in the target, where none of them has run. */
interface TargetNames {
  /** Follows a statement; others than those that rename are ignored. */
  see(action: SchemaAction): void;
  table(table: TableRef): TableRef;
  column(table: TableRef, column: string): string;
}

export function targetNames(): TargetNames {
  const tables = new Map<string, TableRef>();
  const schemas = new Map<string, string>();
  const columns = new Map<string, string>();
  const table: TargetNames['table'] = (ref) => {
    const schema = ref.schema === undefined ? undefined : schemas.get(ref.schema);
    return tables.get(tableKey(ref)) ?? (schema === undefined ? ref : { ...ref, schema });
  };
  const key = (ref: TableRef, column: string) => JSON.stringify([tableKey(table(ref)), column]);
  const column: TargetNames['column'] = (ref, name) => columns.get(key(ref, name)) ?? name;
  return {
    see(action) {
      if (action.kind === 'renameTable' || action.kind === 'setSchema') {
        const { table: from, to } = action;
        const now = action.kind === 'renameTable' ? { ...from, name: to } : { schema: to, name: from.name };
        tables.set(tableKey(now), table(from));
      } else if (action.kind === 'renameSchema') {
        schemas.set(action.to, schemas.get(action.name) ?? action.name);
      } else if (action.kind === 'renameColumn') {
        columns.set(key(action.table, action.to), column(action.table, action.from));
      }
    },
    table,
    column,
  };
}
