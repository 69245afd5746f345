import type { RunRecord } from '../../core/model/run-record.ts';
import { defineCommand } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { print } from '../output/print.ts';

export const runs = defineCommand<{ last: number }>({
  name: 'runs',
  group: 'Production:',
  summary: 'list the runs that the database keeps',
  description: 'These are the runs of every command, Job and sidecar, the newest first. A dry run is not kept.',
  examples: ['db-manager runs', 'db-manager runs --last 5 --json'],
  configure: (command) => command.option('--last <n>', 'number of runs', wholeNumber, 30),
  async action(options, io) {
    const { listRuns } = await import('../../library/runs.ts');
    const { renderTable } = await import('../output/table.ts');
    print(io, options, await listRuns(options), (found) =>
      found.length === 0
        ? 'The database keeps no runs yet.'
        : renderTable(['RUN', 'STARTED AT (UTC)', 'RESULT', 'COMMAND', 'STARTED BY'], found.map(row), io.columns),
    );
  },
});

function row({ runId, startedAt, state, result, reason, command, startedBy, resource }: RunRecord): string[] {
  const ended = result === undefined ? state : `${result}: ${reason}`;
  const by = resource === undefined ? startedBy : `${resource} (${startedBy})`;
  return [runId, startedAt.slice(0, 19).replace('T', ' '), ended, command, by];
}
