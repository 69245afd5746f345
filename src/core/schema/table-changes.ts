import type { Column, Index, NamedDefinition, Table } from '../model/snapshot.ts';
import { type ColumnProperty, changedProperties } from './columns.ts';
import { checkText, exclusionText, foreignKeyText, primaryKeyText, uniqueText } from './constraints.ts';
import { indexText } from './indexes.ts';
import type { Spelling } from './normalizer.ts';
import type { Constraint } from './operations.ts';

export interface ColumnChange {
  from: Column;
  to: Column;
  properties: ColumnProperty[];
}

/** The differences between two states of one table, as objects. */
export interface TableChanges {
  addedColumns: Column[];
  droppedColumns: Column[];
  changedColumns: ColumnChange[];
  added: Constraint[];
  dropped: Constraint[];
  /** NOT VALID before, valid now, otherwise the same. */
  validated: { constraint: Constraint; name: string }[];
  addedIndexes: Index[];
  droppedIndexes: Index[];
  addedTriggers: NamedDefinition[];
  droppedTriggers: NamedDefinition[];
}

/** `from` and `to` are two states of one database, so names count; pass a normalizer with names. */
export function tableChanges(normalizer: Spelling, from: Table, to: Table): TableChanges {
  const before = new Map(from.columns.map((column) => [column.name, column]));
  const after = new Map(to.columns.map((column) => [column.name, column]));
  const changed = to.columns.flatMap((column): ColumnChange[] => {
    const other = before.get(column.name);
    const properties = other === undefined ? [] : changedProperties(normalizer, column, other);
    return other === undefined || properties.length === 0 ? [] : [{ from: other, to: column, properties }];
  });
  const constraints = split(constraintsOf(from), constraintsOf(to), (one) => constraintText(normalizer, one));
  const validated = constraints.added.flatMap((constraint) => {
    const name = nameOf(constraint);
    const before = constraints.dropped.find((one) => isSameUnvalidated(normalizer, one, constraint));
    return before === undefined || name === undefined ? [] : [{ constraint, before, name }];
  });
  const settled = new Set<Constraint>(validated.flatMap(({ constraint, before }) => [constraint, before]));
  const indexes = split(from.indexes, to.indexes, (index) => indexText(normalizer, index));
  const triggers = split(
    from.triggers,
    to.triggers,
    ({ name, definition }) => `${name} ${normalizer.statement(definition)}`,
  );
  return {
    addedColumns: to.columns.filter(({ name }) => !before.has(name)),
    droppedColumns: from.columns.filter(({ name }) => !after.has(name)),
    changedColumns: changed,
    added: constraints.added.filter((one) => !settled.has(one)),
    dropped: constraints.dropped.filter((one) => !settled.has(one)),
    // The down from valid to NOT VALID needs no step: the constraint is still enforced.
    validated: validated.filter(({ constraint }) => isValidated(constraint)),
    addedIndexes: indexes.added,
    droppedIndexes: indexes.dropped,
    addedTriggers: triggers.added,
    droppedTriggers: triggers.dropped,
  };
}

export function constraintsOf(table: Table): Constraint[] {
  return [
    ...(table.primaryKey === undefined ? [] : [{ kind: 'primary key' as const, key: table.primaryKey }]),
    ...table.uniques.map((key) => ({ kind: 'unique' as const, key })),
    ...table.checks.map((check) => ({ kind: 'check' as const, check })),
    ...table.exclusions.map((exclusion) => ({ kind: 'exclusion' as const, exclusion })),
    ...table.foreignKeys.map((key) => ({ kind: 'foreign key' as const, key })),
  ];
}

export function constraintText(normalizer: Spelling, constraint: Constraint): string {
  switch (constraint.kind) {
    case 'primary key':
      return `primary key ${primaryKeyText(normalizer, constraint.key)}`;
    case 'unique':
      return `unique ${uniqueText(normalizer, constraint.key)}`;
    case 'foreign key':
      return `foreign key ${foreignKeyText(normalizer, constraint.key)}`;
    case 'check':
      return `check ${checkText(normalizer, constraint.check)}`;
    case 'exclusion':
      return `exclusion ${exclusionText(normalizer, constraint.exclusion)}`;
  }
}

export function nameOf(constraint: Constraint): string | undefined {
  if (constraint.kind === 'check') return constraint.check.name;
  return constraint.kind === 'exclusion' ? constraint.exclusion.name : constraint.key.name;
}

function isValidated(constraint: Constraint): boolean {
  if (constraint.kind === 'check') return constraint.check.validated;
  return constraint.kind !== 'foreign key' || constraint.key.validated;
}

function isSameUnvalidated(normalizer: Spelling, before: Constraint, after: Constraint): boolean {
  if (before.kind === 'check' && after.kind === 'check') {
    return (
      before.check.validated !== after.check.validated &&
      checkText(normalizer, { ...before.check, validated: true }) ===
        checkText(normalizer, { ...after.check, validated: true })
    );
  }
  if (before.kind !== 'foreign key' || after.kind !== 'foreign key') return false;
  return (
    before.key.validated !== after.key.validated &&
    foreignKeyText(normalizer, { ...before.key, validated: true }) ===
      foreignKeyText(normalizer, { ...after.key, validated: true })
  );
}

function split<T>(from: readonly T[], to: readonly T[], text: (one: T) => string): { added: T[]; dropped: T[] } {
  const before = new Set(from.map(text));
  const after = new Set(to.map(text));
  return { added: to.filter((one) => !before.has(text(one))), dropped: from.filter((one) => !after.has(text(one))) };
}
