import type { StoredMigration } from '../../library/stored.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const migrateShow = defineCommand<{ revision: string }>({
  name: 'migrate show',
  group: 'From a model to a migration:',
  summary: 'print the stored text of an applied migration',
  description:
    'Prints the text that was applied, from the history alone; the files are not needed. The text is not masked: it contains what its author wrote.',
  examples: ['db-manager migrate show 20240601', 'db-manager migrate show 20240601 --json'],
  configure: (command) => command.argument('<revision>', 'an applied revision or its unique prefix'),
  async action(options, io) {
    const { showMigration } = await import('../../library/stored.ts');
    const shown = await showMigration(options);
    const { note, detail } = shown.source ?? {};
    if (note === 'OwnImports') io.err(`it cannot be run from this text alone, because it uses ${detail}`);
    print(io, options, shown, textOf);
  },
});

/** One file as it is; several with their names. */
function textOf({ files }: StoredMigration): string {
  const [only] = files;
  if (files.length === 1 && only !== undefined) return only.text.replace(/\r?\n$/, '');
  return files.map(({ name, text }) => `-- ${name}\n${text.replace(/\r?\n$/, '')}`).join('\n\n');
}
