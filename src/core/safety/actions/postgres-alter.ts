import type { SchemaAction, TableRef } from '../action.ts';
import { otherCommand } from './postgres-commands.ts';
import { columnOf, isDistinct, isNull } from './postgres-default.ts';
import { tableRef, typeName } from './postgres-names.ts';
import { columnSpec, constraintSpec } from './postgres-table.ts';
import { as, list, type Tree, text } from './tree.ts';

/** Of an AlterTableStmt: one action per command. Commands of views and indexes are not relevant for rules. */
export function alterTable(fields: Tree): SchemaAction[] {
  if (fields.objtype !== 'OBJECT_TABLE') return [];
  const table = tableRef(fields.relation);
  return list(fields.cmds).flatMap((command) => alterCommand(table, as('AlterTableCmd', command)));
}

function alterCommand(table: TableRef, command: Tree): SchemaAction[] {
  const name = text(command.name) ?? '';
  const cascade = command.behavior === 'DROP_CASCADE';
  switch (command.subtype) {
    case 'AT_AddColumn':
      return [{ kind: 'addColumn', table, column: columnSpec(as('ColumnDef', command.def)) }];
    case 'AT_DropColumn':
      return [{ kind: 'dropColumn', table, column: name, cascade }];
    case 'AT_AlterColumnType': {
      const definition = as('ColumnDef', command.def);
      const to = typeName(definition.typeName);
      const using = definition.raw_default !== undefined && !isOwnCast(definition.raw_default, name, to);
      return [{ kind: 'alterType', table, column: name, to, using }];
    }
    case 'AT_SetNotNull':
      return [{ kind: 'setNotNull', table, column: name }];
    case 'AT_DropNotNull':
      return [{ kind: 'dropNotNull', table, column: name }];
    case 'AT_ColumnDefault':
      return [
        {
          kind: 'setDefault',
          table,
          column: name,
          ...(command.def === undefined || isNull(command.def) ? { dropped: true } : {}),
          ...(isDistinct(command.def) ? { distinct: true } : {}),
        },
      ];
    case 'AT_AddConstraint': {
      const spec = constraintSpec(as('Constraint', command.def));
      return spec === undefined ? [] : [{ kind: 'addConstraint', table, ...spec }];
    }
    case 'AT_ValidateConstraint':
      return [{ kind: 'validateConstraint', table, name }];
    case 'AT_DropConstraint':
      return [{ kind: 'dropConstraint', table, name, cascade }];
    case 'AT_DetachPartition':
    case 'AT_AttachPartition': {
      const definition = as('PartitionCmd', command.def);
      const partition = tableRef(definition.name);
      return command.subtype === 'AT_AttachPartition'
        ? [{ kind: 'attachPartition', table, partition }]
        : [{ kind: 'detachPartition', table, partition, concurrently: definition.concurrent === true }];
    }
    case 'AT_SetLogged':
      return [{ kind: 'setLogged', table }];
    case 'AT_SetUnLogged':
      return [{ kind: 'setUnlogged', table }];
    case 'AT_SetTableSpace':
      return [{ kind: 'setTablespace', table }];
    case 'AT_SetAccessMethod':
      return [{ kind: 'setAccessMethod', table }];
    case 'AT_DisableTrig':
      return [{ kind: 'disableTriggers', table, name, foreignKeys: false }];
    case 'AT_DisableTrigAll':
    case 'AT_DisableTrigUser':
      return [{ kind: 'disableTriggers', table, foreignKeys: command.subtype === 'AT_DisableTrigAll' }];
    case 'AT_EnableTrig':
      return [{ kind: 'enableTriggers', table, name, foreignKeys: false }];
    case 'AT_EnableTrigAll':
    case 'AT_EnableTrigUser':
      return [{ kind: 'enableTriggers', table, foreignKeys: command.subtype === 'AT_EnableTrigAll' }];
    default:
      return [{ kind: 'other', command: otherCommand(String(command.subtype)), on: table }];
  }
}

/** `USING price::numeric` has the same meaning as the type alone. */
function isOwnCast(expression: unknown, column: string, to: string): boolean {
  const { arg, typeName: type } = as('TypeCast', expression);
  return columnOf(arg) === column && typeName(type) === to;
}

/** Of a RenameStmt and an AlterObjectSchemaStmt. */
export function rename(fields: Tree): SchemaAction[] {
  const table = tableRef(fields.relation);
  const to = text(fields.newname) ?? '';
  switch (fields.renameType) {
    case 'OBJECT_TABLE':
      return [{ kind: 'renameTable', table, to, view: false }];
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
      return [{ kind: 'renameTable', table, to, view: true }];
    case 'OBJECT_TABCONSTRAINT':
      return [{ kind: 'renameConstraint', on: table, from: text(fields.subname) ?? '', to }];
    case 'OBJECT_COLUMN':
      return [{ kind: 'renameColumn', table, from: text(fields.subname) ?? '', to }];
    case 'OBJECT_SCHEMA':
      return [{ kind: 'renameSchema', name: text(fields.subname) ?? '', to }];
    default:
      return [];
  }
}

export function setSchema(fields: Tree): SchemaAction[] {
  const moved = fields.objectType === 'OBJECT_TABLE';
  return moved ? [{ kind: 'setSchema', table: tableRef(fields.relation), to: text(fields.newschema) ?? '' }] : [];
}
