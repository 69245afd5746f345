import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pageNameOf, runReportName } from '../backups/names.ts';
import { openStore, placeOf } from '../backups/open-store.ts';
import type { Backup } from '../core/model/backup.ts';
import { isObjectStore } from '../core/model/backup-place.ts';
import type { RunReport } from '../core/model/report.ts';
import type { CommonRequest } from '../core/model/request.ts';
import type { KeptReport } from '../core/model/run-details.ts';
import { reportPage } from '../core/report-page/page.ts';

/** Number of reports without a backup that a folder keeps. */
const KEPT = 20;

interface KeptPaths {
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
  request: CommonRequest,
): Promise<KeptPaths> {
  const { report: wanted } = request;
  const page = wanted === undefined ? undefined : reportPage(report);
  const texts = { json: `${JSON.stringify(report, null, 2)}\n`, page };
  const kept = backup === undefined ? await keepWithoutBackup(report, request, texts) : await keepNextTo(backup, texts);
  if (wanted?.file === undefined || page === undefined) return kept;
  const file = resolve(wanted.file);
  const problem = await problemOf(async () => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, page, { mode: 0o600 });
  });
  return problem === undefined ? { ...kept, page: file } : { ...kept, problem: `${file} was not written: ${problem}` };
}

interface Texts {
  json: string;
  page: string | undefined;
}

async function keepNextTo(backup: Backup, { json, page }: Texts): Promise<KeptPaths> {
  const kept: KeptPaths = {};
  await problemOf(async () => {
    const store = await openStore(placeOf(backup.path));
    kept.whole = await store.keepReport(backup, json, 'json');
    if (page !== undefined) kept.page = await store.keepReport(backup, page, 'page');
  });
  return kept;
}

/** Keeps nothing of a run that had nothing to do, or if the folder does not exist. */
async function keepWithoutBackup(report: RunReport, request: CommonRequest, { json, page }: Texts): Promise<KeptPaths> {
  const { folder } = request.backup;
  if (page === undefined || report.reason === 'UpToDate' || isObjectStore(folder)) return {};
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return {};
  const own = names.filter((name) => /^run_\d{8}_\d{6}_[\w-]{1,8}\.report$/.test(name)).sort();
  for (const name of own.slice(0, Math.max(0, own.length - KEPT + 1))) {
    for (const path of [join(folder, name), pageNameOf(join(folder, name))]) {
      await rm(path, { force: true }).catch(() => {});
    }
  }
  const whole = join(resolve(folder), runReportName(new Date(report.startedAt), report.runId));
  const problem = await problemOf(async () => {
    await writeFile(whole, json, { mode: 0o600 });
    await writeFile(pageNameOf(whole), page, { mode: 0o600 });
  });
  return problem === undefined ? { whole, page: pageNameOf(whole) } : {};
}

async function problemOf(write: () => Promise<void>): Promise<string | undefined> {
  return write().then(
    () => undefined,
    (error: Error) => error.message,
  );
}
