/** 200 resources in all states, as an operator would have written them, for pages that show a fleet. */
import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { type Api, createApi } from '../../src/controller-runtime/api.ts';
import { isStatus } from '../../src/controller-runtime/api-error.ts';
import { kubeConfigReader } from '../../src/controller-runtime/kubeconfig.ts';
import type { Condition, DatabaseMigrationStatus } from '../../src/core/model/resource.ts';
import type { ControlPlane } from './control-plane.ts';

type Status = Partial<DatabaseMigrationStatus> & Record<string, unknown>;

const GROUP = '/apis/db-manager.dev/v1alpha1';
const DIGEST = 'sha256:4f2a9c1e77b05d3386a1c94be0d2f61a5c3b7788e9d014f2ab6c5d4e3f201918';
/** Relative to now, as the page shows times: `2 hours ago`. */
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');

export interface Fleet {
  namespaces: string[];
  api: Api;
  create(plural: string, namespace: string, name: string, spec: object, status?: object): Promise<void>;
  setStatus(plural: string, namespace: string, name: string, status: object): Promise<void>;
  remove(plural: string, namespace: string, name: string): Promise<void>;
  get(
    plural: string,
    namespace: string,
    name: string,
  ): Promise<{ spec: { approvedPlan?: string } } & Record<string, unknown>>;
}

export const MIGRATION_SPEC = (database: string, more: object = {}) => ({
  database: { postgres: { host: 'db.shop.example', database, user: 'app' } },
  migrations: { image: { reference: 'registry.example/shop/migrations:2.4.1' } },
  backup: { volume: { claimName: 'backups' } },
  ...more,
});

export const READY = (reason: string, message: string, status: 'True' | 'False' = 'False', at = 42) => ({
  type: 'Ready',
  status,
  reason,
  message,
  lastTransitionTime: minutesAgo(at),
});

/** The API with all permissions, and the resources. Nothing watches them, so their states stay. */
export async function openFleet(controlPlane: ControlPlane, prefix: string, namespaces: number): Promise<Fleet> {
  const api = createApi((await kubeConfigReader(controlPlane.kubeconfig))());
  const names: string[] = [];
  for (let at = 0; at < namespaces; at++) names.push((await controlPlane.createNamespace({ prefix })).name);
  const kinds: Record<string, string> = {
    databasemigrations: 'DatabaseMigration',
    databasebackups: 'DatabaseBackup',
    databasebackupschedules: 'DatabaseBackupSchedule',
    databaserestores: 'DatabaseRestore',
  };
  const pathOf = (plural: string, namespace: string) => `${GROUP}/namespaces/${namespace}/${plural}`;
  const fleet: Fleet = {
    namespaces: names,
    api,
    async create(plural, namespace, name, spec, status) {
      const body = { apiVersion: 'db-manager.dev/v1alpha1', kind: kinds[plural], metadata: { name }, spec };
      for (;;) {
        try {
          await api.request({ verb: 'create', path: pathOf(plural, namespace), body });
          break;
        } catch (error) {
          // The CRD has just been installed.
          if (!isStatus(error, 404)) throw error;
          await sleep(200);
        }
      }
      if (status !== undefined) await fleet.setStatus(plural, namespace, name, status);
    },
    async setStatus(plural, namespace, name, status) {
      const path = `${pathOf(plural, namespace)}/${name}/status`;
      const contentType = 'application/merge-patch+json';
      await api.request({ verb: 'patch', path, contentType, body: { status: { observedGeneration: 1, ...status } } });
    },
    async remove(plural, namespace, name) {
      await api.request({ verb: 'delete', path: `${pathOf(plural, namespace)}/${name}` });
    },
    get: (plural, namespace, name) => api.request({ verb: 'get', path: `${pathOf(plural, namespace)}/${name}` }),
  };
  return fleet;
}

const WORDS = ['orders', 'billing', 'catalog', 'search', 'users', 'payments', 'stock', 'reviews', 'mail', 'audit'];

