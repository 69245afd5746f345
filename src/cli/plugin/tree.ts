import { count } from '../../core/model/count.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { API_VERSION, type DatabaseMigration } from '../../core/model/resource.ts';
import { conditionOf, exitOf } from '../../core/model/resource-state.ts';
import { KINDS } from '../../kinds/index.ts';
import { LABELS } from '../../operator/names.ts';
import type { Io } from '../io.ts';
import { paint } from '../output/paint.ts';
import { listed, type NamedOptions, openResource, type Pod } from './resource.ts';

interface Node {
  text: string;
  children: Node[];
}

interface Job {
  metadata: { name: string; creationTimestamp?: string };
  status?: { active?: number; succeeded?: number; failed?: number };
}

interface Other {
  metadata: { name: string; creationTimestamp?: string; ownerReferences?: { name: string }[] };
  spec?: { database?: unknown };
  status?: { summary?: string };
}

const MOST_JOBS = 3;
const MOST_BACKUPS = 3;

/** `kubectl dbm status NAME`: the resource, and below it its plan, Jobs with their pods, backups, drift and conditions. */
export async function tree(options: NamedOptions, io: Io): Promise<void> {
  const cluster = await openResource(options);
  const { resource, namespace } = cluster;
  const colour = paint(io);
  const ready = conditionOf(resource, 'Ready');
  const verdict = ready === undefined ? 'not processed yet' : `${ready.reason}: ${ready.message}`;
  const root: Node = {
    text: `${colour.bold(`DatabaseMigration/${resource.metadata.name}`)} in ${namespace}  Ready=${ready?.status ?? 'Unknown'}  ${verdict}`,
    children: [
      ...statusNodes(resource),
      ...(await part('jobs', () => jobNodes(cluster, resource))),
      ...(await part('backups', () => otherNodes(cluster, resource))),
    ],
  };
  for (const line of linesOf(root)) io.out(line);
  io.setExitCode(exitOf(resource));
}

function statusNodes({ status }: DatabaseMigration): Node[] {
  const { plan, currentRevision, targetRevision, pending, safety, backup, drift, failure } = status ?? {};
  const lines: (string | undefined)[] = [
    status?.database === undefined ? undefined : `database  ${status.database}`,
    `revision  ${currentRevision ?? 'unknown'}, target ${targetRevision ?? 'unknown'}, ${pending ?? 'unknown'} pending`,
    plan && `plan      ${plan.direction}, ${count(plan.migrations.length + (plan.more ?? 0), 'migration')}`,
    safety && `safety    ${safety.result}, ${count((safety.findings ?? []).length + (safety.more ?? 0), 'finding')}`,
    backup && `backup    ${backup.name}, verified by ${backup.verifiedBy}`,
    drift && `drift     ${count(drift.total ?? 0, 'difference')}, checked ${drift.checkedAt ?? 'never'}`,
    failure && `failure   ${failure.reason}: ${failure.message}`,
  ];
  const conditions = (status?.conditions ?? [])
    .filter(({ type }) => type !== 'Ready')
    .map(({ type, status: value, reason }) => leaf(`${type}=${value}  ${reason}`));
  return [
    ...lines.flatMap((line) => (line === undefined ? [] : [leaf(line)])),
    ...(conditions.length === 0 ? [] : [{ text: 'conditions', children: conditions }]),
  ];
}

type Cluster = Awaited<ReturnType<typeof openResource>>;

async function jobNodes(cluster: Cluster, { metadata }: DatabaseMigration): Promise<Node[]> {
  const selector = `${LABELS.name}=${metadata.name}`;
  const jobs = await listed<Job>(cluster, '/apis/batch/v1', 'jobs', selector);
  const pods = await listed<Pod>(cluster, '/api/v1', 'pods', selector);
  return jobs.slice(-MOST_JOBS).map(({ metadata: { name }, status = {} }) => ({
    text: `Job/${name}  ${status.succeeded ? 'complete' : status.failed ? 'failed' : 'active'}`,
    children: pods
      .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.name === name))
      .map((pod) => leaf(`Pod/${pod.metadata.name}  ${pod.status?.phase ?? 'Unknown'}`)),
  }));
}

/** Resources of the other kinds for the same database. */
async function otherNodes(cluster: Cluster, { spec }: DatabaseMigration): Promise<Node[]> {
  const wanted = identity(spec.database);
  const nodes: Node[] = [];
  for (const { kind, plural } of KINDS) {
    const found = await listed<Other>(cluster, `/apis/${API_VERSION}`, plural);
    const same = found.filter((other) => identity(other.spec?.database) === wanted).slice(-MOST_BACKUPS);
    nodes.push(
      ...same.map(({ metadata, status }) =>
        leaf(`${kind}/${metadata.name}  ${status?.summary ?? 'not processed yet'}`),
      ),
    );
  }
  return nodes;
}

/** What makes two specs the same database, as text. */
function identity(database: unknown): string {
  const { urlFrom, postgres, sqlite } = (database ?? {}) as Record<string, Record<string, unknown> | undefined>;
  return JSON.stringify([urlFrom, postgres && [postgres.host, postgres.port ?? 5432, postgres.database], sqlite]);
}

/** A part that the user may not list is one line; it does not hide the rest. */
async function part(name: string, work: () => Promise<Node[]>): Promise<Node[]> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return [leaf(`${name}: ${error.problem.message}`)];
  }
}

function leaf(text: string): Node {
  return { text, children: [] };
}

function* linesOf({ text, children }: Node, first = '', rest = ''): Generator<string> {
  yield `${first}${text}`;
  for (const [at, child] of children.entries()) {
    const last = at === children.length - 1;
    yield* linesOf(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`);
  }
}
