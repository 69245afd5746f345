import type { SourcePosition } from '../model/problem.ts';

/** A table as a statement names it; `schema` is absent where the statement leaves it out. */
export interface TableRef {
  schema?: string;
  name: string;
}

export interface ColumnSpec {
  name: string;
  /** Lower case, PostgreSQL's internal names made plain: `int4` is `integer`, with arguments: `varchar(20)`. */
  type: string;
  notNull: boolean;
  default?: 'constant' | 'volatile';
  generated?: 'stored' | 'virtual';
  identity: boolean;
  primaryKey: boolean;
  unique: boolean;
  references?: TableRef;
}

export type ConstraintKind = 'primary key' | 'unique' | 'check' | 'foreign key' | 'exclusion' | 'not null';

/** What a statement does, as far as a rule may care. One statement can do several things. */
export type Action =
  | {
      kind: 'createTable';
      table: TableRef;
      columns: ColumnSpec[];
      foreignKeys: { columns: string[]; references: TableRef }[];
      temporary: boolean;
    }
  | { kind: 'addColumn'; table: TableRef; column: ColumnSpec }
  | { kind: 'dropColumn'; table: TableRef; column: string }
  | { kind: 'alterType'; table: TableRef; column: string; to: string; using: boolean }
  | { kind: 'setNotNull' | 'dropNotNull'; table: TableRef; column: string }
  | { kind: 'setDefault'; table: TableRef; column: string }
  | {
      kind: 'addConstraint';
      table: TableRef;
      constraint: ConstraintKind;
      name?: string;
      columns: string[];
      notValid: boolean;
      usingIndex: boolean;
      references?: TableRef;
      expression?: string;
    }
  | { kind: 'validateConstraint' | 'dropConstraint'; table: TableRef; name: string }
  | { kind: 'createIndex'; table: TableRef; name?: string; columns: string[]; unique: boolean; concurrently: boolean }
  | { kind: 'dropIndex'; name: string; concurrently: boolean }
  | { kind: 'reindex'; target: string; concurrently: boolean }
  | { kind: 'detachPartition'; table: TableRef; partition: TableRef; concurrently: boolean }
  | { kind: 'attachPartition'; table: TableRef; partition: TableRef }
  | { kind: 'renameTable'; table: TableRef; to: string }
  | { kind: 'renameColumn'; table: TableRef; from: string; to: string }
  | { kind: 'addEnumValue' | 'renameEnumValue'; type: string; value: string }
  | { kind: 'dropTable' | 'truncate'; table: TableRef; cascade: boolean }
  | { kind: 'dropSchema' | 'dropDatabase'; name: string; cascade: boolean }
  | { kind: 'vacuumFull' | 'cluster' | 'setLogged' | 'setUnlogged' | 'setTablespace'; table?: TableRef }
  | { kind: 'refreshView'; view: TableRef; concurrently: boolean }
  | { kind: 'lockTable'; table: TableRef; mode: number }
  | { kind: 'createTrigger'; table: TableRef; name: string }
  | { kind: 'update' | 'delete'; table: TableRef; filtered: boolean }
  | { kind: 'insert'; table: TableRef; fromSelect: boolean }
  | { kind: 'transaction'; verb: string }
  | { kind: 'setTimeout'; name: 'lock_timeout' | 'statement_timeout' }
  | { kind: 'comment'; text: string };

export type ActionKind = Action['kind'];
export type ActionOf<Kind extends ActionKind> = Extract<Action, { kind: Kind }>;

/** A statement with what it does. `actions` is undefined where it could not be parsed. */
export interface ReadStatement {
  sql: string;
  position?: SourcePosition;
  actions: Action[] | undefined;
  /** Rules that a comment beside the statement tells to leave it alone, with the reason given. */
  ignore: { rule: string; why: string }[];
}

/** A migration as rules see it. */
export interface ReadMigration {
  revision: string;
  statements: ReadStatement[];
  transactional: boolean;
  reversible: boolean;
  /** Code whose statements are not known: it has not been recorded. */
  opaque: boolean;
}

export function tableName({ schema, name }: TableRef): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

export function sameTable(a: TableRef, b: TableRef): boolean {
  return a.name === b.name && (a.schema ?? 'public') === (b.schema ?? 'public');
}

/** The table that an action locks, where it is about one. */
export function tableOf(action: Action): TableRef | undefined {
  return 'table' in action ? action.table : undefined;
}
