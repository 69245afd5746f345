import { writeFile } from 'node:fs/promises';
import { Option } from 'commander';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { defineCommand } from '../command.ts';

/** To standard output, or into a file whose extension selects the format. */
export const schemaDiagram = defineCommand<{ format?: 'mermaid' | 'svg'; output?: string }>({
  name: 'schema diagram',
  group: 'From a model to a migration:',
  summary: 'draw the schema, or the difference between two revisions, as Mermaid or SVG',
  examples: ['db-manager schema diagram --output schema.svg', 'db-manager schema diagram 20240601:head > change.mmd'],
  configure: (command) =>
    command
      .argument('[from:to]', 'draw the changes between two revisions (default: the current schema)')
      .addOption(
        new Option('--format <format>', 'default: from the file extension, else mermaid').choices(['mermaid', 'svg']),
      )
      .option('--output <file>', 'output file (default: standard output)'),
  async action(options, io, { args: [range] }) {
    const { schemaDiagram } = await import('../../library/diagram.ts');
    const { output, json } = options;
    const format = options.format ?? (output?.endsWith('.svg') ? 'svg' : 'mermaid');
    const text = await schemaDiagram({ ...options, range, format });
    if (output !== undefined) {
      await writeFile(output, text).catch((error: Error) => {
        const message = `The diagram could not be written to ${output}: ${error.message}`;
        throw invalidConfiguration(message);
      });
    }
    if (json === true)
      io.out(JSON.stringify({ format, ...(output === undefined ? { diagram: text } : { file: output }) }, null, 2));
    else io.out(output === undefined ? text.trimEnd() : `wrote ${output}`);
  },
});
