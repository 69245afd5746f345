import { bytesText } from '../model/bytes.ts';
import { count } from '../model/count.ts';
import { REASONS, type Reason } from '../model/reason.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import { conditionOf } from '../model/resource-state.ts';
import { type Html, html, section, table, withCode } from '../report-page/html.ts';
import { CLASS, failurePart } from '../report-page/migrations.ts';
import { type DashboardResource, stateOf } from './resource.ts';
import { revisions, stateBadge, timeHtml } from './rows.ts';
import type { ViewId } from './views.ts';

const VIEW_OF: Record<string, ViewId> = {
  DatabaseMigration: 'migrations',
  DatabaseBackup: 'backups',
  DatabaseBackupSchedule: 'schedules',
  DatabaseRestore: 'restores',
};
/** The default of `status.observedGeneration` in the CRDs. */
const NOT_PROCESSED = -1;

interface DetailOptions {
  /** Digest of the plan that awaits approval. */
  pending?: string;
  /** Whether this server takes approvals. */
  approvals: boolean;
}

/** Everything about one resource, as HTML for the dialog: the verdict first, then what waits, then the rest. Pure. */
export function detailOf(resource: DashboardResource, options: DetailOptions): string {
  const { kind, metadata } = resource;
  const { namespace = '', name } = metadata;
  const ready = conditionOf(resource, 'Ready');
  const status = (resource.status ?? {}) as DatabaseMigrationStatus;
  const isMigration = kind === 'DatabaseMigration';
  return html`<p class="soft">${kind} in namespace ${namespace}</p>
<h2 id="detail-title" tabindex="-1">${name}</h2>
${verdictPart(resource, ready, options)}
${isMigration && options.pending !== undefined && approvalPart(resource, status, options)}
${isMigration && failurePart({ failure: status.failure, result: stateOf(resource) === 'blocked' ? 'blocked' : 'failed', message: ready?.message ?? '' })}
${isMigration && status.failure?.log !== undefined && logPart(status.failure.log)}
${isMigration && options.pending === undefined && findingsPart(status)}
${factsPart(resource)}
${isMigration && migrationParts(status)}
${conditionsPart(resource)}`.text;
}

function verdictPart(
  resource: DashboardResource,
  ready: ReturnType<typeof conditionOf>,
  { pending }: DetailOptions,
): Html {
  const { kind, status } = resource;
  const state = stateOf(resource);
  const verdict = { good: 'succeeded', failed: 'failed', blocked: 'blocked', waits: 'blocked' } as const;
  const shown = state in verdict ? verdict[state as keyof typeof verdict] : '';
  const help = ready === undefined ? undefined : REASONS[ready.reason as Reason]?.help;
  const isNew = (status?.observedGeneration ?? NOT_PROCESSED) === NOT_PROCESSED;
  const outdated = !isNew && status?.observedGeneration !== resource.metadata.generation;
  return html`<div class="verdict ${shown}"><p>${stateBadge(VIEW_OF[kind] ?? 'migrations', state)}${ready !== undefined && `: ${ready.reason}`}</p>
<p>${ready?.message ?? withoutVerdict(resource, isNew)}</p>
${state !== 'good' && pending === undefined && help !== undefined && html`<p><span class="word">What to do next:</span> ${withCode(help)}</p>`}
${outdated && html`<p>The spec has changed since; the operator has not processed the change yet.</p>`}
${resource.metadata.deletionTimestamp !== undefined && html`<p>The resource is being deleted.</p>`}</div>`;
}

function withoutVerdict({ spec }: DashboardResource, isNew: boolean): string {
  if (spec?.execution === 'Sidecar' && !isNew)
    return 'A sidecar runs the migrations of this resource. It reports nothing to the cluster; read the log of its container.';
  return 'The operator has not processed this resource yet. Check that it runs: kubectl get deployments -A -l app.kubernetes.io/name=db-manager';
}

function approvalPart(resource: DashboardResource, status: DatabaseMigrationStatus, options: DetailOptions): Html {
  const { namespace = 'default', name } = resource.metadata;
  const { plan } = status;
  if (plan === undefined) return html``;
  const verb = plan.direction === 'up' ? 'apply' : 'revert';
  const total = plan.migrations.length + (plan.more ?? 0);
  return html`<section class="approval" aria-labelledby="approval-title"><h3 id="approval-title">This plan awaits approval</h3>
<p>It would ${verb} ${count(total, 'migration')} ${plan.direction === 'up' ? 'to' : 'of'} ${status.database ?? 'the database'}:</p>
<ol>${plan.migrations.map((revision) => html`<li>${revision}</li>`)}</ol>
${plan.more !== undefined && html`<p>and ${plan.more} more</p>`}
${findingsPart(status)}
<p class="soft">Digest of the plan: <code>${plan.digest}</code></p>
${
  options.approvals
    ? html`<div id="approve" data-digest="${plan.digest}"><button type="button" data-approve="ask">Approve this plan…</button>
<div id="approve-sure" hidden><p>Approve exactly this plan for ${status.database ?? name}? The operator starts the run immediately.</p>
<button type="button" class="strong" data-approve="yes">Approve the plan</button> <button type="button" data-approve="no">Cancel</button></div></div>`
    : html`<p>This page is read-only. To approve, type: <code>db-manager approve ${name} -n ${namespace}</code></p>`
}</section>`;
}

