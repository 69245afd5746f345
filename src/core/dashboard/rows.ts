import { bytesText } from '../model/bytes.ts';
import { clip } from '../model/clip.ts';
import { count } from '../model/count.ts';
import type { DatabaseMigrationStatus } from '../model/resource.ts';
import { conditionOf } from '../model/resource-state.ts';
import { type Html, html, secondsText } from '../report-page/html.ts';
import { type DashboardResource, resourceKey, type State, stateOf } from './resource.ts';
import { SIGNS, STATE_ORDER, VIEWS, type ViewId } from './views.ts';

/** One row of one table. */
interface Row {
  /** Unique on the page. */
  id: string;
  view: ViewId;
  state: State;
  /** Escaped HTML of each cell; the first is the heading of the row. */
  cells: string[];
  /** What each column is sorted by. */
  sort: (string | number)[];
  /** The searched text, in lower case. */
  text: string;
}

/** A cell: what is shown, and what it is sorted by. */
type Cell = [shown: Html | string | number | undefined, order?: string | number];

/** All rows of a resource: those of a DatabaseMigration include its runs, its last backup and its drift. Pure. */
export function rowsOf(resource: DashboardResource): Row[] {
  switch (resource.kind) {
    case 'DatabaseMigration':
      return migrationRows(resource);
    case 'DatabaseBackup':
      return [backupRow(resource)];
    case 'DatabaseBackupSchedule':
      return [scheduleRow(resource)];
    case 'DatabaseRestore':
      return [restoreRow(resource)];
    default:
      return [];
  }
}

function migrationRows(resource: DashboardResource): Row[] {
  const status = (resource.status ?? {}) as DatabaseMigrationStatus;
  const ready = conditionOf(resource, 'Ready');
  const { run, history = [], currentRevision, targetRevision, pending, backup, drift } = status;
  const state = stateOf(resource);
  const happened = state === 'good' ? (status.summary ?? '') : ready === undefined ? '' : whatHappens(status, ready);
  const at = run?.finishedAt ?? run?.startedAt;
  const rows = [
    row('migrations', resource, state, [
      [happened],
      [revisions(currentRevision, targetRevision), currentRevision],
      [pending ?? '', pending ?? -1],
      timeCell(at),
    ]),
    ...history.map((past) => {
      const { reason, from, to, startedAt, finishedAt, backup: taken } = past;
      const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000;
      const ended = { happened: reason, from, to, at: finishedAt ?? startedAt, seconds, backup: taken };
      return runRow(resource, past.run, past.result === 'succeeded' ? 'good' : past.result, ended);
    }),
  ];
  if (run !== undefined && run.finishedAt === undefined && !history.some((past) => past.run === run.id)) {
    const { progress, step = '', startedAt } = run;
    const running = { happened: progress ?? step, from: currentRevision, to: targetRevision, at: startedAt };
    rows.push(runRow(resource, run.id, 'running', running));
  }
  if (backup !== undefined) {
    rows.push(
      row(
        'backups',
        resource,
        'good',
        [[backup.name], [bytesText(backup.sizeBytes), backup.sizeBytes], [backup.verifiedBy], timeCell(backup.takenAt)],
        { note: 'last backup of a run' },
      ),
    );
  }
  if (resource.spec?.drift !== undefined || drift !== undefined) rows.push(driftRow(resource, drift));
  return rows;
}

interface RunFacts {
  happened: string;
  from?: string;
  to?: string;
  at?: string;
  /** NaN if the times are not known. */
  seconds?: number;
  backup?: string;
}

function runRow(resource: DashboardResource, id: string, state: State, facts: RunFacts): Row {
  const { happened, from, to, at, seconds = Number.NaN, backup = '' } = facts;
  const duration: Cell = Number.isNaN(seconds) ? [''] : [secondsText(seconds), seconds];
  return row('runs', resource, state, [[happened], [revisions(from, to), from], timeCell(at), duration, [backup]], {
    id,
  });
}

/** The progress of a run, the differences of a plan, or the message of Ready. */
function whatHappens({ run, failure }: DatabaseMigrationStatus, ready: { reason: string; message: string }): Html {
  const { reason, message } = ready;
  if (reason === 'Running' && run?.progress !== undefined) return html`${run.progress}`;
  const text = failure?.reason === reason ? failure.message : message;
  return html`<span class="reason">${reason}</span> ${short(text)}`;
}

function driftRow(resource: DashboardResource, drift: DatabaseMigrationStatus['drift']): Row {
  const inSync = conditionOf(resource, 'InSync');
  const state = inSync === undefined ? 'new' : inSync.status === 'True' ? 'good' : 'failed';
  const { total = 0, differences = [], checkedAt, nextCheckAt } = drift ?? {};
  const first = differences[0]?.message;
  const shown = total === 0 ? (state === 'good' ? 'none' : (inSync?.message ?? '')) : `${count(total, 'difference')}`;
  return row('drift', resource, state, [
    [first === undefined ? shown : html`${shown}: ${short(first)}`, total],
    timeCell(checkedAt),
    timeCell(nextCheckAt),
  ]);
}

