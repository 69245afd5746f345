/**
 * The safety rules on a plan: reads what the statements do (`action.ts`), asks every rule of `rules.ts`, leaves out
 * what is ignored. Pure; parsing SQL into actions is `actions/postgres.ts` for PostgreSQL's own syntax tree.
 */
import type { Finding } from '../model/finding.ts';
import { type ReadMigration, sameTable } from './action.ts';
import { actionsOf, type Rule, type Scope, type Server } from './rule.ts';

export interface CheckOptions {
  server: Server;
  /** Ids of rules to leave out. */
  ignore: readonly string[];
}

export function checkMigrations(migrations: ReadMigration[], rules: readonly Rule[], options: CheckOptions): Finding[] {
  return migrations.flatMap((migration, index) => {
    const scope = scopeOf(migration, migrations.slice(0, index), options.server);
    return rules.flatMap((rule) => findings(rule, scope, options));
  });
}

function findings(rule: Rule, scope: Scope, { server, ignore }: CheckOptions): Finding[] {
  if (ignore.includes(rule.id) || !rule.dialects.includes(server.dialect)) return [];
  const severity = rule.severity(server);
  if (severity === undefined) return [];
  return rule
    .check(scope)
    .filter(({ statement }) => !statement?.ignore.some((told) => told.rule === rule.id))
    .map(({ message, advice, statement }) => ({
      rule: rule.id,
      severity,
      message,
      advice,
      migration: scope.migration.revision,
      statement: statement === undefined ? undefined : shorten(statement.sql),
      position: statement?.position,
    }));
}

function scopeOf(migration: ReadMigration, earlier: ReadMigration[], server: Server): Scope {
  const created = [...earlier, migration].flatMap(({ statements }) =>
    actionsOf(statements).flatMap((action) => (action.kind === 'createTable' ? [action.table] : [])),
  );
  return { server, migration, earlier, isNew: (table) => created.some((made) => sameTable(made, table)) };
}

const STATEMENT_LENGTH = 400;

function shorten(sql: string): string {
  const text = sql.trim();
  return text.length > STATEMENT_LENGTH ? `${text.slice(0, STATEMENT_LENGTH - 1)}…` : text;
}
