import type {
  CheckConstraint,
  Column,
  EnumType,
  ForeignKey,
  Index,
  KeyConstraint,
  NamedDefinition,
  SequenceObject,
  Table,
  UniqueConstraint,
  View,
} from '../model/snapshot.ts';
import type { ColumnProperty } from './columns.ts';

/** A table by name; `existing` tables may contain rows, the others are created by the same migration. */
export interface OperationPlace {
  schema: string;
  name: string;
}

export type Constraint =
  | { kind: 'primary key'; key: KeyConstraint }
  | { kind: 'unique'; key: UniqueConstraint }
  | { kind: 'foreign key'; key: ForeignKey }
  | { kind: 'check'; check: CheckConstraint }
  | { kind: 'exclusion'; exclusion: NamedDefinition };

/** One step from a schema to another; `migrations/generate` writes each as SQL. */
export type Operation =
  | { kind: 'renameTable'; from: OperationPlace; to: OperationPlace }
  | { kind: 'renameColumn'; table: OperationPlace; from: string; to: string }
  | { kind: 'createSchema'; schema: string }
  | { kind: 'createEnum'; type: EnumType }
  | { kind: 'dropEnum'; type: EnumType }
  | { kind: 'addEnumValue'; type: EnumType; value: string; place: { before: string } | { after: string } | undefined }
  /** Values are removed or in a different order: a new type replaces the old one in every column. */
  | {
      kind: 'replaceEnum';
      from: EnumType;
      to: EnumType;
      users: { table: OperationPlace; column: Column }[];
      lost: string[];
    }
  | { kind: 'createSequence'; sequence: SequenceObject }
  | { kind: 'dropSequence'; sequence: SequenceObject }
  | { kind: 'alterSequence'; from: SequenceObject; to: SequenceObject }
  | { kind: 'createTable'; table: Table }
  | { kind: 'dropTable'; table: Table }
  | { kind: 'addColumn'; table: OperationPlace; column: Column; reference?: ForeignKey }
  | { kind: 'dropColumn'; table: OperationPlace; column: Column }
  | {
      kind: 'alterColumn';
      table: OperationPlace;
      from: Column;
      to: Column;
      properties: ColumnProperty[];
      /** PostgreSQL: the sequence of the serial column exists. */
      reuseSequence?: boolean;
    }
  | { kind: 'addConstraint'; table: OperationPlace; constraint: Constraint }
  | { kind: 'dropConstraint'; table: OperationPlace; constraint: Constraint }
  | { kind: 'validateConstraint'; table: OperationPlace; name: string }
  | { kind: 'createIndex'; table: OperationPlace; index: Index }
  | { kind: 'dropIndex'; table: OperationPlace; index: Index }
  | { kind: 'createTrigger'; table: OperationPlace; trigger: NamedDefinition }
  | { kind: 'dropTrigger'; table: OperationPlace; trigger: NamedDefinition }
  /** `stale`: columns that its definition reads under a name from before the renames; a person has to insert the new one. */
  | { kind: 'createView'; view: View; stale?: { from: string; to: string }[] }
  | { kind: 'dropView'; view: View }
  | { kind: 'commentTable'; table: OperationPlace; comment: string | undefined }
  /** SQLite: a new table replaces the old one; `referenced`: rows of other tables reference it. */
  | { kind: 'rebuildTable'; from: Table; to: Table; referenced: boolean };

/** Options of CREATE TABLE that cannot be changed later need a rebuild or a new table. */
export function placeOf({ schema, name }: OperationPlace): OperationPlace {
  return { schema, name };
}

/** The data that is lost when it runs, as a clause; undefined for steps that lose nothing. */
export function lossOf(operation: Operation): string | undefined {
  switch (operation.kind) {
    case 'dropTable':
      return `drops the table ${operation.table.name} with all its rows`;
    case 'dropColumn':
      return operation.column.generated === undefined
        ? `drops the column ${operation.table.name}.${operation.column.name} with its values`
        : undefined;
    case 'replaceEnum':
      return operation.lost.length === 0
        ? undefined
        : `removes ${operation.lost.map((value) => `'${value}'`).join(', ')} from ${operation.to.name}; it fails if rows contain it`;
    case 'dropSequence':
      return `drops the sequence ${operation.sequence.name} with its position`;
    case 'rebuildTable':
      return lossOfRebuild(operation.from, operation.to);
    default:
      return undefined;
  }
}

function lossOfRebuild(from: Table, to: Table): string | undefined {
  const kept = new Set(to.columns.map(({ name }) => name));
  const gone = from.columns.filter(({ name, generated }) => !kept.has(name) && generated === undefined);
  if (gone.length === 0) return undefined;
  return `drops ${gone.map(({ name }) => `${from.name}.${name}`).join(', ')} with its values`;
}
