import { textStart } from '../core/model/clip.ts';
import { count } from '../core/model/count.ts';
import type { Dialect } from '../core/model/dialect.ts';
import type { MigrationEffects } from '../core/model/effects.ts';
import type { Direction, LoadedMigration } from '../core/model/migration.ts';
import type { SourcePosition } from '../core/model/problem.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { loadNamesTable, type NamesTable } from '../migrations/statements/named-tables.ts';
import { redactSql } from '../sql/redact.ts';

/** Rows that are missing from a table after a migration that does not mention it. */
export interface Loss {
  migration: string;
  /** `schema.table` */
  table: string;
  lost: number;
  before: number;
  /** The statement that deleted them, as far as the foreign keys show it. */
  statement?: string;
  /** Position of the statement, if it is in a .sql file. */
  position?: SourcePosition;
}

/** The statements that each migration sent, by revision. */
type SentStatements = ReadonlyMap<string, readonly string[]>;

/**
 * Tables that contain fewer rows afterwards although no statement of the migration mentions them; comments do not
 * count. `start` is the schema before the migration.
 */
export async function unexpectedRowLoss(
  dialect: Dialect,
  effects: readonly MigrationEffects[],
  sent: SentStatements,
  start: Snapshot,
): Promise<Loss[]> {
  let namesTable: NamesTable | undefined;
  const losses: Loss[] = [];
  for (const { revision, rows } of effects) {
    const statements = sent.get(revision) ?? [];
    for (const { table, before, after } of rows) {
      if (before === null || before <= (after ?? 0)) continue;
      namesTable ??= await loadNamesTable(dialect);
      const names = namesTable;
      if (statements.some((sql) => names(sql, table))) continue;
      const statement = likelyStatement(table, statements, start, names);
      losses.push({ migration: revision, table, lost: before - (after ?? 0), before, statement });
    }
  }
  return losses;
}

/** The loss with the place of its statement. */
export function withPlace(loss: Loss, migrations: readonly LoadedMigration[], direction: Direction): Loss {
  const { statement } = loss;
  const body = migrations.find(({ revision }) => revision === loss.migration)?.[direction];
  if (statement === undefined || body?.kind !== 'sql') return loss;
  const found = body.statements.find(({ sql }) => sql.startsWith(statement));
  return found === undefined
    ? loss
    : { ...loss, position: { file: found.file, line: found.line, column: found.column } };
}

/** Code and commands may have read the values of their statement from rows, so they are not shown. */
export function describeLoss({ migration, table, lost, before, statement, position }: Loss): string {
  const shown = statement === undefined || position !== undefined ? statement : redactSql(statement, 'postgres');
  const by = shown === undefined ? '' : ` (statement: ${textStart(shown.replace(/\s+/g, ' '), 200)})`;
  return `${migration} deletes ${lost} of ${count(before, 'row')} from ${table}, a table that it does not mention${by}`;
}

const TAKES_ROWS = /^\s*(?:with\b|delete\b|drop\b|truncate\b|replace\b|update\b|insert\s+or\s+replace\b|alter\b)/i;

/**
 * The first statement that deletes from a table which the losing table references by foreign keys; otherwise the first
 * statement that deletes anything.
 */
function likelyStatement(
  table: string,
  statements: readonly string[],
  start: Snapshot,
  namesTable: NamesTable,
): string | undefined {
  const suspects = statements.filter((sql) => TAKES_ROWS.test(sql));
  const parents = ancestors(table, start);
  return suspects.find((sql) => parents.some((parent) => namesTable(sql, parent))) ?? suspects[0];
}

/** Tables that a table references by foreign keys, directly or indirectly; `schema.table`. */
function ancestors(table: string, { tables }: Snapshot): string[] {
  const found = new Set([table]);
  for (const name of found) {
    const known = tables.find((one) => `${one.schema}.${one.name}` === name);
    for (const { references } of known?.foreignKeys ?? []) found.add(`${references.schema}.${references.table}`);
  }
  found.delete(table);
  return [...found];
}