/** So many DatabaseMigrations in all states; a tenth has backups, schedules and restores next to it. */
export async function fillFleet(fleet: Fleet, total: number): Promise<void> {
  await pMap(
    Array.from({ length: total }, (_, at) => at),
    async (at) => {
      const namespace = fleet.namespaces[at % fleet.namespaces.length] ?? '';
      const name = `${WORDS[at % WORDS.length]}-${String(at).padStart(3, '0')}`;
      const spec = MIGRATION_SPEC(
        name.replaceAll('-', '_'),
        at % 20 === 7
          ? { suspend: true }
          : at % 20 === 3
            ? { approval: 'Manual' }
            : at % 10 === 1
              ? { drift: { schedule: '0 3 * * *' } }
              : {},
      );
      await fleet.create('databasemigrations', namespace, name, spec, statusAt(at, name));
      if (at % 10 !== 0) return;
      const source = {
        database: { postgres: { host: 'db.shop.example', database: name, user: 'app' } },
        volume: { claimName: 'backups' },
      };
      await fleet.create('databasebackups', namespace, name, source, taskStatus(at, name));
      if (at % 20 === 0) {
        await fleet.create(
          'databasebackupschedules',
          namespace,
          name,
          { ...source, schedule: '0 2 * * *', retain: { last: 7 } },
          {
            conditions: [READY('Succeeded', 'backup was taken and verified', 'True', 60 * 9)],
            lastScheduleTime: minutesAgo(60 * 9),
            nextScheduleTime: minutesAgo(-60 * 15),
            lastSuccessfulTime: minutesAgo(60 * 9),
            lastRestoreVerification: minutesAgo(60 * 24 * 3),
            missed: at % 40 === 0 ? 0 : 2,
          },
        );
      }
      if (at % 50 === 0) {
        await fleet.create(
          'databaserestores',
          namespace,
          name,
          { ...source, from: { latest: true }, confirm: name },
          taskStatus(at, name),
        );
      }
    },
    { concurrency: 16 },
  );
}

function taskStatus(at: number, name: string): object {
  const failed = at % 30 === 20;
  return {
    conditions: [
      failed
        ? READY('BackupFailed', 'pg_dump: error: connection to server was lost')
        : READY('Succeeded', 'done', 'True', 300 + at),
    ],
    database: `postgres://db.shop.example/${name}`,
    finishedAt: minutesAgo(300 + at),
    duration: '12s',
    reason: failed ? 'BackupFailed' : 'Succeeded',
    message: failed ? 'pg_dump: error: connection to server was lost' : 'backup was taken and verified',
    ...(failed
      ? {}
      : { backup: { ...BACKUP(at), revision: '20240301_status', encrypted: false, verifiedBy: 'Restore' } }),
  };
}

const BACKUP = (at: number) => ({
  name: `backup_20240601_12${String(at % 60).padStart(2, '0')}00`,
  path: `/data/backups/shop/backup_20240601_12${String(at % 60).padStart(2, '0')}00.dump`,
  sizeBytes: 1_400_000 * (at + 1),
  sha256: 'ab'.repeat(32),
  takenAt: minutesAgo(200 + at),
});

const run = (at: number, result?: 'succeeded' | 'blocked' | 'failed') => ({
  id: `r${String(at).padStart(7, '0')}`,
  job: `run-${at}`,
  attempt: 1,
  startedAt: minutesAgo(150 + at),
  ...(result === undefined ? {} : { finishedAt: minutesAgo(149 + at), result }),
});

const history = (at: number, result: 'succeeded' | 'blocked' | 'failed', reason: string) => [
  {
    run: `r${String(at).padStart(7, '0')}`,
    from: '20240301_status',
    to: '20240601_price',
    result,
    reason,
    startedAt: minutesAgo(150 + at),
    finishedAt: minutesAgo(149 + at),
    backup: BACKUP(at).name,
  },
  {
    run: `q${String(at).padStart(7, '0')}`,
    from: 'base',
    to: '20240301_status',
    result: 'succeeded' as const,
    reason: 'Migrated',
    startedAt: minutesAgo(9150 + at),
    finishedAt: minutesAgo(9149 + at),
  },
];

