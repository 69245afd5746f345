/**
 * What a statement of PostgreSQL does, from its own syntax tree (`libpg-query`, one entry of `stmts`). Pure over JSON:
 * unknown nodes are ignored, and an unexpected tree causes no error.
 */
import { type SchemaAction, tableName } from '../action.ts';
import { alterTable, rename, setSchema } from './postgres-alter.ts';
import { drop } from './postgres-drop.ts';
import { tableRef } from './postgres-names.ts';
import { reads } from './postgres-read.ts';
import { settings } from './postgres-settings.ts';
import { createTable } from './postgres-table.ts';
import { as, list, names, open, type Tree, text, tree } from './tree.ts';

/** Of one node `{ IndexStmt: {…} }`. */
export function postgresActions(statement: unknown): SchemaAction[] {
  const [kind, fields] = open(statement);
  return READERS[kind]?.(fields) ?? [];
}

const READERS: Record<string, (fields: Tree) => SchemaAction[]> = {
  CreateStmt: (fields) => [createTable(fields)],
  CreateTableAsStmt: createTableAs,
  SelectStmt: select,
  // EXPLAIN ANALYZE runs the statement.
  ExplainStmt: ({ query, options }) => (hasOption(options, 'analyze') ? postgresActions(query) : [{ kind: 'read' }]),
  DeclareCursorStmt: ({ query }) => postgresActions(query),
  FetchStmt: () => [{ kind: 'read' }],
  ClosePortalStmt: () => [{ kind: 'read' }],
  VariableShowStmt: () => [{ kind: 'read' }],
  CopyStmt: ({ relation, query, is_from, is_program }) =>
    is_from === true || is_program === true ? [] : relation === undefined ? postgresActions(query) : [{ kind: 'read' }],
  ViewStmt: ({ view, replace }) => [
    { kind: 'createView', view: tableRef(view), materialized: false, ...(replace === true ? { replace } : {}) },
  ],
  GrantStmt: revoke,
  AlterTableStmt: alterTable,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  DropStmt: drop,
  DropdbStmt: ({ dbname }) => [
    { kind: 'dropDatabase', name: text(dbname) ?? '', cascade: false },
    { kind: 'outsideOnly', command: 'DROP DATABASE' },
  ],
  CreatedbStmt: () => [{ kind: 'outsideOnly', command: 'CREATE DATABASE' }],
  CreateTableSpaceStmt: () => [{ kind: 'outsideOnly', command: 'CREATE TABLESPACE' }],
  DropTableSpaceStmt: () => [{ kind: 'outsideOnly', command: 'DROP TABLESPACE' }],
  AlterSystemStmt: () => [{ kind: 'outsideOnly', command: 'ALTER SYSTEM' }],
  TruncateStmt: ({ relations, behavior }) =>
    list(relations).map((one) => ({
      kind: 'truncate',
      table: tableRef(as('RangeVar', one)),
      cascade: behavior === 'DROP_CASCADE',
    })),
  IndexStmt: createIndex,
  ReindexStmt: reindex,
  VacuumStmt: vacuum,
  ClusterStmt: ({ relation }) =>
    relation === undefined
      ? [{ kind: 'cluster' }, { kind: 'outsideOnly', command: 'CLUSTER of all tables' }]
      : [{ kind: 'cluster', table: tableRef(relation) }],
  RefreshMatViewStmt: ({ relation, concurrent }) => [
    { kind: 'refreshView', view: tableRef(relation), concurrently: concurrent === true },
  ],
  LockStmt: lockTable,
  CreateTrigStmt: ({ relation, trigname, replace }) => [
    {
      kind: 'createTrigger',
      table: tableRef(relation),
      name: text(trigname) ?? '',
      ...(replace === true ? { replace } : {}),
    },
  ],
  AlterEnumStmt: ({ typeName, newVal, oldVal }) => [
    {
      kind: oldVal === undefined ? 'addEnumValue' : 'renameEnumValue',
      type: names(typeName).join('.'),
      value: text(oldVal) ?? text(newVal) ?? '',
    },
  ],
  AlterDomainStmt: ({ subtype, typeName, def }) =>
    subtype === 'C'
      ? [
          {
            kind: 'addDomainConstraint',
            name: names(typeName).join('.'),
            notValid: as('Constraint', def).skip_validation === true,
          },
        ]
      : [{ kind: 'other', command: 'ALTER DOMAIN' }],
  CreateDomainStmt: ({ domainname, constraints }) => [
    {
      kind: 'createDomain',
      name: names(domainname).join('.'),
      check: hasConstraint(constraints, 'CONSTR_CHECK'),
      ...(hasConstraint(constraints, 'CONSTR_NOTNULL') ? { notNull: true } : {}),
    },
  ],
  UpdateStmt: (fields) => [
    ...inner(fields),
    { kind: 'update', table: tableRef(fields.relation), filtered: fields.whereClause !== undefined },
  ],
  DeleteStmt: (fields) => [
    ...inner(fields),
    { kind: 'delete', table: tableRef(fields.relation), filtered: fields.whereClause !== undefined },
  ],
  InsertStmt: (fields) => [
    ...inner(fields),
    { kind: 'insert', table: tableRef(fields.relation), fromSelect: isSelect(fields.selectStmt) },
  ],
  TransactionStmt: ({ kind }) => transaction(String(kind)),
  VariableSetStmt: settings,
};

