import { takeBaseline } from '../../library/baseline.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { print } from '../output/print.ts';

/** `baseline [--forget]` */
export async function baseline(options: Globals & { forget: boolean }, io: Io): Promise<void> {
  print(io, options, await takeBaseline(options), ({ baseline: kept, tables, replaced }) => {
    if (kept === undefined) return replaced ? 'The baseline was removed.' : 'There was no baseline.';
    const { revisions } = kept;
    const last = revisions.at(-1);
    const covered = last === undefined ? 'no migration' : `${revisions.length} migrations up to ${last}`;
    return [
      `${replaced ? 'Replaced' : 'Kept'} the baseline: the schema as it is now (${tables} tables), after ${covered}.`,
      'A replay starts from it and runs the migrations that are applied later. None of your tables was changed.',
    ].join('\n');
  });
}
