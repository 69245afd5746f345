import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pageNameOf, reportNameOf, runReportName } from '../backups/names.ts';
import type { Backup } from '../core/model/backup.ts';
import type { RunReport } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { KeptReport } from '../core/model/run-details.ts';
import { reportPage } from '../core/report-page/page.ts';
import { toProblem } from './failure.ts';

/** Number of reports without a backup that a folder keeps. */
const KEPT = 20;

export interface KeptPaths {
  /** The whole report as JSON. */
  whole?: string;
  page?: string;
  /** Why the page is not where the request wants it. */
  problem?: string;
}

/**
 * Writes the whole report, because a status contains only counts: next to the backup of the run, else into the backup
 * folder if it exists; and its page. A report that cannot be written must not fail a run.
 */
export async function keepReport(
  backup: Backup | undefined,
  report: KeptReport,
  request: RunRequest,
): Promise<KeptPaths> {
  const { report: wanted } = request;
  const kept: KeptPaths = {};
  const place = backup === undefined ? await placeWithoutBackup(report, request) : reportNameOf(backup.path);
  if (place !== undefined && (await write(place, `${JSON.stringify(report, null, 2)}\n`)) === undefined) {
    kept.whole = place;
  }
  if (wanted === undefined) return kept;
  const page = reportPage(report);
  const next = kept.whole === undefined ? undefined : pageNameOf(kept.whole);
  if (next !== undefined && (await write(next, page)) === undefined) kept.page = next;
  if (wanted.file === undefined) return kept;
  const file = resolve(wanted.file);
  const problem = await mkdir(dirname(file), { recursive: true }).then(
    () => write(file, page),
    (error: unknown) => toProblem(error).message,
  );
  return problem === undefined ? { ...kept, page: file } : { ...kept, problem: `${file} was not written: ${problem}` };
}

/** Undefined for a run that had nothing to do, and without a folder. */
async function placeWithoutBackup(report: RunReport, request: RunRequest): Promise<string | undefined> {
  const { folder } = request.backup;
  if (request.report === undefined || report.reason === 'UpToDate') return undefined;
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const own = names.filter((name) => /^run_\d{8}_\d{6}_[\w-]{1,8}\.report$/.test(name)).sort();
  for (const name of own.slice(0, Math.max(0, own.length - KEPT + 1))) {
    for (const path of [join(folder, name), pageNameOf(join(folder, name))])
      await rm(path, { force: true }).catch(() => {});
  }
  return join(folder, runReportName(new Date(report.startedAt), report.runId));
}

/** The message of the error, if there was one. */
async function write(path: string, text: string): Promise<string | undefined> {
  return writeFile(path, text, { mode: 0o600 }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
