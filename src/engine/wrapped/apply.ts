import { textStart } from '../../core/model/clip.ts';
import { displayCommand } from '../../core/model/display-command.ts';
import type { Revision } from '../../core/model/revision.ts';
import { currentOf, historyChanges } from '../../core/planning/tool-history.ts';
import { describeDifference } from '../../core/schema/compare.ts';
import type { Fingerprint } from '../../migrations/statements/fingerprint.ts';
import type { RelayedStatement } from '../../proxy/proxy.ts';
import { differencesOn } from '../difference.ts';
import { failed } from '../failure.ts';
import type { Step } from '../flow.ts';
import { verifyStep } from '../query-checks.ts';
import { count, few } from '../run-text.ts';
import type { Applied, Checked, Connected, Inspected, Locked, Planned, Verified } from '../state.ts';
import { applyRefusal } from '../steps/apply.ts';
import { commandProblem, preparedProblem, rejected } from './failure-text.ts';
import { emptyRecord, recordInto } from './record.ts';
import { refuseIfStopped, runCommandOn } from './run-command.ts';
import { contentsOf, type Looked, objectDifferences, type Tried, type WrappedPorts } from './state.ts';

type Input = Connected & Pick<Planned, 'plan'> & Locked & Looked & Tried;

/** The only step that lets the command reach the target. */
export const apply: Step<Input, Applied & Pick<Tried, 'output'>, WrappedPorts> = {
  name: 'apply',
  async run(input, ports) {
    return (await applyRefusal(input, ports.request)) ?? applyTo(input, ports);
  },
};

async function applyTo({ database, plan, start, trial }: Input, ports: WrappedPorts) {
  const { command } = ports.request;
  const sent = emptyRecord();
  const unknown: string[] = [];
  let refused: string | undefined;
  const gate = ({ sql }: RelayedStatement, { fingerprint, kind }: Fingerprint) => {
    if (kind !== 'write' || trial?.sent === undefined || command.statements === 'Ignore') return undefined;
    if (trial.sent.writes.has(fingerprint)) return undefined;
    const text = textStart(sql.trim(), 300);
    if (!unknown.includes(text)) unknown.push(text);
    if (command.statements === 'Warn') return undefined;
    refused ??= text;
    return {
      code: '42501',
      message: `db-manager: this statement was not sent in the rehearsal, so it was not sent: ${text}`,
    };
  };
  const { loadFingerprinter } = await import('../../migrations/statements/fingerprint.ts');
  const observe = recordInto(sent, { fingerprint: await loadFingerprinter(), gate });
  const earlier = new Set(await database.preparedTransactions());
  const { result, seen } = await runCommandOn('apply', database, database.identity.display, observe, ports);
  const prepared = (await database.preparedTransactions()).filter((name) => !earlier.has(name));
  // Reading the schema would wait for its locks.
  if (prepared.length > 0) {
    const problem = preparedProblem('MigrationFailed', prepared, 'target');
    return { ...failed(problem, { touched: true }), partial: { done: [], output: result.lines } };
  }
  const now = await contentsOf(database);
  const changes = historyChanges(start.histories, now.histories);
  const moved = new Set(changes.flatMap(({ added, removed }) => [...added, ...removed]));
  const touched = sent.committed || changes.length > 0 || objectDifferences(start.objects, now.objects).length > 0;
  const all = result.code === 0 && refused === undefined;
  const done = plan.migrations
    .filter(({ revision }) => all || moved.has(revision))
    .map(({ revision }) => ({ revision, seconds: result.seconds / plan.migrations.length }));
  const partial = { done, output: result.lines };
  try {
    refuseIfStopped(ports, 'on the target');
  } catch (error) {
    return { ...failed(error, { touched, retry: touched ? 'never' : 'safe' }), partial };
  }
  if (refused !== undefined) {
    const message = `The command sent a statement to the target that it did not send on the copy. It was not executed: ${refused}. Compare both runs. If the statements of this tool differ by time, use --statements warn`;
    return { ...failed({ reason: 'PlanChanged', message, statement: refused }, { touched }), partial };
  }
  if (result.code !== 0)
    return { ...failed(commandProblem('MigrationFailed', result, sent, 'on the target'), { touched }), partial };
  if (seen?.sessions === 0) {
    const message = `${displayCommand(command.run)} ended successfully on the target, but it did not connect to the database of this run.`;
    return { ...failed({ reason: 'NotConnected', message }, { touched }), partial };
  }
  const notes = [
    ...result.notes,
    ...rejected(sent),
    ...(unknown.length === 0
      ? []
      : [`warning: not sent in the rehearsal: ${few(unknown.map((sql) => textStart(sql, 120)))}`]),
  ];
  const message = [
    `${count(done.length, 'migration')} ${plan.direction === 'up' ? 'applied' : 'reverted'}`,
    ...notes,
  ].join('; ');
  return { kind: 'done' as const, value: partial, message };
}

type Verifiable = Connected & Pick<Planned, 'plan'> & Pick<Inspected, 'current'> & Looked & Tried & Applied & Checked;
type Verify = Step<Verifiable, Verified & Pick<Inspected, 'current'>, WrappedPorts>;

/** The target must come out as the copy did, and the checks must be true on it. */
export const verify: Verify = verifyStep(compareWithCopy);

/** Its history, its schema and all other objects. */
async function compareWithCopy(
  { database, plan, current, start, trial, done }: Verifiable,
  { request }: WrappedPorts,
): ReturnType<Verify['run']> {
  if (plan.migrations.length === 0) return { kind: 'skipped', value: { current }, message: 'nothing was run' };
  if (request.dryRun) return { kind: 'skipped', value: { current }, message: 'a dry run changed nothing' };
  const now = await contentsOf(database);
  const history = now.histories.find(({ table }) => table === trial?.changes[0]?.table) ?? now.histories[0];
  const value = { current: (history === undefined ? plan.to : currentOf(history)) as Revision };
  if (trial === undefined)
    return { kind: 'skipped', value, message: 'not compared: without a rehearsal, there is no copy to compare with' };
  if (request.validation.after === 'Disabled') {
    return { kind: 'skipped', value, message: 'turned off (validation.after: Disabled)' };
  }
  const known = new Set(objectDifferences(trial.before.objects, start.objects));
  const expectedRows = historyChanges(trial.after.histories, now.histories).map(
    ({ table, added, removed }) =>
      `the history table ${table} differs from the copy: ${few([...added.map((one) => `${one} is only on the target`), ...removed.map((one) => `${one} is missing`)])}`,
  );
  const schema = (await differencesOn(database, trial.after.snapshot, now.snapshot)).map(describeDifference);
  const earlier = new Set(
    (await differencesOn(database, trial.before.snapshot, start.snapshot)).map(describeDifference),
  );
  const objects = objectDifferences(trial.after.objects, now.objects).filter((one) => !known.has(one));
  const fresh = schema.filter((one) => !earlier.has(one));
  const after = [...expectedRows, ...(fresh.length > 0 ? fresh : objects)];
  if (after.length === 0)
    return { kind: 'done', value: { ...value, after }, message: 'the target matches the copy after the rehearsal' };
  const message = `${count(after.length, 'difference')} between the copy after the rehearsal and the target: ${few(after)}`;
  if (request.validation.after === 'Warn') {
    return { kind: 'done', value: { ...value, after }, message: `warning: ${message}` };
  }
  return {
    ...failed({ reason: 'SchemaMismatch', message }, { touched: done.length > 0 }),
    partial: { ...value, after },
  };
}
