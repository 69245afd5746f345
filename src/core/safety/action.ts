import type { Direction } from '../model/migration.ts';
import type { SourcePosition } from '../model/problem.ts';

/** A table as named in a statement; `schema` is absent if the statement omits it. */
export interface TableRef {
  schema?: string;
  name: string;
}

/** `unknown`: an unknown function, which may give each row a different value. */
export type DefaultKind = 'constant' | 'volatile' | 'unknown';

export interface ColumnSpec {
  name: string;
  /** Lower case and short, with arguments: `integer`, `varchar(20)`, `timestamptz`, `text[]`. */
  type: string;
  notNull: boolean;
  default?: DefaultKind;
  /** Its default gives each row a unique value: a sequence or a random UUID. */
  distinct?: true;
  generated?: 'stored' | 'virtual';
  identity: boolean;
  primaryKey: boolean;
  unique: boolean;
  /** Of its unique constraint: NULLS NOT DISTINCT. */
  nullsEqual?: true;
  check: boolean;
  references?: TableRef;
}

export type ConstraintKind = 'primary key' | 'unique' | 'check' | 'foreign key' | 'exclusion' | 'not null';

export interface ConstraintSpec {
  constraint: ConstraintKind;
  name?: string;
  columns: string[];
  references?: TableRef;
  notValid: boolean;
  usingIndex: boolean;
  /** NULLS NOT DISTINCT. */
  nullsEqual?: true;
  /** Of a check: the column that it requires to be not null, if it requires nothing else. */
  notNullOf?: string;
}

export interface IndexSpec {
  name?: string;
  table: TableRef;
  /** Plain columns; expressions are omitted. */
  columns: string[];
  unique: boolean;
  /** NULLS NOT DISTINCT. */
  nullsEqual?: true;
  partial: boolean;
  concurrently: boolean;
  /** Of SQLite: every word of its expressions and its condition, in lower case. */
  mentions?: readonly string[];
  /** It also has expressions. */
  expressions?: true;
  /** ON ONLY: of a partitioned table without its partitions, so nothing is built yet. */
  only?: true;
}

