import type { DecidedFinding, RunRecord } from '../../core/model/run-record.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const runsShow = defineCommand<{ id: string }>({
  name: 'runs show',
  group: 'Production:',
  summary: 'show one run: who started it, its steps, findings and result',
  examples: ['db-manager runs show 4f2a91c0', 'db-manager runs show 4f2a91c0 --json'],
  configure: (command) => command.argument('<id>', 'the id of a run or the unique start of it'),
  async action(options, io) {
    const { showRun } = await import('../../library/runs.ts');
    print(io, options, await showRun(options), inFull);
  },
});

function inFull(run: RunRecord): string {
  const { plan, steps = [], ignored = [], approved = [], applied = [] } = run;
  const lines: [string, string | undefined][] = [
    ['run', `${run.runId}, attempt ${run.attempt}`],
    ['command', run.command],
    ['started', `${run.startedAt} by ${run.startedBy}`],
    ['resource', run.resource],
    ['image', run.image],
    ['db-manager', run.toolVersion],
    ['plan', plan && `${plan.digest}, ${plan.direction}: ${plan.migrations.join(', ') || 'empty'}`],
    ['backup', run.backup],
    ['finished', run.finishedAt],
    ['result', run.result === undefined ? STATES[run.state] : `${run.result}: ${run.reason}`],
    ['message', run.message],
    ['done', applied.length === 0 ? undefined : applied.join(', ')],
    ...steps.map(({ step, kind, seconds }): [string, string] => ['step', `${step} ${kind}, ${seconds.toFixed(2)} s`]),
    ...ignored.map((one): [string, string] => ['ignored', decided(one)]),
    ...approved.map((one): [string, string] => ['approved', decided(one)]),
  ];
  return lines.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(11)} ${text}`])).join('\n');
}

const STATES = {
  running: 'running, or killed and not followed by another run yet',
  lost: 'lost: another run got the lock before its end was written',
  ended: 'ended',
} as const;

function decided({ rule, migration, why, by }: DecidedFinding): string {
  return [rule, migration === undefined ? '' : `in ${migration}`, `by ${by}`, why === undefined ? '' : `(${why})`]
    .filter((part) => part !== '')
    .join(' ');
}