export const FINDING = {
  rule: 'add-not-null',
  severity: 'warning' as const,
  message: 'SET NOT NULL on orders.customer_id scans the whole table under ACCESS EXCLUSIVE.',
  advice: 'Add CHECK (customer_id IS NOT NULL) NOT VALID, validate it in another migration, then SET NOT NULL.',
  migration: '20240601_price',
  at: '20240601_price.sql:7:3',
  also: ['20240602_names at 20240602_names.sql:4:1'],
};

export const PLAN = { digest: DIGEST, direction: 'up' as const, migrations: ['20240601_price', '20240602_names'] };

/** A plan that waits for its approval. */
export function awaiting(name: string, digest = DIGEST): Status {
  return {
    summary: 'AwaitingApproval',
    database: `postgres://db.shop.example/${name}`,
    currentRevision: '20240301_status',
    targetRevision: '20240602_names',
    pending: 2,
    plan: { ...PLAN, digest },
    run: run(3, 'blocked'),
    safety: { result: 'Warned', checks: ['disk space: passed', 'privileges: passed'], findings: [FINDING] },
    conditions: [
      READY('AwaitingApproval', '2 migrations await approval. Type: db-manager approve'),
      { type: 'Safe', status: 'True', reason: 'Warned', message: '1 warning', lastTransitionTime: minutesAgo(43) },
    ],
    history: history(3, 'blocked', 'AwaitingApproval'),
  };
}

/** What each run that ended before the database was changed has in common. */
function blocked(at: number, name: string, reason: string): Status {
  return {
    summary: reason,
    database: `postgres://db.shop.example/${name}`,
    currentRevision: '20240301_status',
    targetRevision: '20240601_price',
    pending: 1,
    plan: { ...PLAN, migrations: ['20240601_price'] },
    run: run(at, 'blocked'),
    history: history(at, 'blocked', reason),
  };
}

/** A plan that a safety rule refused. */
export function refused(at: number, name: string): Status {
  const message = '1 error of the safety rules: drop-table in 20240601_price: DROP TABLE invoices deletes 18,204 rows.';
  return {
    ...blocked(at, name, 'UnsafePlan'),
    safety: {
      result: 'Blocked',
      checks: ['privileges: passed'],
      findings: [
        {
          ...FINDING,
          severity: 'error',
          rule: 'drop-table',
          message: 'DROP TABLE invoices deletes 18,204 rows.',
          advice: 'Rename the table first, and drop it a release later: ALTER TABLE invoices RENAME TO invoices_old;',
          also: [],
        },
      ],
    },
    failure: {
      reason: 'UnsafePlan',
      message,
      migration: '20240601_price',
      statement: 'DROP TABLE invoices;',
      position: { file: '20240601_price.sql', line: 12, column: 1 },
    },
    conditions: [
      READY('UnsafePlan', message),
      { type: 'Stalled', status: 'True', reason: 'UnsafePlan', message, lastTransitionTime: minutesAgo(41) },
    ],
  };
}

/** A rehearsal that failed on the copy. */
export function failedRehearsal(at: number, name: string): Status {
  const message = 'column "price" of relation "orders" contains null values';
  return {
    ...blocked(at, name, 'RehearsalFailed'),
    backup: { ...BACKUP(at), verifiedBy: 'Checksum' },
    rehearsal: {
      result: 'Failed',
      message,
      seconds: 3.2,
      roundTrip: 'failed',
      migrations: ['20240601_price: 2 statements, AccessExclusiveLock on orders for 3.1 s'],
    },
    failure: {
      reason: 'RehearsalFailed',
      message,
      migration: '20240601_price',
      statement: 'ALTER TABLE orders ALTER COLUMN price SET NOT NULL;',
      position: { file: '20240601_price.sql', line: 4, column: 1 },
      code: '23502',
      log: ['rehearse: 20240601_price', 'ERROR 23502'],
    },
    conditions: [
      READY('RehearsalFailed', message),
      {
        type: 'Stalled',
        status: 'True',
        reason: 'RehearsalFailed',
        message: `${message} Correct the migration, then apply again.`,
        lastTransitionTime: minutesAgo(41),
      },
    ],
  };
}

