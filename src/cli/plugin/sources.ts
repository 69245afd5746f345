/** The text of the migrations of a run, from the ConfigMaps of its resource: the log of the run has none. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '../../core/model/problem.ts';
import type { RunReport } from '../../core/model/report.ts';
import type { Position } from '../../core/model/revision.ts';
import type { RunDetails } from '../../core/model/run-details.ts';
import { planDigest } from '../../core/planning/digest.ts';
import { detailsOf } from '../../engine/details.ts';
import { readMigrations } from '../../migrations/read.ts';
import { clusterProblem } from '../cluster.ts';
import type { openResource } from './resource.ts';

type Cluster = Awaited<ReturnType<typeof openResource>>;

/** The texts, or why the page has none, as a sentence. */
export async function sourcesOf(cluster: Cluster, report: RunReport): Promise<RunDetails | string> {
  const { configMaps, include, exclude } = cluster.resource.spec.migrations;
  if (report.plan === undefined || report.plan.migrations.length === 0) return 'The run had no migrations.';
  if (configMaps === undefined) return `${WITHOUT_TEXT}: they are not in ConfigMaps.`;
  const folder = await mkdtemp(join(tmpdir(), 'db-manager-sources-'));
  try {
    for (const { name } of configMaps) await writeKeys(cluster, name, folder);
    const read = await readMigrations(folder, { include, exclude });
    if (!read.ok) return `${WITHOUT_TEXT}: ${read.problem.message}`;
    const recorded = cluster.resource.status?.history?.find(({ run }) => run === report.runId)?.from;
    const migrations = ofPlan(report, read.files, recorded);
    if (migrations === undefined) return `${WITHOUT_TEXT}: the ConfigMaps have changed since the run.`;
    return await detailsOf({ migrations: { path: folder } } as Parameters<typeof detailsOf>[0], {
      migrations: migrations as NonNullable<Parameters<typeof detailsOf>[1]['migrations']>,
    });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return `${WITHOUT_TEXT}: ${error.problem.message}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const WITHOUT_TEXT = 'The page has no text of the migrations';

interface ConfigMap {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

async function writeKeys({ api, namespace }: Cluster, name: string, folder: string): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${encodeURIComponent(name)}`;
  const { data = {}, binaryData = {} } = await api.request<ConfigMap>({ verb: 'get', path }).catch(clusterProblem);
  // The API server allows only letters, digits, ".", "-" and "_" in a key.
  for (const [key, text] of Object.entries(data)) await writeFile(join(folder, key), text, { mode: 0o600 });
  for (const [key, text] of Object.entries(binaryData))
    await writeFile(join(folder, key), Buffer.from(text, 'base64'), { mode: 0o600 });
}

type Files = Extract<Awaited<ReturnType<typeof readMigrations>>, { ok: true }>['files'];

/** The files of the plan, in its order; undefined if the digest of the plan shows that they are others. */
function ofPlan({ plan }: RunReport, files: Files, recorded: string | undefined): Files | undefined {
  if (plan === undefined) return undefined;
  const { direction, migrations: listed, more = 0, digest } = plan;
  const ordered = direction === 'up' ? files : files.toReversed();
  const at = (revision: string | undefined) => ordered.findIndex((file) => file.revision === revision);
  const [first, last] = [at(listed[0]), at(listed.at(-1))];
  const named = listed.flatMap((revision) => ordered[at(revision)] ?? []);
  // What a long list leaves out follows it.
  const migrations = [...named, ...(more > 0 ? ordered.slice(last + 1, last + 1 + more) : [])];
  const before = direction === 'up' ? ordered[first - 1]?.revision : listed[0];
  const starts = new Set([recorded, before, 'base'].filter((each) => each !== undefined));
  const matches = [...starts].some((from) => planDigest({ direction, from: from as Position, migrations }) === digest);
  return matches ? migrations : undefined;
}
