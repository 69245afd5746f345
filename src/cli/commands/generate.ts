import { Option } from 'commander';
import { invalidConfiguration } from '../../core/model/problem.ts';
import type { Rename } from '../../core/schema/renames.ts';
import { defineCommand } from '../command.ts';
import { collect } from '../options.ts';
import { print } from '../output/print.ts';

interface GenerateCommandOptions {
  message: string;
  format: string;
  autogenerate: boolean;
  rename?: string[];
  from?: 'base';
  template?: string;
}

/** Migrations from the difference between models and database, or an empty one. */
export const generate = defineCommand<GenerateCommandOptions>({
  name: 'generate',
  group: 'From a model to a migration:',
  summary: 'write a migration from the difference between models and database',
  examples: [
    'db-manager generate "add orders"',
    'db-manager generate "note" --rename orders.comment=note',
    'db-manager generate "by hand" --no-autogenerate --format sql',
  ],
  configure: (command) =>
    command
      .argument('<message>', 'what the migration does')
      .option('--no-autogenerate', 'write an empty migration')
      .option('--format <format>', 'ts, js or sql; an empty migration also in the format of another tool', 'ts')
      .addOption(
        new Option(
          '--from <base>',
          'compare with an empty database, for the first migration of existing tables',
        ).choices(['base']),
      )
      .option('--rename <old=new>', 'treat a table, or a column (table.column=new), as renamed; repeatable', collect)
      .option('--template <file>', 'custom template with {{message}}, {{up}}, {{down}}, {{transaction}}'),
  async action({ rename = [], ...options }, io) {
    const { keepYoungObjectsSmall } = await import('../young-objects.ts');
    keepYoungObjectsSmall();
    const { generateMigration } = await import('../../library/generate.ts');
    const { SCAFFOLDS } = await import('../../migrations/templates.ts');
    const format = SCAFFOLDS.find((known) => known === options.format);
    if (format === undefined)
      throw invalidConfiguration(`--format must be one of ${SCAFFOLDS.join(', ')}, not "${options.format}".`);
    const askRename = io.terminal && !io.json ? ask : undefined;
    const result = await generateMigration({ ...options, format, renames: rename.map(parseRename), askRename });
    print(io, options, result, ({ migrations, warnings }) => {
      if (migrations.length === 0) return 'The models and the database do not differ; nothing was written.';
      const files = migrations.flatMap((migration) => migration.files);
      return [
        ...files.map((file) => `wrote ${file}`),
        ...warnings.map((warning) => `  ! ${warning}`),
        options.from === 'base'
          ? 'Review it. If its tables already exist: db-manager migrate stamp head; otherwise: db-manager safe-migrate'
          : 'Review it, then run: db-manager safe-migrate',
      ].join('\n');
    });
  },
});

async function ask(candidate: Rename): Promise<boolean> {
  const { confirm } = await import('@inquirer/prompts');
  const [from, to] =
    candidate.kind === 'table'
      ? [`table ${candidate.from}`, candidate.to]
      : [`column ${candidate.table}.${candidate.from}`, candidate.to];
  return confirm({ message: `Is ${to} a new name for the ${from}? Its content is kept.`, default: true });
}

/** `orders=purchases` renames a table, `orders.comment=note` a column. */
function parseRename(text: string): Rename {
  const [, before, to] = /^([^=]+)=([^=.]+)$/.exec(text) ?? [];
  if (before === undefined || to === undefined) {
    throw invalidConfiguration(`--rename must be TABLE=NEW_NAME or TABLE.COLUMN=NEW_NAME, not "${text}".`);
  }
  const at = before.lastIndexOf('.');
  if (at < 0) return { kind: 'table', from: before, to };
  return { kind: 'column', table: before.slice(0, at), from: before.slice(at + 1), to };
}
