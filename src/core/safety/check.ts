/**
 * The safety rules on a plan: visits its statements in order, tracks the state of the schema, runs every rule of
 * `rules.ts`, and drops ignored findings. Pure; `actions/` extracts what statements do, `src/migrations/statements`
 * parses them. Imports core only.
 */
import type { Finding, Severity } from '../model/finding.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type ReadMigration, type ReadStatement, type SchemaAction, tableOf } from './action.ts';
import { OBSERVED_RULES } from './observed.ts';
import { REPOSITORY_RULES } from './repository.ts';
import type { FindingDraft, MigrationContext, Rule, RuleActionContext, SeenAction, Server } from './rule.ts';
import { knownSchema, type SchemaState } from './schema-state.ts';

export interface CheckOptions {
  server: Server;
  /** Ids of rules to skip. */
  ignore: readonly string[];
  /** The schema before the plan, if there is a database. */
  snapshot?: Snapshot;
  /** Migrations before the plan: they define the existing schema and produce no findings. */
  given?: readonly ReadMigration[];
  /** Each migration is a separate plan, as for files without a database: its tables exist for the next migration. */
  perMigrationPlan?: boolean;
  /** Called for each finding that a comment ignores, with the reason of its author. */
  onIgnored?(ignored: { rule: string; migration: string; why: string }): void;
}

/** Findings in the order of the statements. */
export function checkMigrations(
  migrations: readonly ReadMigration[],
  rules: readonly Rule[],
  { server, ignore, snapshot, given = [], perMigrationPlan = false, onIgnored }: CheckOptions,
): Finding[] {
  const known = knownSchema(snapshot);
  for (const { statements } of given) for (const action of actionsOf(statements)) known.apply(action);
  known.settle();
  const ruleIds = new Set([...rules, ...REPOSITORY_RULES, ...OBSERVED_RULES].map(({ id }) => id));
  const active = rules.filter((rule) => !ignore.includes(rule.id) && appliesTo(rule, server));
  const table = tableOfRules(active);
  return migrations.flatMap((migration) => {
    const findings = walk(migration, { server, known, ruleIds, onIgnored, ...table });
    if (perMigrationPlan) known.settle();
    return findings;
  });
}

function actionsOf(statements: readonly ReadStatement[]): SchemaAction[] {
  return statements.flatMap(({ actions }) => actions ?? []);
}

function appliesTo({ dialects, since, until }: Rule, { dialect, version }: Server): boolean {
  return dialects.includes(dialect) && version >= (since ?? 0) && version < (until ?? Number.POSITIVE_INFINITY);
}

interface RuleTable {
  byKind: Map<string, Rule[]>;
  ofWholes: Rule[];
}

function tableOfRules(rules: readonly Rule[]): RuleTable {
  const byKind = new Map<string, Rule[]>();
  const ofWholes: Rule[] = [];
  for (const rule of rules) {
    if ('migration' in rule.check) ofWholes.push(rule);
    else for (const kind of rule.check.kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), rule]);
  }
  return { byKind, ofWholes };
}

interface Walk extends RuleTable {
  server: Server;
  known: SchemaState;
  ruleIds: ReadonlySet<string>;
  onIgnored: CheckOptions['onIgnored'];
}

function walk(migration: ReadMigration, { server, known, ruleIds, onIgnored, byKind, ofWholes }: Walk): Finding[] {
  const findings: Finding[] = [];
  const before: SeenAction[] = [];
  const scope: MigrationContext = { server, migration, before, known, ruleIds };
  const report = (rule: Rule, hit: FindingDraft) => {
    const why = reasonToIgnore(rule.id, hit.statement, migration);
    if (why === undefined) findings.push(finding(rule, hit, migration));
    else onIgnored?.({ rule: rule.id, migration: migration.revision, why });
  };
  for (const statement of migration.statements) {
    const place: RuleActionContext = { ...scope, statement, isNew: known.isNew };
    for (const action of statement.actions ?? []) {
      for (const rule of byKind.get(action.kind) ?? []) {
        const draft = 'look' in rule.check ? rule.check.look(action, place) : undefined;
        if (draft !== undefined) report(rule, { ...draft, statement });
      }
      const table = tableOf(action);
      before.push({ action, statement, createdInPlan: table !== undefined && known.isNew(table) });
      known.apply(action);
    }
  }
  for (const rule of ofWholes) {
    if ('migration' in rule.check) for (const hit of rule.check.migration(scope)) report(rule, hit);
  }
  return findings;
}

/** A finding about the whole migration can be ignored at any of its statements. */
function reasonToIgnore(
  id: string,
  statement: ReadStatement | undefined,
  migration: ReadMigration,
): string | undefined {
  const whole = { ignore: migration.ignore ?? [] };
  const places = statement === undefined ? [...migration.statements, whole] : [statement];
  return places.flatMap(({ ignore }) => ignore).find(({ rule, why }) => rule === id && why !== '')?.why;
}

function finding(
  rule: Rule,
  { message, advice, severity, statement }: FindingDraft,
  migration: ReadMigration,
): Finding {
  return {
    rule: rule.id,
    severity: inDirection(severity ?? rule.severity, migration),
    message,
    advice,
    migration: migration.revision,
    statement: statement === undefined ? undefined : shorten(statement.sql),
    position: statement?.position ?? { file: migration.file, line: 1, column: 1 },
  };
}

/** A downgrade is requested explicitly and removes things by design: its findings are reported, but do not block. */
function inDirection(severity: Severity, { direction }: ReadMigration): Severity {
  return direction === 'down' && severity === 'error' ? 'warning' : severity;
}

const STATEMENT_LENGTH = 400;

/** Removes our own directives from the text of a finding: those above the statement, and one behind it. */
const OUR_COMMENTS = /^(?:--[^\n]*db-manager:[^\n]*\n\s*)+|;?[ \t]*--[ \t]*db-manager:[^\n]*$/g;

function shorten(sql: string): string {
  const text = sql.trim().replace(OUR_COMMENTS, '').trim();
  return text.length > STATEMENT_LENGTH ? `${text.slice(0, STATEMENT_LENGTH - 1)}…` : text;
}
