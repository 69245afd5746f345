import type { ColumnSpec, ConstraintKind, ConstraintSpec, SchemaAction } from '../action.ts';
import { columnOf, defaultKind, isDistinct, isNull } from './postgres-default.ts';
import { tableRef, typeName } from './postgres-names.ts';
import { as, list, names, open, type Tree, text, tree } from './tree.ts';

const SERIAL = new Set(['serial', 'bigserial', 'smallserial']);

const CONSTRAINTS: Record<string, ConstraintKind> = {
  CONSTR_PRIMARY: 'primary key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign key',
  CONSTR_EXCLUSION: 'exclusion',
  CONSTR_NOTNULL: 'not null',
};

/** Of a CreateStmt. */
export function createTable(fields: Tree): SchemaAction {
  const elements = list(fields.tableElts).map(open);
  const defined = elements.flatMap(([kind, element]) => (kind === 'ColumnDef' ? [element] : []));
  const columns = defined.map(columnSpec);
  const constraints = [
    ...defined.flatMap(columnConstraints),
    ...elements.flatMap(([kind, element]) => (kind === 'Constraint' ? (constraintSpec(element) ?? []) : [])),
  ];
  const { relpersistence } = tree(fields.relation);
  const derived =
    list(fields.inhRelations).length > 0 ||
    fields.ofTypename !== undefined ||
    elements.some(([kind]) => kind === 'TableLikeClause');
  const table = tableRef(fields.relation);
  const [parent] = fields.partbound === undefined ? [] : list(fields.inhRelations);
  return {
    kind: 'createTable',
    table,
    columns,
    constraints,
    temporary: relpersistence === 't',
    derived,
    ...(parent === undefined ? {} : { partitionOf: tableRef(as('RangeVar', parent)) }),
    ...(fields.partspec === undefined ? {} : { partitioned: true }),
  };
}

/** Of a ColumnDef. */
export function columnSpec(fields: Tree): ColumnSpec {
  const constraints = list(fields.constraints).map((one) => as('Constraint', one));
  const find = (contype: string) => constraints.find((one) => one.contype === contype);
  const type = typeName(fields.typeName);
  const generated = find('CONSTR_GENERATED');
  const foreign = find('CONSTR_FOREIGN');
  const expression = find('CONSTR_DEFAULT')?.raw_expr;
  const fallback = expression === undefined || isNull(expression) ? undefined : defaultKind(expression);
  return {
    name: text(fields.colname) ?? '',
    type,
    notNull: find('CONSTR_NOTNULL') !== undefined || SERIAL.has(type),
    default: SERIAL.has(type) ? 'volatile' : fallback,
    ...(SERIAL.has(type) || isDistinct(expression) ? { distinct: true } : {}),
    generated: generated === undefined ? undefined : generated.generated_kind === 'v' ? 'virtual' : 'stored',
    identity: find('CONSTR_IDENTITY') !== undefined,
    primaryKey: find('CONSTR_PRIMARY') !== undefined,
    unique: find('CONSTR_UNIQUE') !== undefined,
    ...(find('CONSTR_UNIQUE')?.nulls_not_distinct === true ? { nullsEqual: true } : {}),
    check: find('CONSTR_CHECK') !== undefined,
    references: foreign === undefined ? undefined : tableRef(foreign.pktable),
  };
}

function columnConstraints(fields: Tree): ConstraintSpec[] {
  const column = text(fields.colname) ?? '';
  return list(fields.constraints).flatMap((one) => {
    const spec = constraintSpec(as('Constraint', one));
    return spec === undefined || spec.constraint === 'not null' ? [] : [{ ...spec, columns: [column] }];
  });
}

/** Of a Constraint; undefined for kinds that do not count as constraints here (DEFAULT, GENERATED). */
export function constraintSpec(fields: Tree): ConstraintSpec | undefined {
  const constraint = CONSTRAINTS[text(fields.contype) ?? ''];
  if (constraint === undefined) return undefined;
  const keys = names(fields.fk_attrs ?? fields.keys);
  const [test, asked] = open(fields.raw_expr);
  return {
    constraint,
    name: text(fields.conname),
    columns: keys,
    references: fields.pktable === undefined ? undefined : tableRef(fields.pktable),
    // A constraint that is not enforced is not checked either.
    notValid: fields.skip_validation === true || (fields.is_enforced === false && constraint !== 'unique'),
    usingIndex: fields.indexname !== undefined,
    ...(fields.nulls_not_distinct === true ? { nullsEqual: true } : {}),
    notNullOf: test === 'NullTest' && asked.nulltesttype === 'IS_NOT_NULL' ? columnOf(asked.arg) : undefined,
  };
}
