import { textStart } from '../core/model/clip.ts';
import { count } from '../core/model/count.ts';
import type { MigrationEffects } from '../core/model/effects.ts';
import type { Finding } from '../core/model/finding.ts';
import type { LoadedMigration } from '../core/model/migration.ts';
import type { Plan } from '../core/model/plan.ts';
import type { Problem } from '../core/model/problem.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { Snapshot, Table } from '../core/model/snapshot.ts';
import { type SchemaAction, tableKey } from '../core/safety/action.ts';
import { isHarmless } from '../core/safety/compatibility.ts';
import { DOWNGRADE_LOSES_ROWS } from '../core/safety/observed.ts';
import type { Database } from '../database/port.ts';
import { few } from './run-text.ts';
import { approvalCommand } from './safety.ts';
import { targetNames } from './target-names.ts';

/** Rows, or values of a column, that a `down` removes. */
interface AtRisk {
  migration: string;
  /** `3 rows of orders`, `values of orders.note in 2 rows` */
  what: string;
  statement?: string;
}

/** Whether a plan reverts because of `unknownApplied: Downgrade`, and not because a person named a target. */
export function revertsUnasked({ direction }: Plan, { allowDowngrade, target }: RunRequest): boolean {
  return direction === 'down' && (!allowDowngrade || target === 'head');
}

/**
 * Counts the rows in tables and columns of the target that the `down` of SQL migrations drops. The rehearsal measures
 * rows that code or a condition deletes. Reads only.
 */
export async function rowsAtRisk(
  database: Database,
  migrations: readonly LoadedMigration[],
  folder: string,
): Promise<AtRisk[]> {
  const { readStatements } = await import('../migrations/statements/read.ts');
  const read = await readStatements(folder, migrations, { dialect: database.dialect, direction: 'down' });
  const found: AtRisk[] = [];
  const names = targetNames();
  const lost = async (action: SchemaAction): Promise<string | undefined> => {
    if (action.kind === 'dropColumn') {
      const table = names.table(action.table);
      const column = names.column(action.table, action.column);
      const values = await database.countValues(table, column);
      return values === 0 ? undefined : `values of ${tableKey(table)}.${column} in ${count(values, 'row')}`;
    }
    if (action.kind === 'dropSchema') return action.cascade ? `the content of the schema ${action.name}` : undefined;
    const takesAll = action.kind === 'dropTable' || action.kind === 'truncate';
    if (!takesAll && !(action.kind === 'delete' && !action.filtered)) return undefined;
    const table = names.table(action.table);
    const rows = await database.countValues(table);
    return rows === 0 ? undefined : `${count(rows, 'row')} of ${tableKey(table)}`;
  };
  for (const { revision, statements } of read) {
    for (const { sql, actions = [] } of statements) {
      for (const action of actions) {
        const what = await lost(action);
        if (what !== undefined) found.push({ migration: revision, what, statement: textStart(sql.trim(), 400) });
        names.see(action);
      }
    }
  }
  return found;
}

type ChangedRows = MigrationEffects['rows'];

/** The result of the rehearsal: tables with fewer rows after the `down`. */
export function measuredLoss(effects: readonly MigrationEffects[]): AtRisk[] {
  return effects.flatMap(({ revision, rows }) =>
    rows.flatMap((one) => {
      const lost = Math.min(lostFrom([one]), lostFrom(connected(one, rows)));
      return lost <= 0
        ? []
        : [{ migration: revision, what: `${count(lost, 'row')} of ${one.table.replace(/^(?:public|main)\./, '')}` }];
    }),
  );
}

function lostFrom(rows: ChangedRows): number {
  return rows.reduce((sum, { before, after }) => sum + (before ?? 0) - (after ?? 0), 0);
}

/** The tables among which its rows may have moved: the same table under another name, partitions and their parent. */
function connected(one: ChangedRows[number], rows: ChangedRows): ChangedRows {
  const names = new Set([one.table]);
  let size = 0;
  while (size < names.size) {
    size = names.size;
    for (const { table, was, partOf } of rows) {
      const all = [table, was, partOf].filter((name) => name !== undefined);
      if (all.some((name) => names.has(name))) for (const name of all) names.add(name);
    }
  }
  return rows.filter(({ table }) => names.has(table));
}

/**
 * Values of columns that the plan removed from tables which still exist, counted in the target. A column that came instead
 * of it with as many values is the same one under another name; a table that the plan renamed is the same one. Those of a
 * partition are counted with its parent.
 */
