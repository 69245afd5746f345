import { ProblemError } from '../../core/model/problem.ts';
import type { Rename } from '../../core/schema/renames.ts';
import { generateMigration } from '../../library/generate.ts';
import { SCAFFOLDS } from '../../migrations/templates.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { print } from '../output/print.ts';

interface Generating extends Globals {
  message: string;
  format: string;
  autogenerate: boolean;
  rename: string[];
  from?: 'base';
}

/** `generate <message>`: migrations from the difference between models and database, or an empty one. */
export async function generate({ rename, ...options }: Generating, io: Io): Promise<void> {
  const format = SCAFFOLDS.find((known) => known === options.format);
  if (format === undefined) throw wrong(`--format must be one of ${SCAFFOLDS.join(', ')}, not "${options.format}".`);
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
}

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
    throw wrong(`--rename must be TABLE=NEW_NAME or TABLE.COLUMN=NEW_NAME, not "${text}".`);
  }
  const at = before.lastIndexOf('.');
  if (at < 0) return { kind: 'table', from: before, to };
  return { kind: 'column', table: before.slice(0, at), from: before.slice(at + 1), to };
}

function wrong(message: string): ProblemError {
  return new ProblemError({ reason: 'InvalidConfiguration', message });
}
