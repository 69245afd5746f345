import type { Dialect } from '../model/dialect.ts';
import type { CheckConstraint, Index, Snapshot, Table } from '../model/snapshot.ts';
import { mentions } from './mentions.ts';
import { keyOf } from './names.ts';
import { spellingOf } from './normalizer.ts';
import type { Operation } from './operations.ts';
import { planPostgres } from './plan-postgres.ts';
import { planSqlite } from './plan-sqlite.ts';
import { applyRenames, type Rename, reversed } from './renames.ts';
import { constraintsOf, constraintText } from './table-changes.ts';
import { mergeTarget } from './target.ts';

/** One migration file to write: its steps up and down. */
export interface Stage {
  up: Operation[];
  down: Operation[];
  /** False for an index that is built concurrently, which is not allowed in a transaction. */
  transaction: boolean;
  /** Its topic, if there are several: `indexes`. */
  title?: 'enum values' | 'index' | 'validate';
}

interface StageOptions {
  renames?: readonly Rename[];
  /** PostgreSQL: statements that do not block other sessions for long, in separate migrations. Default true. */
  safe?: boolean;
}

/**
 * The migrations that change the found schema into the expected one, in order; none if they do not differ.
 *
 * On PostgreSQL, for tables that may hold rows already: values of enums come first (a new value cannot be used in
 * the transaction that adds it, ALTER TYPE), indexes are built concurrently, and constraints come NOT VALID in the
 * first transaction and are validated in a later one, which blocks no writers (ALTER TABLE, notes).
 */
export function planMigrationFiles(
  expected: Snapshot,
  found: Snapshot,
  { renames = [], safe = true }: StageOptions = {},
): Stage[] {
  const start = applyRenames(found, renames);
  const target = mergeTarget(expected, start.snapshot);
  const { plan, statesOf } = PLANNERS[expected.dialect];
  const states = statesOf(start.snapshot, target, safe);
  const stages: Stage[] = [];
  let before = start.snapshot;
  for (const { state, via, ...rest } of states) {
    const up = via === undefined ? plan(before, state) : [...plan(before, via), ...plan(via, state)];
    stages.push({ transaction: true, ...rest, up, down: plan(state, before) });
    before = state;
  }
  if (start.steps.length === 0) return stages.filter(({ up }) => up.length > 0);
  const back = applyRenames(start.snapshot, reversed(renames)).steps;
  const described = stages.map((stage) => ({
    ...stage,
    up: stage.up.map((step) => withStale(step, start.steps)),
    down: stage.down.map((step) => withStale(step, start.steps)),
  }));
  const [first, ...rest] = described;
  if (first === undefined) return [];
  const whole = { ...first, up: [...start.steps, ...first.up], down: [...first.down, ...back] };
  return [whole, ...rest].filter(({ up }) => up.length > 0);
}

interface Planner {
  plan(from: Snapshot, to: Snapshot): Operation[];
  /** The states after each migration file, in order. */
  statesOf(from: Snapshot, to: Snapshot, safe: boolean): State[];
}

const PLANNERS: Record<Dialect, Planner> = {
  postgres: { plan: planPostgres, statesOf: postgresStates },
  sqlite: { plan: planSqlite, statesOf: (_from, to) => [{ state: to }] },
};

/** The database itself renames a column in its views; the text of a recreated view still has the old name. */
function withStale(step: Operation, renames: readonly Operation[]): Operation {
  if (step.kind !== 'createView') return step;
  const { definition } = step.view;
  const stale = renames.flatMap((one) =>
    one.kind === 'renameColumn' && mentions(definition, one.table.name) && mentions(definition, one.from)
      ? [{ from: one.from, to: one.to }]
      : [],
  );
  return stale.length === 0 ? step : { ...step, stale };
}

interface State extends Partial<Pick<Stage, 'transaction' | 'title'>> {
  state: Snapshot;
  /** An intermediate state, in the same migration. */
  via?: Snapshot;
}