function findingsPart({ safety }: DatabaseMigrationStatus): Html | undefined {
  if (safety === undefined) return undefined;
  const { findings = [], notices = [], more = 0, result, checks } = safety;
  return html`<h3>Safety rules: ${result}</h3>
${findings.length === 0 && html`<p>No errors and no warnings.</p>`}
${findings.map(
  ({ severity, rule, message, advice, migration, at, also = [] }) =>
    html`<div class="finding ${severity}"><p><span class="word ${CLASS[severity]}">${severity} ${rule}:</span> ${message}</p>
<p class="soft">${at ?? migration ?? ''}</p><p>Instead: ${advice}</p>
${also.length > 0 && html`<ul>${also.map((other) => html`<li>also ${other}</li>`)}</ul>`}</div>`,
)}
${more > 0 && html`<p>${more} more are in the report of the run.</p>`}
${listPart(notices, 'Notices')}
${listPart(checks, 'Checks of the environment')}`;
}

function listPart(lines: readonly string[], title: string): Html | undefined {
  if (lines.length === 0) return undefined;
  return html`<details><summary>${title} (${lines.length})</summary><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></details>`;
}

function logPart(lines: readonly string[]): Html {
  return html`<details><summary>Last lines of the log (${lines.length})</summary>
<pre class="sql" tabindex="0" role="region" aria-label="Last lines of the log"><code>${lines.map((line) => html`<span class="row" data-line="">${line}</span>`)}</code></pre></details>`;
}

/** The fields of the status that have one value, for every kind. */
function factsPart({ kind, spec, status = {}, metadata }: DashboardResource): Html {
  const backup = status.backup as { name: string; path: string; sizeBytes: number; takenAt: string } | undefined;
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);
  const from = text(status.currentRevision);
  const facts: [string, Html | string | undefined][] = [
    ['Database', text(status.database)],
    ['Revision and target', from === undefined ? undefined : html`${revisions(from, text(status.targetRevision))}`],
    ['Pending migrations', text(status.pending)],
    ['Schedule', text(spec?.schedule)],
    ['Next backup', kind === 'DatabaseBackupSchedule' ? html`${timeHtml(text(status.nextScheduleTime))}` : undefined],
    ['Job', text(status.job) ?? text((status.run as { job?: string } | undefined)?.job)],
    ['Duration', text(status.duration)],
    [
      'Backup',
      backup && html`<code>${backup.name}</code>, ${bytesText(backup.sizeBytes)}, ${timeHtml(backup.takenAt)}`,
    ],
    ['Place', backup && html`<code>${backup.path}</code>`],
    ['Safety backup', text(status.safetyBackup)],
    ['Page of the run', text(status.reportPage)],
    ['Created', html`${timeHtml(metadata.creationTimestamp)}`],
  ];
  return html`<dl>${facts.flatMap(([name, value]) =>
    value === undefined || value === '' || (typeof value === 'object' && value.text === '')
      ? []
      : [html`<dt>${name}</dt><dd>${value}</dd>`],
  )}</dl>`;
}

function migrationParts({ drift, history = [], rehearsal }: DatabaseMigrationStatus): Html {
  const runs = table(
    'Last runs, newest first',
    ['Run', 'Result', 'Reason', 'From and to', 'Ended'],
    history.map(({ run, result, reason, from, to, finishedAt }) => [
      run,
      stateBadge('runs', result === 'succeeded' ? 'good' : result),
      reason,
      html`${revisions(from, to)}`,
      html`${timeHtml(finishedAt)}`,
    ]),
  );
  const differences = drift?.differences ?? [];
  return html`${
    rehearsal !== undefined &&
    html`<h3>Rehearsal</h3><p>${rehearsal.result}${rehearsal.message !== undefined && `: ${rehearsal.message}`}</p>
<ul>${rehearsal.migrations.map((line) => html`<li>${line}</li>`)}</ul>`
  }
${
  drift !== undefined &&
  html`<h3>Drift</h3><p>${count(drift.total ?? 0, 'difference')}, checked ${timeHtml(drift.checkedAt) || 'never'}</p>
${differences.map(
  ({ message, sql }, at) =>
    html`<p>${message}</p>${sql !== undefined && html`<pre class="sql" tabindex="0" role="region" aria-label="SQL that undoes difference ${at + 1}"><code class="row" data-line="">${sql}</code></pre>`}`,
)}`
}
${section(html`<h3>Runs</h3>`, runs)}`;
}

function conditionsPart({ status }: DashboardResource): Html | undefined {
  const rows = table(
    'Conditions',
    ['Condition', 'Status', 'Reason', 'Message', 'Since'],
    (status?.conditions ?? []).map(({ type, status: value, reason, message, lastTransitionTime }) => [
      type,
      value,
      reason,
      message,
      html`${timeHtml(lastTransitionTime)}`,
    ]),
  );
  return section(html`<h3>Conditions</h3>`, rows);
}