/** What a statement does, reduced to what rules need. One statement can have several actions. */
export type SchemaAction =
  | {
      kind: 'createTable';
      table: TableRef;
      columns: ColumnSpec[];
      constraints: ConstraintSpec[];
      temporary: boolean;
      /** Its columns or keys come from elsewhere: a partition, INHERITS, LIKE, AS SELECT. */
      derived: boolean;
      /** PARTITION OF. */
      partitionOf?: TableRef;
      /** PARTITION BY. */
      partitioned?: true;
    }
  | { kind: 'addColumn'; table: TableRef; column: ColumnSpec }
  | { kind: 'dropColumn'; table: TableRef; column: string; cascade: boolean }
  | { kind: 'alterType'; table: TableRef; column: string; to: string; using: boolean }
  | { kind: 'setNotNull' | 'dropNotNull'; table: TableRef; column: string }
  /** `dropped`: DROP DEFAULT, or SET DEFAULT NULL. `distinct`: as of a column. */
  | { kind: 'setDefault'; table: TableRef; column: string; dropped?: true; distinct?: true }
  | ({ kind: 'addConstraint'; table: TableRef } & ConstraintSpec)
  | { kind: 'validateConstraint'; table: TableRef; name: string }
  | { kind: 'renameConstraint'; on: TableRef; from: string; to: string }
  | { kind: 'dropConstraint'; table: TableRef; name: string; cascade: boolean }
  | ({ kind: 'createIndex' } & IndexSpec)
  | { kind: 'dropIndex'; name: string; concurrently: boolean }
  | { kind: 'reindex'; target: string; table?: TableRef; concurrently: boolean }
  | { kind: 'detachPartition'; table: TableRef; partition: TableRef; concurrently: boolean }
  | { kind: 'attachPartition'; table: TableRef; partition: TableRef }
  | { kind: 'renameTable'; table: TableRef; to: string; view: boolean }
  | { kind: 'setSchema'; table: TableRef; to: string }
  | { kind: 'renameSchema'; name: string; to: string }
  | { kind: 'renameColumn'; table: TableRef; from: string; to: string }
  | { kind: 'addEnumValue' | 'renameEnumValue'; type: string; value: string }
  | { kind: 'dropTable' | 'truncate'; table: TableRef; cascade: boolean }
  | { kind: 'dropObject'; what: string; name: string; cascade: boolean }
  | { kind: 'dropSchema' | 'dropDatabase'; name: string; cascade: boolean }
  | { kind: 'vacuumFull' | 'cluster'; table?: TableRef }
  | { kind: 'setLogged' | 'setUnlogged' | 'setTablespace' | 'setAccessMethod'; table: TableRef }
  /** `name`: one trigger; `foreignKeys`: ALL, which includes the triggers of foreign keys. */
  | { kind: 'disableTriggers' | 'enableTriggers'; table: TableRef; name?: string; foreignKeys: boolean }
  /** `mentions`: every word of its text, in lower case; of SQLite, where a text keeps a column from being dropped. */
  | { kind: 'createView'; view: TableRef; materialized: boolean; replace?: true; mentions?: readonly string[] }
  | { kind: 'refreshView'; view: TableRef; concurrently: boolean }
  /** In a mode that blocks other sessions; `exclusive`: reads are blocked too. */
  | { kind: 'lockTable'; table: TableRef; exclusive: boolean }
  | { kind: 'createTrigger'; table: TableRef; name: string; replace?: true; mentions?: readonly string[] }
  | { kind: 'addDomainConstraint'; name: string; notValid: boolean }
  | { kind: 'createDomain'; name: string; check: boolean; notNull?: true }
  /** `on`: the table, if it is about one. */
  | { kind: 'revoke'; on?: TableRef }
  | { kind: 'update' | 'delete'; table: TableRef; filtered: boolean }
  | { kind: 'insert'; table: TableRef; fromSelect: boolean }
  | { kind: 'transaction'; verb: string }
  /** Of the session: whether its offset is that of UTC. */
  | { kind: 'setTimeZone'; utc: boolean }
  /** A query, and everything that it calls only reads. */
  | { kind: 'read' }
  | { kind: 'setTimeout'; name: 'lock_timeout' | 'statement_timeout'; off: boolean }
  /** A command that cannot run inside a transaction. */
  | { kind: 'outsideOnly'; command: string }
  | { kind: 'pragma'; name: string; value?: string }
  /** A feature that older SQLite libraries do not have; `since` as SQLite counts: 3035000. */
  | { kind: 'feature'; feature: string; since: number }
  /** An effect that a restore of the database does not undo: `CREATE ROLE x`. */
  | { kind: 'beyond'; what: string; reach: 'server' | 'outside' }
  /** A command of ALTER TABLE or ALTER DOMAIN that no rule needs, as SQL has it: `SET STATISTICS`. */
  | { kind: 'other'; command: string; on?: TableRef }
  /** A name longer than the limit of PostgreSQL, 63 bytes. */
  | { kind: 'longName'; name: string };

export type SchemaActionKind = SchemaAction['kind'];
export type SchemaActionOf<Kind extends SchemaActionKind> = Narrowed<SchemaAction, Kind>;

/** `Extract` gives nothing for one of several kinds that share a shape. */
type Narrowed<Of, Kind> = Of extends { kind: infer Own }
  ? [Extract<Own, Kind>] extends [never]
    ? never
    : Of & { kind: Extract<Own, Kind> }
  : never;

/** A statement with its actions. `actions` is undefined if it could not be parsed. */
export interface ReadStatement {
  sql: string;
  position?: SourcePosition;
  actions: SchemaAction[] | undefined;
  /** The error of the parser, if it failed. */
  unread?: string;
  /** Rules that a comment next to the statement disables, with the given reason, which may be empty. */
  ignore: { rule: string; why: string }[];
}

/** A migration as rules see it, in the direction in which it runs. */
export interface ReadMigration {
  revision: string;
  /** Its main file, relative to the folder of migrations. */
  file: string;
  direction: Direction;
  statements: ReadStatement[];
  transactional: boolean;
  reversible: boolean;
  /** Code whose statements are not all known: it was not recorded, or not completely. */
  opaque: boolean;
  /** Code: what it needs of other files of the project. */
  imports?: readonly string[];
  /** Of comments that are not next to a statement: they apply to the whole migration. */
  ignore?: ReadStatement['ignore'];
}

export function tableName({ schema, name }: TableRef): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** The canonical name of a table: a name without a schema is in `public`. */
export function tableKey({ schema, name }: TableRef): string {
  return tableName(schema === 'public' || schema === 'main' ? { name } : { schema, name });
}

/** A name without its schema. */
export function bareName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** The table of an action, if it has one. */
export function tableOf(action: SchemaAction): TableRef | undefined {
  return 'table' in action ? action.table : undefined;
}
