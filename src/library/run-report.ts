import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import { reportNameOf } from '../backups/names.ts';
import { ProblemError } from '../core/model/problem.ts';
import { type KeptReport, keptReportSchema } from '../core/model/run-details.ts';
import { reportPage } from '../core/report-page/page.ts';
import { redactKeptReport } from '../engine/redact-report.ts';
import { type Options, resolvePaths } from './settings.ts';

export interface RunReportOptions extends Options {
  /** A file, the name of a backup or of a run, its unique prefix, or `latest` (the default). */
  name?: string;
  /** Replace the literals in SQL and code, and the values of rows in messages. */
  redactLiterals?: boolean;
}

export interface StoredRunReport {
  /** The file that has the report as JSON. */
  file: string;
  report: KeptReport;
  /** The page, as one HTML file. */
  html: string;
}

/**
 * The report of a run that was kept with its backup, and its page. Needs no database. Throws ProblemError ReportNotFound,
 * or ReportUnreadable.
 *
 * @example
 * const { html } = await runReport({ name: 'latest' });
 */
export async function runReport(options: RunReportOptions = {}): Promise<StoredRunReport> {
  const settings = await resolvePaths(options);
  const file = await find(settings.backups.folder, options.name ?? 'latest');
  const kept = await read(file);
  const report = options.redactLiterals === true ? redactKeptReport(kept) : kept;
  return { file, report, html: reportPage(report) };
}

const ENDING = reportNameOf('');

async function find(folder: string, name: string): Promise<string> {
  if (isAbsolute(name) || name.includes(sep)) return resolve(name);
  const found = (await readdir(folder).catch(() => [])).filter(
    (file) => file.endsWith(ENDING) && !file.startsWith('.'),
  );
  const wanted = name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : name;
  const stem = (file: string) => file.slice(0, -ENDING.length);
  const exact = found.filter(
    (file) => stem(file) === wanted || stem(file).replace(/\.(?:db|dump|dir)$/, '') === wanted,
  );
  const matches =
    name === 'latest'
      ? await newest(folder, found)
      : exact.length > 0
        ? exact
        : found.filter((file) => file.startsWith(wanted));
  const [only, ...others] = matches;
  if (only === undefined) {
    const have = found.length === 0 ? 'It has no report of a run.' : `It has: ${found.map(stem).sort().join(', ')}.`;
    throw new ProblemError({
      reason: 'ReportNotFound',
      message: `${resolve(folder)} has no report "${name}". ${have} A run keeps its report with its backup: db-manager safe-migrate.`,
    });
  }
  if (others.length > 0) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `"${name}" matches several reports: ${matches.map(stem).join(', ')}. Use a longer prefix.`,
    });
  }
  return join(resolve(folder), only);
}

async function newest(folder: string, files: readonly string[]): Promise<string[]> {
  const dated = await Promise.all(files.map(async (file) => ({ file, at: (await stat(join(folder, file))).mtimeMs })));
  return dated
    .sort((a, b) => b.at - a.at)
    .slice(0, 1)
    .map(({ file }) => file);
}

async function read(file: string): Promise<KeptReport> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ProblemError({
      reason: 'ReportNotFound',
      message: `The report ${file} cannot be read: ${error.message}.`,
    });
  });
  try {
    return keptReportSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${file} is not the report of a run, or it is damaged. Name another one: db-manager report ${basename(file)} lists what the folder has.`;
    throw new ProblemError({ reason: 'ReportUnreadable', message }, { cause });
  }
}
