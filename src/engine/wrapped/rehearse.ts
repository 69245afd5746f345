import { textStart } from '../../core/model/clip.ts';
import { displayCommand } from '../../core/model/display-command.ts';
import type { MigrationEffects, RehearsalResult } from '../../core/model/effects.ts';
import type { Finding } from '../../core/model/finding.ts';
import type { Problem } from '../../core/model/problem.ts';
import type { SourceText } from '../../core/model/run-details.ts';
import { joinSentences } from '../../core/model/sentences.ts';
import { historyChanges, isBookkeeping } from '../../core/planning/tool-history.ts';
import { bySeverity } from '../../core/safety/by-severity.ts';
import { ROWS_LOST } from '../../core/safety/observed.ts';
import { serverOf } from '../../core/safety/server.ts';
import type { ObservedEffects } from '../../database/port.ts';
import type { SentPart } from '../../migrations/statements/sent.ts';
import type { RelayedStatement } from '../../proxy/proxy.ts';
import { failed } from '../failure.ts';
import type { Step } from '../flow.ts';
import { lackOf } from '../missing-objects.ts';
import { observed as observedFindings } from '../observed.ts';
import { askOnCopy } from '../query-checks.ts';
import { lostRows, type OpenedCopy, onCopy, openCopyWith } from '../rehearsal.ts';
import { describeLoss, type Loss, unexpectedRowLoss } from '../row-loss.ts';
import { count, few } from '../run-text.ts';
import { describePlace, missingExtension, untouched } from '../scratch.ts';
import type { BackedUp, Checked, Connected, Rehearsed, SentTexts } from '../state.ts';
import { commandProblem, preparedProblem, rejected } from './failure-text.ts';
import { partsOf, revisionsOf } from './parts.ts';
import { emptyRecord, recordInto } from './record.ts';
import { refuseIfStopped, runCommandOn } from './run-command.ts';
import { contentsOf, type Looked, objectDifferences, type Trial, type Tried, type WrappedPorts } from './state.ts';

type Input = Connected & Looked & Checked & BackedUp;
type Output = Tried & Rehearsed & SentTexts & Pick<Checked, 'findings'> & Partial<Pick<Checked, 'checks'>>;

/** Runs the command on the restored copy, and records what it does. */
export const rehearse: Step<Input, Output, WrappedPorts> = {
  name: 'rehearse',
  async run(input, ports) {
    const { findings } = input;
    if (ports.request.safety.rehearsal === 'Disabled') {
      return { kind: 'skipped', value: { findings }, message: 'turned off (safety.rehearsal: Disabled)' };
    }
    const copy = await openCopyWith(input.database, input, [], ports);
    return onCopy(copy, ports, () => rehearseOn(copy, input, ports));
  },
};

