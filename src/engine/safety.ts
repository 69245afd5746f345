import { displayCommand } from '../core/model/display-command.ts';
import type { Finding } from '../core/model/finding.ts';
import type { Problem } from '../core/model/problem.ts';
import type { CommandRequest, CommonRequest } from '../core/model/request.ts';
import type { DecidedFinding } from '../core/model/run-record.ts';
import type { ReadMigration } from '../core/safety/action.ts';
import { bySeverity } from '../core/safety/by-severity.ts';
import type { repositoryFindings } from '../core/safety/repository.ts';
import { serverOf } from '../core/safety/server.ts';
import { toProblem } from '../engine/failure.ts';
import type { RunPorts } from '../engine/ports.ts';
import { recordOn } from '../engine/recording.ts';
import { count } from '../engine/run-text.ts';
import { madeObjects } from '../migrations/made-objects.ts';
import { withIdleTimeout } from '../migrations/statements/idle-timeout.ts';
import type { Recorded } from '../migrations/statements/read.ts';
import { MOST_STATEMENTS, recorder } from '../migrations/statements/record.ts';
import { openScratch } from './scratch.ts';
import type { Connected, Loaded, Planned } from './state.ts';

type Input = Loaded & Connected & Planned;

/**
 * The findings of the safety rules for the plan, the most severe first, with the version of the server and the current
 * schema. `ignored` receives what comments ignore. Rules and parser are loaded here, so that a run without pending migrations does not load them.
 */
export async function planFindings(input: Input, ports: RunPorts, ignored: DecidedFinding[] = []): Promise<Finding[]> {
  const { database, plan, migrations } = input;
  const { safety, migrations: place } = ports.request;
  const [{ RULES }, { checkMigrations }, { repositoryFindings }, { readStatements }] = await Promise.all([
    import('../core/safety/rules.ts'),
    import('../core/safety/check.ts'),
    import('../core/safety/repository.ts'),
    import('../migrations/statements/read.ts'),
  ]);
  const { dialect, identity } = database;
  const server = serverOf(dialect, identity.serverVersion) ?? { dialect, version: 0 };
  const snapshot = await database.snapshot();
  const recorded = await recordCode(input, ports);
  const read = await readStatements(place.path, migrations, { dialect, direction: plan.direction, recorded });
  const { ignore } = safety;
  return bySeverity([
    ...namingFindings(input, read, repositoryFindings, ignore),
    ...checkMigrations(read, RULES, {
      server,
      ignore,
      snapshot,
      onIgnored: (one) => ignored.push({ ...one, by: 'comment' }),
    }),
  ]);
}

/** The findings on the names of all migrations, limited to the migrations of the plan. */
function namingFindings(
  { files }: Loaded,
  read: readonly ReadMigration[],
  checkNames: typeof repositoryFindings,
  ignore: readonly string[],
): Finding[] {
  const planned = new Map(read.map((migration) => [migration.revision, migration]));
  const all = files.map((file) => planned.get(file.revision) ?? { ...file, file: file.files[0] ?? '', statements: [] });
  return checkNames(all, ignore).filter(({ migration = '' }) => planned.has(migration));
}

/**
 * The statements that code sends, recorded on a scratch database with the schema of the target and no rows. The code
 * stays opaque if no scratch database can be created or the code fails there: the rehearsal then shows whether it
 * works.
 */
async function recordCode({ database, plan, migrations }: Input, ports: RunPorts) {
  const nothing: ReadonlyMap<string, Recorded> = new Map();
  const { direction } = plan;
  const last = migrations.findLastIndex(({ up, down }) => (direction === 'up' ? up : down)?.kind === 'code');
  if (last < 0) return nothing;
  const { request, signal } = ports;
  try {
    const { extensions } = await madeObjects(request.migrations.path, migrations);
    const options = { runId: `${request.runId}-check`, server: ports.rehearsalServer, extensions };
    const scratch = await openScratch(database, { kind: 'schema' }, options);
    ports.defer('the database that code is recorded on', () => scratch.drop());
    const work = {
      direction,
      folder: request.migrations.path,
      runId: request.runId,
      timeouts: request.timeouts,
      signal,
    };
    const heard = recorder(work.folder, MOST_STATEMENTS);
    const recording = recordOn(scratch.database, { ...work, migrations: migrations.slice(0, last + 1) }, heard);
    const recorded = await withIdleTimeout(heard, recording);
    await scratch.drop().catch(() => {});
    return recorded;
  } catch (error) {
    const { reason } = toProblem(error);
    if (reason === 'InternalError') throw error;
    return nothing;
  }
}

