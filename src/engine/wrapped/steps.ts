/** The short steps of a run of a command. */
import { createHash } from 'node:crypto';
import { displayCommand } from '../../core/model/display-command.ts';
import type { Plan } from '../../core/model/plan.ts';
import type { Revision } from '../../core/model/revision.ts';
import { currentOf, historyChanges } from '../../core/planning/tool-history.ts';
import { failed } from '../failure.ts';
import type { Step } from '../flow.ts';
import { askChecks, readChecks } from '../query-checks.ts';
import { count, few } from '../run-text.ts';
import { unknownIgnores, unsafePlanProblem } from '../safety.ts';
import type { BackedUp, Checked, Connected, Inspected, Locked, Planned } from '../state.ts';
import { approve as approvePlan } from '../steps/approve.ts';
import { takeRunBackup } from '../steps/backup.ts';
import { preflightChecks } from '../steps/check.ts';
import { openTarget } from '../steps/connect.ts';
import { acquireLock } from '../steps/lock.ts';
import { revisionsOf } from './parts.ts';
import { contentsOf, type Looked, objectDifferences, type Tried, type WrappedPorts } from './state.ts';

type Current = Pick<Inspected, 'current'>;
type Plans = Pick<Planned, 'plan'>;

export const load: Step<object, object, WrappedPorts> = {
  name: 'load',
  async run(_, { request, host, target }) {
    const unknown = await unknownIgnores(request);
    if (unknown !== undefined) return failed(unknown, { touched: false });
    readChecks(request, target.dialect);
    host.check();
    return { kind: 'done', value: {}, message: displayCommand(request.command.run) };
  },
};

export const connect: Step<object, Connected, WrappedPorts> = {
  name: 'connect',
  run: (_, ports) => openTarget(ports.target, ports),
};

/** Reads the history table of the tool and the schema. Writes nothing. */
export const inspect: Step<Connected, Looked & Current, WrappedPorts> = {
  name: 'inspect',
  async run({ database }) {
    const start = await contentsOf(database);
    const found = start.histories.map(
      (history) =>
        `${history.tool} at ${currentOf(history)} (${history.table}, ${count(history.revisions.length, 'row')})`,
    );
    const message = found.length === 0 ? 'no history table of a known tool' : found.join('; ');
    return { kind: 'done', value: { start, current: currentOf(start.histories[0]) as Revision }, message };
  },
};

/** The preflight checks; the findings of the rules follow from the rehearsal. */
export const check: Step<Connected, Checked, WrappedPorts> = {
  name: 'check',
  async run({ database }, { request }) {
    if (request.onFailure === 'Downgrade' && request.command.down === undefined) {
      const message = 'onFailure: Downgrade needs the command that reverts the run. Give it with --down.';
      return failed({ reason: 'InvalidConfiguration', message }, { touched: false });
    }
    const checks = await preflightChecks(database, request.backup, request);
    const broken = checks.filter(({ result }) => result === 'failed');
    if (broken.length > 0) {
      const message = broken.map((one) => `${one.name}: ${one.message}`).join('; ');
      return { ...failed({ reason: 'CheckFailed', message }, { touched: false }), partial: { checks, findings: [] } };
    }
    const warnings = checks.filter(({ result }) => result === 'warning').map(({ message }) => message);
    const passed = `${count(checks.length - warnings.length, 'check')} passed`;
    const asked = await askChecks(database, request, 'Before', 'target');
    const value = { checks: [...checks, ...asked.results], findings: [] };
    if (asked.problem !== undefined) return { ...failed(asked.problem, { touched: false }), partial: value };
    return { kind: 'done', value, message: [passed, ...warnings, asked.message].filter(Boolean).join('; ') };
  },
};

/** One writer: the lock is held around both runs of the command. */
export const lock: Step<Connected, Locked, WrappedPorts> = {
  name: 'lock',
  run: ({ database }, ports) => acquireLock(database, ports, (locked) => ports.onLocked(locked)),
};

/** Another run may have changed the database while this run waited for the lock. */
export const confirm: Step<Connected & Looked & Current, Looked & Current, WrappedPorts> = {
  name: 'confirm',
  async run({ database, start }) {
    const now = await contentsOf(database);
    const changed = historyChanges(start.histories, now.histories);
    const value = { start: now, current: currentOf(now.histories[0]) as Revision };
    const moved = changed.map(({ tool, from, to }) => `${tool}: ${from} → ${to}`);
    const message = moved.length === 0 ? 'unchanged' : `another run changed the database: ${few(moved)}`;
    return { kind: 'done', value, message };
  },
};

export const backup: Step<Connected & Current, BackedUp, WrappedPorts> = {
  name: 'backup',
  run: ({ database, current }, ports) => takeRunBackup(database, current, ports),
};

/** The plan is the result of the rehearsal. Without a rehearsal it is the command itself. */
export const plan: Step<Looked & Current & Tried, Plans, WrappedPorts> = {
  name: 'plan',
  async run({ trial, start, current }, { request }) {
    const { command } = request;
    const label = displayCommand(command.run);
    if (trial === undefined) {
      const made = planOf([label], current, 'unknown', digestOf({ command: command.run }));
      return { kind: 'done', value: { plan: made }, message: `not known without a rehearsal: ${label}` };
    }
    if (!trial.changed) {
      const made = planOf([], current, current, digestOf({ nothing: true }));
      return { kind: 'done', value: { plan: made }, message: `nothing is pending at ${current}` };
    }
    const revisions = await revisionsOf(trial);
    const compared = trial.sent !== undefined && command.statements !== 'Ignore';
    const digest = digestOf({
      changes: trial.changes.map(({ table, added, removed }) => [table, added, removed]),
      statements: compared ? [...(trial.sent?.writes ?? [])].sort() : [],
      // Where statements are not compared, their result is.
      objects: compared ? [] : objectDifferences(start.objects, trial.after.objects),
    });
    const reverts = trial.changes.length > 0 && trial.changes.every(({ added }) => added.length === 0);
    const to = trial.changes[0]?.to ?? 'unknown';
    const made = planOf(revisions.length === 0 ? [label] : revisions, current, to, digest, reverts ? 'down' : 'up');
    const verb = reverts ? 'to revert' : 'to apply';
    const message = `${count(made.migrations.length, 'migration')} ${verb}: ${few(made.migrations.map(({ revision }) => revision))}`;
    return { kind: 'done', value: { plan: made }, message };
  },
};

/** Errors block the run, unless this plan awaits approval or is approved. */
export const approve: Step<Plans & Checked, object, WrappedPorts> = {
  name: 'approve',
  async run(input, ports) {
    const { plan: made, findings } = input;
    const { safety, approval, approvedPlan } = ports.request;
    const enforced = safety.mode === 'Enforce' && approval === 'Automatic' && approvedPlan !== made.digest;
    if (made.migrations.length > 0 && enforced && findings.some(({ severity }) => severity === 'error')) {
      return failed(unsafePlanProblem(findings, ports.request, made.digest), { touched: false });
    }
    return approvePlan.run(input, ports);
  },
};

function planOf(
  revisions: readonly string[],
  from: string,
  to: string,
  digest: string,
  direction: Plan['direction'] = 'up',
): Plan {
  return {
    direction,
    from: from as Revision,
    to: to as Revision,
    migrations: revisions.map((revision) => ({ revision: revision as Revision, checksum: '' })),
    digest,
  };
}

function digestOf(content: object): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
}
