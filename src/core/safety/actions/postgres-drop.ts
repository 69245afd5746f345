import type { SchemaAction } from '../action.ts';
import { refOf } from './postgres-names.ts';
import { as, list, name, names, open, type Tree } from './tree.ts';

const OBJECTS: Record<string, string> = {
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'domain',
  OBJECT_EXTENSION: 'extension',
  OBJECT_FUNCTION: 'function',
  OBJECT_TRIGGER: 'trigger',
};

/** Of a DropStmt: one action for each object that it names. */
export function drop(fields: Tree): SchemaAction[] {
  const cascade = fields.behavior === 'DROP_CASCADE';
  const concurrently = fields.concurrent === true;
  return list(fields.objects).flatMap((object): SchemaAction[] => {
    const parts = partsOf(object);
    const named = parts.join('.');
    switch (fields.removeType) {
      case 'OBJECT_TABLE':
      case 'OBJECT_FOREIGN_TABLE':
        return [{ kind: 'dropTable', table: refOf(parts), cascade }];
      case 'OBJECT_INDEX':
        return [{ kind: 'dropIndex', name: named, concurrently }];
      case 'OBJECT_SCHEMA':
        return [{ kind: 'dropSchema', name: named, cascade }];
      default: {
        const what = OBJECTS[String(fields.removeType)];
        return what === undefined ? [] : [{ kind: 'dropObject', what, name: named, cascade }];
      }
    }
  });
}

function partsOf(object: unknown): string[] {
  const [kind, fields] = open(object);
  if (kind === 'List') return names(fields.items);
  if (kind === 'TypeName') return names(fields.names);
  if (kind === 'ObjectWithArgs') return names(fields.objname);
  return [name(as(kind, object).sval === undefined ? undefined : object)];
}
