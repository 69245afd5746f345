import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Option } from 'commander';
import { invalidConfiguration } from '../../core/model/problem.ts';
import { defineCommand } from '../command.ts';

interface ReportCommandOptions {
  name?: string;
  output?: string;
  redactLiterals?: boolean;
  format: 'html' | 'markdown';
}

/** Writes the page of a run that has ended, from the report that was kept with its backup. */
export const report = defineCommand<ReportCommandOptions>({
  name: 'report',
  group: 'Production:',
  summary: 'write the page of a run: one HTML file for a browser, a printer or a ticket',
  description:
    'Reads the report that was kept with the backup of the run. The page needs no network. It contains the text of the migrations; secrets are masked.',
  examples: ['db-manager report', 'db-manager report backup_20240601_120000 --output release.html --redact-literals'],
  configure: (command) =>
    command
      .argument('[name]', 'a backup, a run, its unique prefix, a file, or latest (default)')
      .option(
        '--output <file>',
        'file of the page; - is standard output (default: the name with .html, in this folder)',
      )
      .addOption(
        new Option('--format <format>', 'html, or markdown for a comment of a pull request')
          .choices(['html', 'markdown'])
          .default('html'),
      )
      .option('--redact-literals', 'replace the literals in SQL and the values of rows'),
  async action({ name, output, redactLiterals, format, json, ...options }, io) {
    const { runReport } = await import('../../library/run-report.ts');
    const { file, report, ...texts } = await runReport({ ...options, name, redactLiterals });
    if (json === true) return io.out(JSON.stringify(report, null, 2));
    const text = texts[format];
    if (output === '-') return io.out(text.trimEnd());
    const path = resolve(output ?? `${basename(file)}.${format === 'html' ? 'html' : 'md'}`);
    await writeFile(path, text, { mode: 0o600 }).catch((error: Error) => {
      throw invalidConfiguration(`The page could not be written: ${error.message}. Name another file: --output FILE.`);
    });
    io.out(`Wrote ${path}.`);
  },
});