async function rehearseOn(copy: OpenedCopy, input: Input, ports: WrappedPorts) {
  const began = performance.now();
  const { database } = copy.scratch;
  const { request } = ports;
  const checkedBefore = await askOnCopy(copy, request, 'Before');
  const checks = [...input.checks, ...checkedBefore.results];
  if (checkedBefore.problem !== undefined) {
    return { ...failed(checkedBefore.problem, { touched: false }), partial: { checks } };
  }
  const before = await contentsOf(database);
  const watch = await database.watch();
  const sent = emptyRecord();
  const { gate, refusal } = await beyondGate(copy);
  const { loadFingerprinter } = await import('../../migrations/statements/fingerprint.ts');
  const observe = recordInto(sent, { fingerprint: await loadFingerprinter(), gate, beforeCommit: watch.look });
  const path = database.identity.display;
  const running = runCommandOn('rehearse', database, path, observe, ports);
  // Its session would keep the copy from being dropped.
  const { result, seen } = await running.catch(async (error: unknown) => {
    await database.preparedTransactions({ rollBack: true }).catch(() => []);
    await watch.stop();
    throw error;
  });
  // Their locks would stop everything that looks at the copy, and keep it from being dropped.
  const prepared = await database.preparedTransactions({ rollBack: true });
  const observed = await watch.stop();
  const after = await contentsOf(database);
  const changes = historyChanges(before.histories, after.histories);
  const isOfTool = (table: string) => isBookkeeping(table, [...before.histories, ...after.histories]);
  const changed =
    changes.length > 0 ||
    objectDifferences(before.objects, after.objects).length > 0 ||
    observed.changed.some((table) => !isOfTool(table));
  const trial: Trial = { before, after, changes, observed, changed, ...(seen === undefined ? {} : { sent }) };
  const label = (await revisionsOf(trial)).at(-1) ?? displayCommand(request.command.run);
  const effects: MigrationEffects = {
    revision: label,
    seconds: result.seconds,
    statements: seen?.executed ?? 0,
    locks: observed.locks.filter(({ table }) => !isOfTool(table)),
    rewrites: observed.rewrites,
    rows: observed.rows.filter(({ table }) => !isOfTool(table)),
  };
  const rehearsal: RehearsalResult = {
    mode: copy.mode,
    message: [copy.why, describePlace(copy.scratch)].filter(Boolean).join(', '),
    seconds: (performance.now() - began) / 1000,
    migrations: [effects],
    roundTrip: 'skipped',
    roundTripMessage: 'the migrations of another tool are not reverted',
  };
  const output = result.lines;
  let findings = input.findings;
  const parts = await partsOf(trial, request.command.run, ports.host.folder);
  const details = { schemas: { before: before.snapshot, after: after.snapshot }, sources: sourcesOf(parts) };
  const stop = (problem: Problem) => ({
    ...failed(problem, { touched: problem.reason === 'TargetChanged' }),
    partial: { rehearsal, findings, output, trial, checks, ...details },
  });

  const escaped = await changedTarget(input, ports);
  if (escaped !== undefined) return stop(escaped);
  refuseIfStopped(ports, `during the rehearsal; ${untouched(copy.scratch)}`);
  const refused = refusal();
  if (refused !== undefined) return stop(refused);
  const lack = lackOf(copy.scratch, new Map(parts.map(({ revision, statements }) => [revision, statements])));
  if (lack !== undefined) return stop(lack);
  if (result.code !== 0) {
    const place = `on the copy; ${untouched(copy.scratch)}`;
    const problem = commandProblem('RehearsalFailed', result, sent, place);
    // A client that gives up before it logs in shows its own words only.
    const unsaid = seen?.sessions === 0 ? seen.refused.filter((text) => !problem.message.includes(text)) : [];
    const refusals = unsaid.length === 0 ? undefined : `The proxy: ${few(unsaid)}`;
    const advice = missingExtension(problem.message, copy.scratch);
    return stop({ ...problem, message: joinSentences(problem.message, refusals, advice), migration: label });
  }
  if (prepared.length > 0) return stop(preparedProblem('RehearsalFailed', prepared, 'copy'));
  if (seen?.sessions === 0) return stop(notConnected(seen.refused, ports));
  if (observed.file !== undefined) return stop(notOpened(observed.file, ports));

  const losses = request.safety.ignore.includes(ROWS_LOST.id) ? [] : await lossesOf(database.dialect, effects, trial);
  findings = bySeverity([
    ...findings,
    ...(await ruleFindings(input, trial, parts, ports)),
    ...(await observedFindings(input.database, copy.mode, [effects], losses, ports)),
  ]);
  const lost = lostRows(losses, copy);
  if (lost !== undefined && request.safety.mode === 'Enforce') return stop(lost);
  const checkedAfter = changed ? await askOnCopy(copy, request, 'After') : { results: [], message: '' };
  checks.push(...checkedAfter.results);
  if (checkedAfter.problem !== undefined) return stop(checkedAfter.problem);
  const what = changed ? `${count(effects.statements, 'statement')}, ${few(summaryOf(trial))}` : 'it changed nothing';
  const summary = [
    `${displayCommand(request.command.run)} succeeded ${rehearsal.message}`,
    what,
    ...result.notes,
    ...rejected(sent),
    ...losses.map(describeLoss),
    ...(checkedAfter.message === '' ? [] : [checkedAfter.message]),
  ];
  const value = { trial, rehearsal, findings, output, checks, ...details };
  return { kind: 'done' as const, value, message: summary.join('; ') };
}

function summaryOf({ changes, observed }: Trial): string[] {
  const moved = changes.map(({ tool, from, to }) => `${tool}: ${from} → ${to}`);
  return moved.length > 0 ? moved : [`${count(observed.changed.length, 'table')} changed`];
}

/** For the page: the statements that were sent, because the files of another tool may be code. */
function sourcesOf(summary: readonly SentPart[]): SourceText[] {
  return summary.map(({ revision, statements, source }) => ({
    revision,
    file: source === undefined ? 'statements that were sent' : `${source.file}: statements that were sent`,
    text: statements.map((sql) => `${sql};`).join('\n'),
  }));
}

/**
 * Refuses statements that must not be sent to a copy on a shared server. A private server gets all statements without
 * effects outside of it.
 */
