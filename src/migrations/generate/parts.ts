import type { ForeignKey, Index } from '../../core/model/snapshot.ts';
import type { Constraint, OperationPlace } from '../../core/schema/operations.ts';
import { columnList, parenthesised, quote, words } from './statement.ts';

/** Parts of DDL that both databases spell alike. */
type NameOf = (place: OperationPlace) => string;

export function constraintSql(constraint: Constraint, nameOf: NameOf): string {
  switch (constraint.kind) {
    case 'primary key': {
      const { name, columns, include } = constraint.key;
      return words(named(name), 'PRIMARY KEY', columnList(columns), include && `INCLUDE ${columnList(include)}`);
    }
    case 'unique': {
      const { name, columns, include, nullsNotDistinct, deferrable } = constraint.key;
      return words(
        named(name),
        'UNIQUE',
        nullsNotDistinct && 'NULLS NOT DISTINCT',
        columnList(columns),
        include && `INCLUDE ${columnList(include)}`,
        deferrable && `DEFERRABLE ${deferrable}`,
      );
    }
    case 'check': {
      const { name, expression, noInherit, validated } = constraint.check;
      return words(
        named(name),
        `CHECK ${parenthesised(expression)}`,
        noInherit && 'NO INHERIT',
        !validated && 'NOT VALID',
      );
    }
    case 'exclusion':
      return words(named(constraint.exclusion.name), constraint.exclusion.definition);
    case 'foreign key': {
      const { key } = constraint;
      const source = `FOREIGN KEY ${columnList(key.columns)}`;
      return words(named(key.name), source, referenceSql(key, nameOf), !key.validated && 'NOT VALID');
    }
  }
}

export function referenceSql(key: ForeignKey, nameOf: NameOf): string {
  const { references, onDelete, onDeleteColumns, onUpdate, match, deferrable } = key;
  return words(
    'REFERENCES',
    nameOf({ schema: references.schema, name: references.table }),
    columnList(references.columns),
    match && `MATCH ${match}`,
    onDelete !== 'NO ACTION' && `ON DELETE ${onDelete}`,
    onDelete !== 'NO ACTION' && onDeleteColumns && columnList(onDeleteColumns),
    onUpdate !== 'NO ACTION' && `ON UPDATE ${onUpdate}`,
    deferrable && `DEFERRABLE ${deferrable}`,
  );
}

interface IndexWords {
  concurrently: boolean;
  /** Whether a method, operator classes and NULLS can be written at all. */
  methods: boolean;
}

export function createIndexSql(index: Index, table: string, { concurrently, methods }: IndexWords): string {
  const parts = index.parts.map((part) =>
    words(
      'column' in part ? quote(part.column) : parenthesised(part.expression),
      part.collation && `COLLATE ${quote(part.collation)}`,
      methods && part.opclass,
      part.order === 'DESC' && 'DESC',
      methods && part.nulls && `NULLS ${part.nulls}`,
    ),
  );
  return words(
    'CREATE',
    index.unique && 'UNIQUE',
    'INDEX',
    concurrently && 'CONCURRENTLY',
    quote(index.name),
    'ON',
    table,
    methods && index.method !== 'btree' && `USING ${index.method}`,
    `(${parts.join(', ')})`,
    index.include.length > 0 && `INCLUDE ${columnList(index.include)}`,
    index.nullsNotDistinct && 'NULLS NOT DISTINCT',
    index.where !== undefined && `WHERE ${parenthesised(index.where)}`,
  );
}

export function named(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `CONSTRAINT ${quote(name)}`;
}
