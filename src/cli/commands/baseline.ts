import { count } from '../../core/model/count.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const baseline = defineCommand<{ forget?: boolean }>({
  name: 'baseline',
  group: 'Repair and import:',
  summary: 'record the current schema as the start of every replay',
  description:
    'For a database that existed before its first migration, or whose old migrations can no longer run. Writes only its own table db_manager_baseline.',
  examples: ['db-manager baseline', 'db-manager baseline --forget'],
  configure: (command) =>
    command.option('--forget', 'remove the baseline, so that a replay starts from an empty database'),
  async action(options, io) {
    const { takeBaseline } = await import('../../library/baseline.ts');
    print(io, options, await takeBaseline(options), ({ baseline: kept, tables, replaced }) => {
      if (kept === undefined) return replaced ? 'The baseline was removed.' : 'There was no baseline.';
      const { revisions } = kept;
      const last = revisions.at(-1);
      const covered = last === undefined ? 'no migration' : `${count(revisions.length, 'migration')} up to ${last}`;
      return [
        `${replaced ? 'Replaced' : 'Kept'} the baseline: the schema as it is now (${count(tables, 'table')}), after ${covered}.`,
        'A replay starts from it and runs the migrations that are applied later. No other table was changed.',
      ].join('\n');
    });
  },
});
