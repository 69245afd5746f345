import type { MigrationEffects, RehearsalResult } from '../../core/model/effects.ts';
import type { Problem } from '../../core/model/problem.ts';
import { joinSentences } from '../../core/model/sentences.ts';
import { bySeverity } from '../../core/safety/by-severity.ts';
import { ROWS_LOST } from '../../core/safety/observed.ts';
import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import { interruption, passedDeadline } from '../../engine/interruption.ts';
import { lackOf } from '../../engine/missing-objects.ts';
import { observed } from '../../engine/observed.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { askOnCopy } from '../../engine/query-checks.ts';
import { lostRows, type OpenedCopy, onCopy, openCopy, roundTrip, runOnCopy } from '../../engine/rehearsal.ts';
import { describeLoss, unexpectedRowLoss, withPlace } from '../../engine/row-loss.ts';
import {
  measuredLoss,
  refusedLoss,
  revertsUnasked,
  unmeasuredRisks,
  vanishedValues,
} from '../../engine/rows-at-risk.ts';
import { count, few } from '../../engine/run-text.ts';
import { describePlace, missingExtension, untouched } from '../../engine/scratch.ts';
import type { BackedUp, Checked, Connected, Planned, Rehearsed } from '../../engine/state.ts';

type Input = Connected & Planned & Checked & BackedUp;
type Output = Rehearsed & Pick<Checked, 'findings'> & Partial<Pick<Checked, 'checks'>>;

/** The target is changed only after the plan has succeeded on a restored copy of it. */
export const rehearse: Step<Input, Output> = {
  name: 'rehearse',
  async run(input, ports) {
    const { findings } = input;
    if (input.plan.migrations.length === 0) return { kind: 'skipped', value: { findings }, message: 'nothing to run' };
    if (ports.request.safety.rehearsal === 'Disabled') {
      const loss = await unmeasuredLoss(input, ports);
      if (loss !== undefined) return failed(loss, { touched: false });
      return { kind: 'skipped', value: { findings }, message: 'turned off (safety.rehearsal: Disabled)' };
    }
    const copy = await openCopy(input.database, input, input.migrations, ports);
    return onCopy(copy, ports, () => rehearseOn(copy, input, ports));
  },
};

/** A downgrade that no person requested needs an approval if the rows that it deletes are unknown. */
async function unmeasuredLoss(
  { plan, migrations, database }: Pick<Input, 'plan' | 'migrations' | 'database'>,
  { request }: RunPorts,
): Promise<Problem | undefined> {
  if (!revertsUnasked(plan, request)) return undefined;
  return refusedLoss(await unmeasuredRisks(database, migrations, request.migrations.path), plan, request);
}

async function rehearseOn(copy: OpenedCopy, { plan, migrations, ...input }: Input, ports: RunPorts) {
  const began = performance.now();
  const { database } = copy.scratch;
  const start = await database.snapshot();
  await database.history.ensure();
  const sent = new Map<string, string[]>();
  const before = await askOnCopy(copy, ports.request, 'Before', plan.direction);
  const checks = [...input.checks, ...before.results];
  if (before.problem !== undefined) {
    return { ...failed(before.problem, { touched: false }), partial: { findings: input.findings, checks } };
  }
  const outcome = await runOnCopy(database, migrations, plan.direction, ports, { sent });
  const effects: MigrationEffects[] = outcome.done.flatMap(({ effects }) => effects ?? []);
  const record = (trip: Pick<RehearsalResult, 'roundTrip' | 'roundTripMessage'>): RehearsalResult => ({
    mode: copy.mode,
    message: [copy.why, describePlace(copy.scratch)].filter(Boolean).join(', '),
    seconds: (performance.now() - began) / 1000,
    migrations: effects,
    ...trip,
  });
  let findings = input.findings;
  let schemas: Rehearsed['schemas'];
  const stop = (problem: Problem, rehearsal: RehearsalResult, retry?: 'safe') => ({
    ...failed(problem, { touched: false, ...(retry === undefined ? {} : { retry }) }),
    partial: { rehearsal, findings, schemas, checks },
  });

  const lack = lackOf(copy.scratch, sent);
  if (lack !== undefined) return stop(lack, record({ roundTrip: 'skipped' }));
  if (outcome.kind === 'stopped') {
    const problem: Problem = passedDeadline(ports.signal)
      ? interruption(ports.signal, 'during the rehearsal; no changes were made')
      : { reason: 'Interrupted', message: 'Stopped on request during the rehearsal; no changes were made.' };
    return stop(problem, record({ roundTrip: 'skipped' }), 'safe');
  }
  if (outcome.kind === 'failed') {
    const { problem } = outcome;
    if (problem.reason === 'NotRehearsable') return stop(problem, record({ roundTrip: 'skipped' }));
    const where = `${problem.message} (on the copy; ${untouched(copy.scratch)})`;
    const message = joinSentences(where, missingExtension(problem.message, copy.scratch));
    return stop({ ...problem, reason: 'RehearsalFailed', message }, record({ roundTrip: 'skipped' }));
  }

  schemas = { before: start, after: await database.snapshot() };
  const { safety } = ports.request;
  const enforce = safety.mode === 'Enforce';
  const warnings: string[] = [];
  const losses = safety.ignore.includes(ROWS_LOST.id)
    ? []
    : (await unexpectedRowLoss(database.dialect, effects, sent, start)).map((loss) =>
        withPlace(loss, migrations, plan.direction),
      );
  findings = bySeverity([...findings, ...(await observed(input.database, copy.mode, effects, losses, ports))]);
  const lost = lostRows(losses, copy);
  if (lost !== undefined && enforce) return stop(lost, record({ roundTrip: 'skipped' }));
  if (lost !== undefined) warnings.push(few(losses.map(describeLoss)));
  const unasked = revertsUnasked(plan, ports.request);
  const last = migrations.at(-1)?.revision ?? '';
  const loss = !unasked
    ? undefined
    : copy.mode === 'Full'
      ? refusedLoss(
          [...measuredLoss(effects), ...(await vanishedValues(schemas, effects, input.database, database, last))],
          plan,
          ports.request,
        )
      : await unmeasuredLoss({ plan, migrations, ...input }, ports);
  if (loss !== undefined) return stop(loss, record({ roundTrip: 'skipped' }));
  const after = await askOnCopy(copy, ports.request, 'After', plan.direction);
  checks.push(...after.results);
  if (after.problem !== undefined) return stop(after.problem, record({ roundTrip: 'skipped' }));
  const trip =
    safety.roundTrip && (plan.direction === 'up' || unasked)
      ? await roundTrip(database, plan.direction, migrations, start, ports)
      : { result: 'skipped' as const };
  const rehearsal = record({ roundTrip: trip.result, roundTripMessage: trip.message });
  if (trip.result === 'failed') {
    const back = plan.direction === 'up' ? 'Reverting the plan' : 'Applying the reverted migrations again';
    const message = `${back} on the copy does not restore the original schema: ${trip.message} (${untouched(copy.scratch)}).`;
    if (enforce) return stop({ reason: 'RoundTripFailed', message }, rehearsal);
    warnings.push(message);
  }
  const parts = [
    `${count(migrations.length, 'migration')} succeeded ${rehearsal.message}`,
    `round trip ${trip.result}`,
    ...(after.message === '' ? [] : [after.message]),
    ...warnings,
  ];
  return { kind: 'done' as const, value: { rehearsal, findings, schemas, checks }, message: parts.join('; ') };
}