export async function vanishedValues(
  { before, after }: { before: Snapshot; after: Snapshot },
  effects: readonly MigrationEffects[],
  target: Pick<Database, 'countValues'>,
  copy: Pick<Database, 'countValues'>,
  migration: string,
): Promise<AtRisk[]> {
  const found: AtRisk[] = [];
  const nowOf = (table: Table) => tableNamed(after, lastName(`${table.schema}.${table.name}`, effects));
  const goneFrom = (table: Table) => {
    const now = nowOf(table);
    return now === undefined ? [] : missingFrom(now, table);
  };
  for (const table of before.tables) {
    const now = nowOf(table);
    const counted = new Set(parentsOf(table, before).flatMap(goneFrom));
    const gone = goneFrom(table).filter((column) => !counted.has(column));
    if (now === undefined || gone.length === 0) continue;
    const came = await Promise.all(missingFrom(table, now).map((column) => copy.countValues(now, column)));
    for (const column of gone) {
      const values = await target.countValues(table, column);
      const renamed = came.indexOf(values);
      if (values === 0) continue;
      if (renamed >= 0) came.splice(renamed, 1);
      else found.push({ migration, what: `values of ${table.name}.${column} in ${count(values, 'row')}` });
    }
  }
  return found;
}

/** `schema.table` after the migrations. */
function lastName(name: string, effects: readonly MigrationEffects[]): string {
  return effects.reduce((now, { rows }) => rows.find(({ was }) => was === now)?.table ?? now, name);
}

function tableNamed({ tables }: Snapshot, wanted: string): Table | undefined {
  return tables.find(({ schema, name }) => `${schema}.${name}` === wanted);
}

/** The tables whose rows include those of this one. */
function parentsOf({ schema, partition, inherits = [] }: Table, { tables }: Snapshot): Table[] {
  const names = [...inherits, ...(partition?.of === undefined ? [] : [partition.of])];
  return tables.filter((one) =>
    names.some((name) => (one.schema === schema && one.name === name) || `${one.schema}.${one.name}` === name),
  );
}

/** Columns of a table that the other state of it does not have. */
function missingFrom(other: Table, { columns }: Table): string[] {
  return columns.map(({ name }) => name).filter((name) => !other.columns.some((column) => column.name === name));
}

/** What may delete rows and was not measured, because the rehearsal was off or had no rows. */
export async function unmeasuredRisks(
  { dialect }: Pick<Database, 'dialect'>,
  migrations: readonly LoadedMigration[],
  folder: string,
): Promise<AtRisk[]> {
  const { readStatements } = await import('../migrations/statements/read.ts');
  const read = await readStatements(folder, migrations, { dialect, direction: 'down' });
  return read.flatMap(({ revision, opaque, statements }): AtRisk[] => {
    if (opaque) return [{ migration: revision, what: 'the rows that its code deletes (not counted)' }];
    const unknown = statements.find(({ sql, actions }) => isUnmeasured(sql, actions));
    if (unknown === undefined) return [];
    const what = 'the rows that one of its statements deletes (not counted)';
    return [{ migration: revision, what, statement: textStart(unknown.sql.trim(), 400) }];
  });
}

/** Whether the rows that a statement deletes are unknown from its text. */
function isUnmeasured(sql: string, actions: readonly SchemaAction[] | undefined): boolean {
  if (actions === undefined) return true;
  if (actions.length === 0) return !isHarmless(sql);
  return actions.some(
    (action) =>
      (action.kind === 'delete' && action.filtered) ||
      ((action.kind === 'truncate' || action.kind === 'dropObject') && action.cascade),
  );
}

export function riskFindings(risks: readonly AtRisk[]): Finding[] {
  return risks.map(({ migration, what, statement }) => ({
    rule: DOWNGRADE_LOSES_ROWS.id,
    severity: DOWNGRADE_LOSES_ROWS.severity,
    message: `Reverting ${migration} loses ${what}.`,
    advice: 'Copy the data that is still needed, then approve the plan by its digest.',
    migration,
    ...(statement === undefined ? {} : { statement }),
  }));
}

/** Why a downgrade without a named target does not run; undefined if it may. */
export function refusedLoss(risks: readonly AtRisk[], { digest }: Plan, request: RunRequest): Problem | undefined {
  const [first] = risks;
  const { approval, approvedPlan, resource, safety, dryRun } = request;
  const allowed = approvedPlan === digest || safety.ignore.includes(DOWNGRADE_LOSES_ROWS.id);
  // With another approval, the step approve waits for a person. A dry run reports the findings.
  if (first === undefined || allowed || approval !== 'Automatic' || dryRun) return undefined;
  const lost = few(risks.map(({ migration, what }) => `${what} (${migration})`));
  return {
    reason: 'RowsLost',
    message: `Reverting the migrations that this version's files lack would lose ${lost}. No changes were made. If this is intended, approve exactly this plan: ${approvalCommand({ resource }, digest)}`,
    migration: first.migration,
    ...(first.statement === undefined ? {} : { statement: first.statement }),
  };
}
