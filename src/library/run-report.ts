import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { findBackup } from '../backups/list.ts';
import { reportNameOf } from '../backups/names.ts';
import { openStore } from '../backups/open-store.ts';
import { isObjectStore } from '../core/model/backup-place.ts';
import { invalidConfiguration, ProblemError } from '../core/model/problem.ts';
import type { KeptReport } from '../core/model/run-details.ts';
import { reportMarkdown } from '../core/report-page/markdown.ts';
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
  /** The report as Markdown, for a comment of a pull request. */
  markdown: string;
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
  const { folder } = settings.backups;
  const name = options.name ?? 'latest';
  const { file, text } = isObjectStore(folder) ? await stored(folder, name) : await local(folder, name);
  const kept = await parse(file, text);
  const report = options.redactLiterals === true ? redactKeptReport(kept) : kept;
  return { file, report, html: reportPage(report), markdown: reportMarkdown(report) };
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
    throw invalidConfiguration(
      `"${name}" matches several reports: ${matches.map(stem).join(', ')}. Use a longer prefix.`,
    );
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

interface Found {
  file: string;
  text: string;
}

async function local(folder: string, name: string): Promise<Found> {
  const file = await find(folder, name);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ProblemError({
      reason: 'ReportNotFound',
      message: `The report ${file} cannot be read: ${error.message}.`,
    });
  });
  return { file, text };
}

/** In an object store only backups have reports. */
async function stored(place: string, name: string): Promise<Found> {
  const backup = await findBackup(place, name);
  const text = await (await openStore(place)).readReport(backup);
  if (text === undefined) {
    throw new ProblemError({ reason: 'ReportNotFound', message: `The backup ${backup.manifest.name} has no report.` });
  }
  return { file: reportNameOf(backup.manifest.name), text };
}

async function parse(file: string, text: string): Promise<KeptReport> {
  const { keptReportSchema } = await import('../core/model/run-details.ts');
  try {
    return keptReportSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${file} is not the report of a run, or it is damaged. Name another one: db-manager report NAME.`;
    throw new ProblemError({ reason: 'ReportUnreadable', message }, { cause });
  }
}
