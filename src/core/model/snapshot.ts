import type { Dialect } from './dialect.ts';

/**
 * A schema as data. Lists are sorted by name (columns by position), so equal schemas give equal JSON.
 * Types and defaults are the database's own text; `core/schema` knows which texts mean the same.
 */
export interface Snapshot {
  dialect: Dialect;
  tables: Table[];
  enums: EnumType[];
  sequences: SequenceObject[];
  views: View[];
  /** Kinds of objects that the source of this snapshot cannot express (models have no CHECK); not compared. */
  unsupportedKinds?: readonly string[];
}

export interface Table {
  /** Schema in PostgreSQL; `main` on SQLite. */
  schema: string;
  name: string;
  columns: Column[];
  primaryKey?: KeyConstraint;
  uniques: UniqueConstraint[];
  foreignKeys: ForeignKey[];
  checks: CheckConstraint[];
  exclusions: NamedDefinition[];
  indexes: Index[];
  triggers: NamedDefinition[];
  comment?: string;
  /** `by` as in PARTITION BY; `of` is the parent, with its schema if that differs. */
  partition?: { by?: string; of?: string; bound?: string };
  /** Tables that this one inherits from without being a partition, in their order, as in `partition.of`. */
  inherits?: string[];
  /** SQLite's table options. */
  options: { withoutRowid: boolean; strict: boolean; autoincrement: boolean };
}

export interface Column {
  name: string;
  /** As the database writes it, with arguments: `character varying(255)`, `numeric(20,8)[]`. */
  type: string;
  nullable: boolean;
  /** SQL text of the default, absent if there is none. */
  default?: string;
  /** `options` are those of its sequence that are not the default: `START WITH 100 INCREMENT BY 5`. */
  identity?: { generation: 'ALWAYS' | 'BY DEFAULT'; options?: string };
  /** True if the default is a sequence that the column owns. */
  serial?: boolean;
  generated?: { expression: string; stored: boolean };
  collation?: string;
  comment?: string;
}

/** The name is absent if the database generated it or stores none. */
export interface KeyConstraint {
  name?: string;
  columns: string[];
  /** Columns that its index includes (INCLUDE). */
  include?: string[];
}

export interface UniqueConstraint extends KeyConstraint {
  nullsNotDistinct: boolean;
  deferrable?: Deferrable;
}

export type Deferrable = 'INITIALLY IMMEDIATE' | 'INITIALLY DEFERRED';
export type ReferentialAction = 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT';

export interface ForeignKey extends KeyConstraint {
  references: { schema: string; table: string; columns: string[] };
  onDelete: ReferentialAction;
  onUpdate: ReferentialAction;
  /** The columns that ON DELETE SET NULL or SET DEFAULT sets, if not all of them. */
  onDeleteColumns?: string[];
  match?: 'FULL';
  deferrable?: Deferrable;
  validated: boolean;
}

export interface CheckConstraint {
  name?: string;
  expression: string;
  validated: boolean;
  /** Absent if tables that inherit from this one have the check too. */
  noInherit?: true;
}

export interface NamedDefinition {
  name: string;
  definition: string;
}

export interface Index {
  name: string;
  unique: boolean;
  /** Default `btree`. */
  method: string;
  /** In order; an expression is stored as its text. */
  parts: IndexPart[];
  include: string[];
  /** The condition of a partial index. */
  where?: string;
  nullsNotDistinct: boolean;
  /** False for the index that a failed `CREATE INDEX CONCURRENTLY` leaves behind. */
  valid: boolean;
}

export type IndexPart = {
  order: 'ASC' | 'DESC';
  nulls?: 'FIRST' | 'LAST';
  opclass?: string;
  collation?: string;
} & ({ column: string } | { expression: string });

export interface EnumType {
  schema: string;
  name: string;
  values: string[];
}

export interface SequenceObject {
  schema: string;
  name: string;
  type: string;
  start: string;
  increment: string;
  /** Options that differ from the defaults of its type: `MINVALUE 5 CACHE 10 CYCLE`. */
  options?: string;
  /** The column that it numbers (serial, identity) and that owns it, as `schema.table.column`. */
  ownedBy?: string;
  /** The table of a column that owns it but does not use its numbers; `options` contain OWNED BY. */
  attachedTo?: { schema: string; name: string };
}

export interface View {
  schema: string;
  name: string;
  materialized: boolean;
  definition: string;
  /** Of a materialized view. */
  indexes?: Index[];
}
