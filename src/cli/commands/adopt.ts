import { count } from '../../core/model/count.ts';
import { invalidConfiguration } from '../../core/model/problem.ts';
import type { ForeignTool } from '../../core/planning/adopt/foreign.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const adopt = defineCommand<{ from: string; versions?: string }>({
  name: 'adopt',
  group: 'Repair and import:',
  summary: 'import the history of another tool without running migrations',
  examples: ['db-manager adopt --from alembic'],
  configure: (command) =>
    command
      .requiredOption(
        '--from <tool>',
        'sequelize, alembic, flyway, golang-migrate, dbmate, goose, knex, prisma or drizzle',
      )
      .option('--versions <folder>', "folder of Alembic's scripts, whose down_revision defines the order"),
  async action(options, io) {
    const { FOREIGN_TABLES } = await import('../../core/planning/adopt/foreign.ts');
    const tools = Object.keys(FOREIGN_TABLES) as ForeignTool[];
    const from = tools.find((tool) => tool === options.from);
    if (from === undefined) {
      throw invalidConfiguration(`--from must be one of ${tools.join(', ')}, not "${options.from}".`);
    }
    const { adoptHistory } = await import('../../library/history.ts');
    const result = await adoptHistory({ ...options, from });
    // No row matches a file: the folder is the wrong one, or its migrations do not run here.
    if (result.adopted.length === 0 && result.unmatched.length > 0) io.setExitCode(4);
    print(io, options, result, ({ adopted, unmatched, note }) => {
      const left =
        unmatched.length === 0
          ? ''
          : `\nNo file matches ${unmatched.join(', ')}; nothing was written to the history for them.`;
      return `${count(adopted.length, 'migration')} adopted from ${from}; no migration was run.${left}${note === undefined ? '' : `\n${note}`}`;
    });
  },
});