/** Ids in `safety.ignore` that match no rule, as a problem; checked before anything is changed. */
export async function unknownIgnores({ safety }: Pick<CommonRequest, 'safety'>): Promise<Problem | undefined> {
  if (safety.ignore.length === 0) return undefined;
  const { ruleIds } = await import('../core/safety/rule-ids.ts');
  const { unknownIds } = await import('../core/safety/unknown-ids.ts');
  return unknownIds(safety.ignore, ruleIds());
}

/** `2 errors, 1 warning`; notices are not counted, because they require no action. */
export function countFindings(findings: readonly Finding[]): string {
  const of = (severity: Finding['severity']) => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [of('error'), of('warning')];
  return [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])].join(
    ', ',
  );
}

/** The most severe finding, as a sentence: rule, place and message. */
export function describeMostSevere(findings: readonly Finding[]): string {
  const worst = findings.find(({ severity }) => severity === 'error') ?? findings.find(needsAttention);
  if (worst === undefined) return '';
  const { rule, message, migration, position } = worst;
  const place = position === undefined ? migration : `${position.file}:${position.line}:${position.column}`;
  return `${rule} at ${place ?? 'the plan'}: ${message}`;
}

/** Whether a finding requires attention: an error or a warning. */
export function needsAttention({ severity }: Finding): boolean {
  return severity !== 'notice';
}

/** The parts of the command that approves a plan. `command` is that of another tool. */
type Approvable = Pick<CommonRequest, 'resource'> & Partial<Pick<CommandRequest, 'command'>>;

/** Why the plan is not run, and the possible actions. */
export function unsafePlanProblem(findings: readonly Finding[], request: Approvable, digest: string): Problem {
  const { resource, command } = request;
  const first = findings.find(({ severity }) => severity === 'error');
  const [where, approve] =
    resource === undefined
      ? [
          command === undefined
            ? 'db-manager safety-check'
            : `db-manager wrap --dry-run --report run.html -- ${displayCommand(command.run)}`,
          `approve exactly this plan: ${approvalCommand(request, digest)}`,
        ]
      : [
          `kubectl describe dbm ${resource.name} -n ${resource.namespace}`,
          'require approval for such plans (approval: OnFindings)',
        ];
  const id = first?.rule ?? '';
  const comment = commentOf(first, command !== undefined);
  const ignore = [
    ...(comment === undefined ? [] : [`add "${comment} db-manager:ignore ${id} <reason>" next to the statement`]),
    `add ${id} to safety.ignore`,
    approve,
  ].join('; ');
  return {
    reason: 'UnsafePlan',
    message: `${countFindings(findings)} in the plan; no changes were made. ${describeMostSevere(findings)} For advice and all findings, run: ${where}. If this is intentional, do one of these: ${ignore}.`,
    migration: first?.migration,
    statement: first?.statement,
    position: first?.position,
  };
}

/** How a comment begins in the file of the finding; undefined if the file of another tool is not known. */
function commentOf(finding: Finding | undefined, ofTool: boolean): string | undefined {
  if (!ofTool) return '--';
  const [, suffix] = /\.([a-z]+)$/i.exec(finding?.position?.file ?? '') ?? [];
  if (suffix === undefined) return undefined;
  if (/^(?:py|rb|ya?ml)$/i.test(suffix)) return '#';
  return /^sql$/i.test(suffix) ? '--' : '//';
}

/** The command that approves exactly this plan. */
export function approvalCommand({ resource, command }: Approvable, digest: string): string {
  if (resource !== undefined) {
    const { name, namespace } = resource;
    return `kubectl patch dbm ${name} -n ${namespace} --type merge -p '{"spec":{"approvedPlan":"${digest}"}}'`;
  }
  if (command !== undefined) return `db-manager wrap --approve ${digest} -- ${displayCommand(command.run)}`;
  return `db-manager safe-migrate --approve ${digest} (in a manifest: spec.approvedPlan)`;
}