function postgresStates(from: Snapshot, to: Snapshot, safe: boolean): State[] {
  const enums = withEnumValues(from, to);
  const first: State[] = enums === undefined ? [] : [{ state: enums, title: 'enum values' }];
  if (!safe) return [...first, { state: to }];
  const { state: main, waiting } = withoutBlocking(from, to);
  const indexed: State[] = [];
  let state = main;
  for (const { table, index } of waiting) {
    state = withTable(state, table, (one) => ({ ...one, indexes: [...one.indexes, index] }));
    indexed.push({ state, transaction: false, title: 'index' });
  }
  const wanted = byKey(to.tables);
  const valid = { ...state, tables: state.tables.map((table) => validated(table, wanted.get(keyOf(table)))) };
  return [...first, { state: main }, ...indexed, { state: to, via: valid, title: 'validate' }];
}

/** The start with the enum values that only have to be added; undefined if this is the only change, or none. */
function withEnumValues(from: Snapshot, to: Snapshot): Snapshot | undefined {
  const target = byKey(to.enums);
  const enums = from.enums.map((type) => {
    const wanted = target.get(keyOf(type));
    const kept = wanted?.values.filter((value) => type.values.includes(value)) ?? [];
    return wanted !== undefined && kept.join('\0') === type.values.join('\0') ? wanted : type;
  });
  const state = { ...from, enums };
  if (planPostgres(from, state).length === 0 || planPostgres(state, to).length === 0) return undefined;
  return state;
}

/** The target without changes that would scan or lock an existing table for long. */
function withoutBlocking(from: Snapshot, to: Snapshot) {
  const there = byKey(from.tables);
  const waiting: { table: Table; index: Index }[] = [];
  const tables = to.tables.map((table) => {
    const before = there.get(keyOf(table));
    // Partitioned tables have neither concurrent indexes nor NOT VALID foreign keys.
    if (before === undefined || table.partition !== undefined) return table;
    const known = new Set(before.indexes.map((index) => JSON.stringify(index)));
    const added = table.indexes.filter((index) => !known.has(JSON.stringify(index)));
    for (const index of added) waiting.push({ table, index });
    return notYetValid(before, { ...table, indexes: table.indexes.filter((index) => !added.includes(index)) });
  });
  return { state: { ...to, tables }, waiting };
}

function notYetValid(before: Table, table: Table): Table {
  const normalizer = spellingOf({ dialect: 'postgres' }, { names: 'exact' });
  const known = new Set(constraintsOf(before).map((one) => constraintText(normalizer, one)));
  const isNew = (one: ReturnType<typeof constraintsOf>[number]) => !known.has(constraintText(normalizer, one));
  const proofs: CheckConstraint[] = [];
  const columns = table.columns.map((column) => {
    const other = before.columns.find(({ name }) => name === column.name);
    const filled = column.default !== undefined || column.serial || column.identity || column.generated;
    const isKey = table.primaryKey?.columns.includes(column.name);
    if (column.nullable || isKey || (other === undefined ? filled : !other.nullable || column.identity)) return column;
    proofs.push({
      name: `${table.name}_${column.name}_not_null`.slice(0, 63),
      expression: `"${column.name.replaceAll('"', '""')}" IS NOT NULL`,
      validated: false,
    });
    return { ...column, nullable: true };
  });
  return {
    ...table,
    columns,
    foreignKeys: table.foreignKeys.map((key) =>
      isNew({ kind: 'foreign key', key }) ? { ...key, validated: false } : key,
    ),
    checks: [
      ...table.checks.map((check) => (isNew({ kind: 'check', check }) ? { ...check, validated: false } : check)),
      ...proofs,
    ],
  };
}

/** Constraints that awaited their validation are valid; those expected to be NOT VALID stay NOT VALID. */
function validated(table: Table, wanted: Table | undefined): Table {
  const constraints = [...(wanted?.checks ?? []), ...(wanted?.foreignKeys ?? [])];
  const unproven = new Set(constraints.filter((one) => !one.validated).map(({ name }) => name));
  const valid = <T extends { name?: string; validated: boolean }>(one: T) => ({
    ...one,
    validated: !unproven.has(one.name),
  });
  return { ...table, checks: table.checks.map(valid), foreignKeys: table.foreignKeys.map(valid) };
}

function withTable(state: Snapshot, table: Table, change: (one: Table) => Table): Snapshot {
  const isIt = ({ schema, name }: Table) => name === table.name && schema === table.schema;
  return { ...state, tables: state.tables.map((one) => (isIt(one) ? change(one) : one)) };
}

function byKey<T extends { schema: string; name: string }>(all: readonly T[]): Map<string, T> {
  return new Map(all.map((one) => [keyOf(one), one]));
}