function hasConstraint(constraints: unknown, contype: string): boolean {
  return list(constraints).some((one) => as('Constraint', one).contype === contype);
}

/** One action for each table that it names. */
function revoke({ is_grant, objtype, targtype, objects }: Tree): SchemaAction[] {
  if (is_grant === true) return [];
  if (objtype !== 'OBJECT_TABLE' || targtype !== 'ACL_TARGET_OBJECT') return [{ kind: 'revoke' }];
  return list(objects).map((one) => ({ kind: 'revoke', on: tableRef(as('RangeVar', one)) }));
}

/** LOCKMODE of `lockdefs.h`. SHARE and all stronger modes block writes or reads. */
const SHARE = 5;
const ACCESS_EXCLUSIVE = 8;

function lockTable({ relations, mode }: Tree): SchemaAction[] {
  if (typeof mode !== 'number' || mode < SHARE) return [];
  const exclusive = mode === ACCESS_EXCLUSIVE;
  return list(relations).map((one) => ({ kind: 'lockTable', table: tableRef(as('RangeVar', one)), exclusive }));
}

function createTableAs({ into, objtype }: Tree): SchemaAction[] {
  const { rel } = tree(into);
  if (objtype === 'OBJECT_MATVIEW') return [{ kind: 'createView', view: tableRef(rel), materialized: true }];
  return [made(rel)];
}

function made(relation: unknown): SchemaAction {
  const table = tableRef(relation);
  const temporary = tree(relation).relpersistence === 't';
  return { kind: 'createTable', table, columns: [], constraints: [], temporary, derived: true };
}

function select(fields: Tree): SchemaAction[] {
  const { rel } = tree(fields.intoClause);
  if (rel !== undefined) return [...inner(fields), made(rel)];
  const changes = inner(fields);
  return changes.length > 0 ? changes : reads(fields);
}

/** Statements that change data inside WITH. */
function inner({ withClause }: Tree): SchemaAction[] {
  const { ctes } = tree(withClause);
  return list(ctes).flatMap((one) => {
    const [kind, fields] = open(as('CommonTableExpr', one).ctequery);
    return kind === 'UpdateStmt' || kind === 'DeleteStmt' || kind === 'InsertStmt'
      ? (READERS[kind]?.(fields) ?? [])
      : [];
  });
}

function isSelect(statement: unknown): boolean {
  const { valuesLists, fromClause, larg } = as('SelectStmt', statement);
  return valuesLists === undefined && (fromClause !== undefined || larg !== undefined);
}

function createIndex(fields: Tree): SchemaAction[] {
  const columns = list(fields.indexParams).flatMap((one) => text(as('IndexElem', one).name) ?? []);
  const concurrently = fields.concurrent === true;
  return [
    {
      kind: 'createIndex',
      name: text(fields.idxname),
      table: tableRef(fields.relation),
      columns,
      unique: fields.unique === true,
      ...(fields.nulls_not_distinct === true ? { nullsEqual: true } : {}),
      partial: fields.whereClause !== undefined,
      concurrently,
      ...(list(fields.indexParams).length > columns.length ? { expressions: true } : {}),
      ...(tree(fields.relation).inh === true ? {} : { only: true }),
    },
  ];
}

function reindex({ kind, relation, name: named, params }: Tree): SchemaAction[] {
  const concurrently = hasOption(params, 'concurrently');
  const table = kind === 'REINDEX_OBJECT_TABLE' ? tableRef(relation) : undefined;
  const target = text(named) ?? tableName(tableRef(relation));
  const command = WHOLE_REINDEX[String(kind)];
  return [
    { kind: 'reindex', target, table, concurrently },
    ...(command === undefined ? [] : [{ kind: 'outsideOnly' as const, command }]),
  ];
}

const WHOLE_REINDEX: Record<string, string> = {
  REINDEX_OBJECT_SCHEMA: 'REINDEX SCHEMA',
  REINDEX_OBJECT_SYSTEM: 'REINDEX SYSTEM',
  REINDEX_OBJECT_DATABASE: 'REINDEX DATABASE',
};

function vacuum({ options, rels, is_vacuumcmd }: Tree): SchemaAction[] {
  if (is_vacuumcmd !== true) return [];
  const outside: SchemaAction = { kind: 'outsideOnly', command: 'VACUUM' };
  if (!hasOption(options, 'full')) return [outside];
  const tables = list(rels).map((one) => tableRef(as('VacuumRelation', one).relation));
  const full: SchemaAction[] = tables.map((table) => ({ kind: 'vacuumFull', table }));
  return [outside, ...(full.length > 0 ? full : [{ kind: 'vacuumFull' as const }])];
}

const OFF = new Set(['false', 'off', '0']);

function hasOption(options: unknown, wanted: string): boolean {
  return list(options).some((one) => {
    const { defname, arg } = as('DefElem', one);
    const value = names([arg])[0] ?? '';
    return defname === wanted && !OFF.has(value.toLowerCase()) && as('Integer', arg).ival !== 0;
  });
}

const VERBS: Record<string, string> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
};

function transaction(kind: string): SchemaAction[] {
  const verb = VERBS[kind];
  return verb === undefined ? [] : [{ kind: 'transaction', verb }];
}
