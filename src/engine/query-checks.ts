/** `checks` of a request: queries that must return true before and after a plan, on the copy and on the target. */
import type { CheckResult } from '../core/model/finding.ts';
import { invalidConfiguration, type Problem, ProblemError } from '../core/model/problem.ts';
import type { QueryCheck } from '../core/model/query-check.ts';
import type { CommonRequest } from '../core/model/request.ts';
import type { StepResult } from '../core/model/step.ts';
import type { Database } from '../database/port.ts';
import { splitSql } from '../sql/split.ts';
import { failed, toProblem } from './failure.ts';
import type { Step } from './flow.ts';
import type { RunPorts } from './ports.ts';
import { count } from './run-text.ts';
import type { Applied, Checked, Connected, Planned } from './state.ts';

type Asked = Pick<Database, 'isTrue' | 'dialect'>;
type Where = 'copy' | 'target';

interface Asking {
  /** One result for each check that was asked, in their order; the last may have failed. */
  results: CheckResult[];
  /** Why the run must stop. */
  problem?: Problem;
  /** For the message of the step; empty if nothing was asked. */
  message: string;
}

const NOTHING: Asking = { results: [], message: '' };

/**
 * Asks the checks of this time, and stops at the first that is not true. A plan that reverts is not checked: the checks
 * are those of the schema that it leaves. Throws ProblemError for failures that are not those of the check.
 */
export async function askChecks(
  database: Asked,
  { checks = [], timeouts }: Pick<CommonRequest, 'checks' | 'timeouts'>,
  when: 'Before' | 'After',
  where: Where,
  direction: 'up' | 'down' = 'up',
): Promise<Asking> {
  const wanted = checks.filter((check) => check.when === when || check.when === 'Always');
  if (wanted.length === 0) return NOTHING;
  if (direction === 'down') return { ...NOTHING, message: 'checks are not run for a plan that reverts migrations' };
  const time = `${when.toLowerCase()} the run`;
  const place = where === 'copy' ? 'the copy' : 'the target';
  const results: CheckResult[] = [];
  for (const check of wanted) {
    const name = `${check.name}, ${time}, on ${place}`;
    const untrue = await whyUntrue(database, check, timeouts.statement);
    results.push({ name, result: untrue === undefined ? 'passed' : 'failed', message: untrue ?? 'true' });
    if (untrue === undefined) continue;
    const message = `The check ${check.name} ${untrue} (${time}, on ${place}): ${shown(check.sql)}`;
    return { results, problem: { reason: 'CheckNotTrue', message }, message };
  }
  return { results, message: `${count(wanted.length, 'data check')} true on ${place}` };
}

/** The queries are read before anything is done. Throws ProblemError InvalidConfiguration. */
export function readChecks({ checks = [] }: Pick<CommonRequest, 'checks'>, dialect: Asked['dialect']): void {
  const names = new Set<string>();
  for (const { name, sql } of checks) {
    const refuse = (why: string): never => {
      throw invalidConfiguration(`The check ${name}: ${why}`);
    };
    if (names.has(name)) refuse('two checks have this name. Rename one of them.');
    names.add(name);
    const found = splitSql(sql, dialect, { file: `the check ${name}`, line: 1 });
    if (found.length !== 1) refuse(`it has ${count(found.length, 'statement')}. Write one query that returns true.`);
  }
}

/** A result of `verify` with the checks after the run; they are asked although the comparison is turned off. */
async function withChecksAfter<T extends object>(
  result: StepResult<T>,
  database: Asked,
  request: CommonRequest,
  state: { ran: boolean; touched: boolean; direction: 'up' | 'down'; checks?: CheckResult[] },
): Promise<StepResult<T & { checks?: CheckResult[] }>> {
  if ((result.kind !== 'done' && result.kind !== 'skipped') || !state.ran) return result;
  const asked = await askChecks(database, request, 'After', 'target', state.direction).catch(
    (error: unknown): Asking => ({ results: [], problem: toProblem(error), message: 'the checks were not run' }),
  );
  const { results, problem, message } = asked;
  if (message === '') return result;
  const value = { ...result.value, checks: [...(state.checks ?? []), ...results] };
  if (problem !== undefined) return { ...failed(problem, { touched: state.touched }), partial: value };
  return { ...result, value, message: `${result.message}; ${message}` };
}

/** The step `verify`: a comparison, then the checks that must be true after the run. */
export function verifyStep<
  In extends Connected & Pick<Planned, 'plan'> & Applied & Pick<Checked, 'checks'>,
  Out extends object,
  Ports extends RunPorts<CommonRequest>,
>(compare: Step<In, Out, Ports>['run']): Step<In, Out & { checks?: CheckResult[] }, Ports> {
  return {
    name: 'verify',
    async run(input, ports) {
      const { database, plan, done, checks } = input;
      const { request } = ports;
      const ran = plan.migrations.length > 0 && !request.dryRun;
      const { direction } = plan;
      const state = { ran, touched: done.length > 0, direction, checks };
      return withChecksAfter(await compare(input, ports), database, request, state);
    },
  };
}

/** On the copy: a copy without rows proves nothing about them. */
export async function askOnCopy(
  copy: { mode: 'Full' | 'SchemaOnly'; scratch: { database: Asked } },
  request: Pick<CommonRequest, 'checks' | 'timeouts'>,
  when: 'Before' | 'After',
  direction: 'up' | 'down' = 'up',
): Promise<Asking> {
  if (copy.mode === 'Full') return askChecks(copy.scratch.database, request, when, 'copy', direction);
  const some = (request.checks ?? []).length > 0 && when === 'After';
  return { ...NOTHING, message: some ? 'the checks were not run, because the copy has no rows' : '' };
}

/** Undefined if it is true. */
async function whyUntrue(database: Asked, { sql }: QueryCheck, statementMs: number): Promise<string | undefined> {
  try {
    return (await database.isTrue(conditionOf(sql, database.dialect), statementMs)) ? undefined : 'is not true';
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    return `cannot be evaluated: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Without the semicolon at its end. */
function conditionOf(sql: string, dialect: Asked['dialect']): string {
  return splitSql(sql, dialect, { file: 'check', line: 1 })[0]?.sql ?? sql;
}

function shown(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
