import { clip } from '../model/clip.ts';
import { count } from '../model/count.ts';
import type { Finding } from '../model/finding.ts';
import type { RunReport } from '../model/report.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import { LIMITS } from './truncate.ts';

type SafetyStatus = NonNullable<DatabaseMigrationStatus['safety']>;
type FindingStatus = NonNullable<SafetyStatus['findings']>[number];

/** How many groups of findings, and how many other places of one group, a status lists. */
const GROUPS = 20;
const PLACES = 10;
const PLACE = 200;

/**
 * The findings of a report for a status: errors and warnings one group a rule, with its advice once and each other place
 * in one line; notices one line a rule. Checks that passed share one line.
 */
export function safetyStatus({ safety, findings: counts }: RunReport): SafetyStatus | undefined {
  if (safety === undefined) return undefined;
  const serious = safety.findings.filter(({ severity }) => severity !== 'notice');
  const groups = grouped(serious);
  const notices = grouped(safety.findings.filter(({ severity }) => severity === 'notice'));
  const shown = groups.slice(0, GROUPS).map(groupStatus);
  const listed = shown.reduce((sum, { also = [] }) => sum + 1 + also.length, 0);
  const more = serious.length - listed;
  return {
    result: safety.result,
    checks: checkLines(safety.checks),
    ...(shown.length === 0 ? {} : { findings: shown }),
    ...(notices.length === 0 ? {} : { notices: notices.slice(0, GROUPS).map(noticeLine) }),
    ...(counts === undefined ? {} : { counts }),
    ...(more > 0 ? { more } : {}),
  };
}

/** In the order of the first finding of each rule. */
function grouped(findings: readonly Finding[]): [Finding, ...Finding[]][] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.rule}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function groupStatus([first, ...others]: [Finding, ...Finding[]]): FindingStatus {
  const { rule, severity, message, advice, migration, statement } = first;
  const at = placeOf(first);
  return {
    rule: clip(rule, LIMITS.name),
    severity,
    message: clip(message, LIMITS.message),
    advice: clip(advice, LIMITS.message),
    ...(migration === undefined ? {} : { migration: clip(migration, LIMITS.name) }),
    ...(at === '' ? {} : { at: clip(at, LIMITS.name) }),
    ...(statement === undefined ? {} : { statement: clip(statement, LIMITS.statement) }),
    ...(others.length === 0 ? {} : { also: others.slice(0, PLACES).map((other) => otherLine(other, first)) }),
  };
}

/** `2_b.sql:3:1: DROP TABLE b`; a statement that the group already shows is not repeated. */
function otherLine(other: Finding, { statement }: Finding): string {
  const text = other.statement === undefined || other.statement === statement ? other.message : other.statement;
  return clip(`${placeOf(other)}: ${text.replace(/\s+/g, ' ')}`, PLACE);
}

function placeOf({ position, migration }: Finding): string {
  return position === undefined ? (migration ?? '') : `${position.file}:${position.line}:${position.column}`;
}

function noticeLine(group: [Finding, ...Finding[]]): string {
  const [first] = group;
  const at = placeOf(first);
  const where = at === '' ? '' : group.length === 1 ? ` at ${at}` : `, first at ${at}`;
  return clip(`${first.rule}: ${count(group.length, 'notice')}${where}`, PLACE);
}

function checkLines(checks: NonNullable<RunReport['safety']>['checks']): string[] {
  const passed = checks.filter(({ result }) => result === 'passed').map(({ name }) => name);
  const others = checks.filter(({ result }) => result !== 'passed');
  const lines = others.slice(0, GROUPS).map(({ name, result, message }) => `${result}: ${name}: ${message}`);
  const summary = passed.length === 0 ? [] : [`${passed.length} passed: ${passed.join(', ')}`];
  return [...lines, ...summary].map((line) => clip(line, LIMITS.message));
}