function statusAt(at: number, name: string): Status | undefined {
  const database = `postgres://db.shop.example/${name}`;
  switch (at % 20) {
    case 3:
      return awaiting(name);
    case 5:
      return at % 40 === 5
        ? failedRehearsal(at, name)
        : {
            database,
            summary: 'MigrationFailed',
            run: run(at, 'failed'),
            conditions: [READY('MigrationFailed', 'could not extend file: no space left on device')],
            history: history(at, 'failed', 'MigrationFailed'),
          };
    case 9:
      return refused(at, name);
    case 13:
      return at === 13 ? undefined : running(at, database);
    case 7:
      return {
        database,
        summary: 'Suspended',
        currentRevision: '20240301_status',
        conditions: [READY('Suspended', 'A run is pending until spec.suspend is false.')],
      };
    default:
      return {
        database,
        summary: 'Migrated',
        currentRevision: '20240601_price',
        targetRevision: '20240601_price',
        pending: 0,
        plan: { ...PLAN, migrations: ['20240601_price'] },
        run: run(at, 'succeeded'),
        backup: { ...BACKUP(at), verifiedBy: 'Rehearsal' },
        rehearsal: {
          result: 'Full',
          seconds: 4.1,
          roundTrip: 'passed',
          migrations: ['20240601_price: 3 statements, ShareLock on orders for 0.4 s'],
        },
        safety: { result: 'Passed', checks: ['privileges: passed', 'disk space: passed'], findings: [] },
        reportPage: `/data/backups/shop/${BACKUP(at).name}.dump.report.html`,
        conditions: [
          READY('Migrated', 'The database is at 20240601_price.', 'True'),
          ...(at % 10 === 1 ? [drifted(at)] : []),
        ],
        history: history(at, 'succeeded', 'Migrated'),
        ...(at % 10 === 1 ? { drift: driftOf(at) } : {}),
      };
  }
}

function running(at: number, database: string): Status {
  return {
    database,
    summary: 'Running: rehearse 1 of 2 migrations',
    currentRevision: '20240301_status',
    targetRevision: '20240601_price',
    pending: 2,
    run: { ...run(at), step: 'rehearse', progress: 'rehearse 1 of 2 migrations' },
    conditions: [
      READY('Running', 'Attempt 1 is in progress: rehearse.'),
      {
        type: 'Reconciling',
        status: 'True',
        reason: 'Running',
        message: 'Attempt 1 is in progress',
        lastTransitionTime: minutesAgo(2),
      },
    ],
    history: history(at, 'succeeded', 'Migrated').slice(1),
  };
}

const hasDrift = (at: number) => at % 30 === 1;

function drifted(at: number): Condition {
  return hasDrift(at)
    ? {
        type: 'InSync',
        status: 'False',
        reason: 'SchemaDrift',
        message: '1 difference',
        lastTransitionTime: minutesAgo(500),
      }
    : {
        type: 'InSync',
        status: 'True',
        reason: 'InSync',
        message: 'no difference',
        lastTransitionTime: minutesAgo(500),
      };
}

function driftOf(at: number) {
  return {
    checkedAt: minutesAgo(500),
    nextCheckAt: minutesAgo(-900),
    total: hasDrift(at) ? 1 : 0,
    differences: hasDrift(at)
      ? [
          {
            message: 'index orders_created_at_idx is missing',
            sql: 'CREATE INDEX orders_created_at_idx ON orders (created_at);',
          },
        ]
      : [],
  };
}