interface TaskStatus {
  message?: string;
  reason?: string;
  finishedAt?: string;
  startedAt?: string;
  backup?: { name: string; sizeBytes: number; takenAt: string; verifiedBy?: string };
}

function backupRow(resource: DashboardResource): Row {
  const { backup, message, finishedAt } = (resource.status ?? {}) as TaskStatus;
  const state = stateOf(resource);
  return row('backups', resource, state, [
    [backup?.name ?? short(message ?? conditionOf(resource, 'Ready')?.message ?? '')],
    backup === undefined ? ['', -1] : [bytesText(backup.sizeBytes), backup.sizeBytes],
    [backup?.verifiedBy ?? ''],
    timeCell(backup?.takenAt ?? finishedAt ?? resource.metadata.creationTimestamp),
  ]);
}

function scheduleRow(resource: DashboardResource): Row {
  const status = (resource.status ?? {}) as Record<string, string | undefined> & { missed?: number };
  const state = stateOf(resource);
  const { missed = 0 } = status;
  return row('schedules', resource, state, [
    [String(resource.spec?.schedule ?? '')],
    timeCell(status.nextScheduleTime),
    timeCell(status.lastSuccessfulTime),
    timeCell(status.lastRestoreVerification),
    [missed, missed],
  ]);
}

function restoreRow(resource: DashboardResource): Row {
  const { backup, message, finishedAt } = (resource.status ?? {}) as TaskStatus;
  const state = stateOf(resource);
  return row('restores', resource, state, [
    [backup?.name ?? ''],
    [short(message ?? conditionOf(resource, 'Ready')?.message ?? '')],
    timeCell(finishedAt),
  ]);
}

/** `more`: the cells after name and state. `id`: one of several rows of this resource in the view. */
function row(
  view: ViewId,
  resource: DashboardResource,
  state: State,
  more: Cell[],
  { id = '', note }: { id?: string; note?: string } = {},
): Row {
  const cells = [nameCell(resource, view, note), stateCell(view, state), ...more];
  const shown = cells.map(([value]) => html`${value}`.text);
  const { namespace = '', name } = resource.metadata;
  const database = String(resource.status?.database ?? '');
  const words = [namespace, name, `${namespace}/${name}`, database, id, ...shown.map((cell) => plain(cell))];
  return {
    id: `${view} ${resourceKey(resource)} ${id}`,
    view,
    state,
    cells: shown,
    sort: cells.map(([value, order]) => order ?? (typeof value === 'object' ? plain(value.text) : (value ?? ''))),
    text: words.join(' ').toLowerCase(),
  };
}

function nameCell(resource: DashboardResource, view: ViewId, note?: string): Cell {
  const { namespace = '', name } = resource.metadata;
  const address = [resource.kind, namespace, name].map(encodeURIComponent).join('/');
  return [
    html`<a href="#/${view}/${address}">${name}</a> <span class="soft">${namespace}${note !== undefined && `, ${note}`}</span>`,
    `${name} ${namespace}`,
  ];
}

function stateCell(view: ViewId, state: State): Cell {
  return [stateBadge(view, state), STATE_ORDER.indexOf(state)];
}

/** A sign and a text: colour alone carries no information. */
export function stateBadge(view: ViewId, state: State): Html {
  const states: Partial<Record<State, string>> = VIEWS.find(({ id }) => id === view)?.states ?? {};
  return html`<span class="state ${state}"><span aria-hidden="true">${SIGNS[state]}</span> ${states[state] ?? state}</span>`;
}

/** The page replaces the text with the time that has passed. */
export function timeHtml(time: string | undefined): Html | string {
  if (time === undefined || Number.isNaN(Date.parse(time))) return '';
  return html`<time datetime="${time}" title="${time}">${time.slice(0, 16).replace('T', ' ')}</time>`;
}

function timeCell(time: string | undefined): Cell {
  const at = Date.parse(time ?? '');
  return [timeHtml(time), Number.isNaN(at) ? 0 : at];
}

export function revisions(from: string | undefined, to: string | undefined): Html | string {
  if (from === undefined || to === undefined || from === to) return from ?? to ?? '';
  return html`${from} → ${to}`;
}

function short(text: string): string {
  return clip(text, 160);
}

/** The text of escaped HTML, for the search. */
function plain(text: string): string {
  return text
    .split('<')
    .map((part, at) => (at === 0 ? part : part.slice(part.indexOf('>') + 1)))
    .join('')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