async function beyondGate({ scratch }: OpenedCopy) {
  let problem: Problem | undefined;
  if (!scratch.database.can.serverObjects) return { gate: undefined, refusal: () => problem };
  const { loadJudge } = await import('../../migrations/statements/parser.ts');
  const { refusalOf } = await import('../scratch.ts');
  const judge = await loadJudge();
  const gate = ({ sql, whole }: RelayedStatement) => {
    for (const one of judge(sql)) {
      problem ??= refusalOf(one, sql, scratch.place)?.problem;
      const { what } = one;
      if (problem === undefined && !scratch.beyond.includes(what)) scratch.beyond.push(what);
    }
    if (!whole && scratch.place.kind !== 'Private') {
      problem ??= {
        reason: 'NotRehearsable',
        message:
          "A statement is longer than 16 MiB, so it was not checked for effects on the target's server, and was not sent. Set safety.rehearsalServer: Private to rehearse it.",
        statement: textStart(sql, 400),
      };
    }
    return problem === undefined ? undefined : { code: '42501', message: `db-manager: ${problem.message}` };
  };
  return { gate, refusal: () => problem };
}

/** A command that has another way to the database has used it: nothing of this may happen in a rehearsal. */
async function changedTarget({ database, start }: Input, ports: WrappedPorts): Promise<Problem | undefined> {
  const now = await contentsOf(database);
  const changes = historyChanges(start.histories, now.histories);
  const objects = objectDifferences(start.objects, now.objects);
  if (changes.length === 0 && objects.length === 0) return undefined;
  const what = few([...changes.map(({ tool, from, to }) => `${tool}: ${from} → ${to}`), ...objects]);
  return {
    reason: 'TargetChanged',
    message: `The target was changed while the command ran on the copy (${what}). Either another program changed it, or the command does not use ${ports.request.command.urlVariable} and connected to the target directly. The backup of this run was taken before.`,
  };
}

function notConnected(refused: readonly string[], { request }: WrappedPorts): Problem {
  const { urlVariable } = request.command;
  const why =
    refused.length === 0
      ? `It did not connect to the URL in ${urlVariable}: nothing arrived at the proxy. Make its configuration read ${urlVariable}, or name the variable that it reads with --url-env`
      : `Its connections were refused: ${few(refused)}`;
  return unused(why);
}

function notOpened(file: NonNullable<ObservedEffects['file']>, { request }: WrappedPorts): Problem {
  const { urlVariable } = request.command;
  const why =
    file === 'NotRead'
      ? `It did not open the file in ${urlVariable}, the copy of the rehearsal. Make its configuration read ${urlVariable}, or name the variable that it reads with --url-env`
      : `It removed the file in ${urlVariable}, or put another file in its place. Such a change cannot be made while the application uses the database. Make the command change the file itself`;
  return unused(why);
}

function unused(why: string): Problem {
  return {
    reason: 'NotConnected',
    message: `The command ended successfully, but it did not use the database of this run. ${why}. The target was not changed.`,
  };
}

/** Without recorded statements every loss is reported, because it is not known what the command meant to delete. */
async function lossesOf(
  dialect: 'postgres' | 'sqlite',
  effects: MigrationEffects,
  { sent, before }: Trial,
): Promise<Loss[]> {
  const { rows } = effects;
  if (sent !== undefined) {
    const statements = new Map([[effects.revision, sent.statements.map(({ sql }) => sql)]]);
    return unexpectedRowLoss(dialect, [effects], statements, before.snapshot);
  }
  const appeared = rows.filter((one) => one.before === null).map((one) => one.after);
  return rows.flatMap((one) => {
    const lost = (one.before ?? 0) - (one.after ?? 0);
    // A table with as many rows has appeared: it was renamed.
    if (one.before === null || lost <= 0 || (one.after === null && appeared.includes(one.before))) return [];
    return [{ migration: effects.revision, table: one.table, lost, before: one.before }];
  });
}

async function ruleFindings(
  { database, start }: Input,
  trial: Trial,
  summary: readonly SentPart[],
  ports: WrappedPorts,
): Promise<Finding[]> {
  const { safety } = ports.request;
  if (safety.mode === 'Disabled' || trial.sent === undefined) return [];
  const [{ RULES }, { checkMigrations }, { readSent }] = await Promise.all([
    import('../../core/safety/rules.ts'),
    import('../../core/safety/check.ts'),
    import('../../migrations/statements/sent.ts'),
  ]);
  const { dialect, identity } = database;
  const server = serverOf(dialect, identity.serverVersion) ?? { dialect, version: 0 };
  const read = await readSent(summary, dialect);
  return checkMigrations(read, RULES, { server, ignore: safety.ignore, snapshot: start.snapshot });
}
