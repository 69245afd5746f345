import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { defineCommand } from '../command.ts';
import { addClusterOptions } from '../options.ts';
import type { NamedOptions } from './resource.ts';

interface ReportOptions extends NamedOptions {
  output?: string;
  redactLiterals?: boolean;
  format: 'html' | 'markdown';
}

export const report = defineCommand<ReportOptions>({
  name: 'report',
  group: 'Clusters:',
  summary: 'write the page of the last run, from the log of its pod',
  description:
    'The log of the pod has no text of the migrations. The page contains it if the ConfigMaps of the resource are those of the run. The page on the volume of the backups always contains it (status.reportPage).',
  examples: [
    'kubectl dbm report orders -n shop --output release.html',
    'kubectl dbm report orders -n shop --redact-literals',
  ],
  configure: (command) =>
    addClusterOptions(command)
      .argument('<name>')
      .option('--output <file>', 'file of the page; - is standard output (default: NAME-RUN.html, in this folder)')
      .addOption(new Option('--format <format>', 'html or markdown').choices(['html', 'markdown']).default('html'))
      .option('--redact-literals', 'replace the literals in SQL and the values of rows'),
  async action({ output, format, redactLiterals, ...options }, io) {
    const { noPod, openResource, podOfRun } = await import('./resource.ts');
    const { invalidConfiguration, ProblemError } = await import('../../core/model/problem.ts');
    const { eventOf, linesOfPod } = await import('./pod-log.ts');
    const cluster = await openResource(options);
    const { status } = cluster.resource;
    const page =
      status?.reportPage === undefined ? '' : ` The page is kept on the volume of the backups: ${status.reportPage}`;
    const missing = (why: string) => new ProblemError({ reason: 'ReportNotFound', message: `${why}${page}` });
    const pod = await podOfRun(cluster);
    if (pod === undefined) throw missing(noPod(cluster.resource));
    let last: string | undefined;
    for await (const line of linesOfPod(cluster, pod.metadata.name, false, io.signal)) {
      if (line.startsWith('{"type":"report",')) last = line;
    }
    if (last === undefined) throw missing(`Run ${status?.run?.id} has not ended, or its pod ended without a report.`);
    const event = eventOf(last);
    if (event?.type !== 'report')
      throw missing(`The report of run ${status?.run?.id} cannot be read: it has another version or was truncated.`);
    if (options.json === true) return io.out(JSON.stringify(event.report, null, 2));
    const { sourcesOf } = await import('./sources.ts');
    const sources = await sourcesOf(cluster, event.report);
    const kept = typeof sources === 'string' ? event.report : { ...event.report, details: sources };
    const { redactKeptReport } = await import('../../engine/redact-report.ts');
    const shown = redactLiterals === true ? redactKeptReport(kept) : kept;
    const text =
      format === 'html'
        ? (await import('../../core/report-page/page.ts')).reportPage(shown)
        : (await import('../../core/report-page/markdown.ts')).reportMarkdown(shown);
    if (output === '-') return io.out(text.trimEnd());
    const path = resolve(output ?? `${options.name}-${event.report.runId}.${format === 'html' ? 'html' : 'md'}`);
    await writeFile(path, text, { mode: 0o600 }).catch((error: Error) => {
      throw invalidConfiguration(`The page could not be written: ${error.message}. Name another file: --output FILE.`);
    });
    io.out(`Wrote ${path}.${typeof sources === 'string' ? ` ${sources}${page}` : ''}`);
  },
});
