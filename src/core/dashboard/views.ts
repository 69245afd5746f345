import type { State } from './resource.ts';

/** The tables of the page: their columns, and what each state is called in them. */
interface TableView {
  id: string;
  title: string;
  columns: readonly string[];
  states: Partial<Record<State, string>>;
  /** Shown without rows. */
  empty: string;
  /** Index of the column that orders the rows at first; descending for times. */
  sort: { column: number; descending: boolean };
}

export const SIGNS: Record<State, string> = {
  good: '✓',
  waits: '◆',
  running: '…',
  blocked: '■',
  failed: '✗',
  suspended: '‖',
  new: '○',
};

const COMMON = { running: 'In progress', blocked: 'Blocked', failed: 'Failed', suspended: 'Suspended' } as const;

export const VIEWS = [
  {
    id: 'migrations',
    title: 'Migrations',
    columns: ['Name', 'State', 'What happened', 'Revision', 'Pending', 'Last run'],
    states: { waits: 'Awaits approval', ...COMMON, new: 'Not processed', good: 'Ready' },
    empty: 'No DatabaseMigration exists.',
    sort: { column: 1, descending: false },
  },
  {
    id: 'runs',
    title: 'Runs',
    columns: ['Name', 'Result', 'Reason', 'From and to', 'Ended', 'Duration', 'Backup'],
    states: { good: 'Succeeded', blocked: 'Blocked', failed: 'Failed', running: 'In progress' },
    empty: 'No run has started.',
    sort: { column: 4, descending: true },
  },
  {
    id: 'backups',
    title: 'Backups',
    columns: ['Name', 'State', 'Backup', 'Size', 'Proof', 'Taken'],
    states: { good: 'Taken', ...COMMON, new: 'Not processed' },
    empty: 'No backup exists.',
    sort: { column: 5, descending: true },
  },
  {
    id: 'schedules',
    title: 'Schedules',
    columns: ['Name', 'State', 'Schedule', 'Next', 'Last success', 'Last restore test', 'Missed'],
    states: { good: 'Ready', ...COMMON, new: 'Not processed' },
    empty: 'No DatabaseBackupSchedule exists.',
    sort: { column: 0, descending: false },
  },
  {
    id: 'restores',
    title: 'Restores',
    columns: ['Name', 'State', 'Backup', 'What happened', 'Ended'],
    states: { good: 'Done', ...COMMON, new: 'Not processed' },
    empty: 'No DatabaseRestore exists.',
    sort: { column: 4, descending: true },
  },
  {
    id: 'drift',
    title: 'Drift',
    columns: ['Name', 'State', 'Differences', 'Checked', 'Next check'],
    states: { failed: 'Drift', new: 'Not checked', good: 'In sync' },
    empty: 'No DatabaseMigration has spec.drift.',
    sort: { column: 1, descending: false },
  },
] as const satisfies readonly TableView[];

export type ViewId = (typeof VIEWS)[number]['id'];

/** The order of the states: those that need a person come first. */
export const STATE_ORDER: readonly State[] = ['waits', 'failed', 'blocked', 'running', 'new', 'suspended', 'good'];
