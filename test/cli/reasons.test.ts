import assert from 'node:assert/strict';
import { chmod, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import pg from 'pg';
import { REASONS, type Reason } from '../../src/core/model/reason.ts';
import { startPgBouncer } from '../support/pgbouncer.ts';
import { sharedPostgres, TEST_PASSWORD } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { smallDisk } from '../support/small-disk.ts';
import {
  endWhen,
  hostedProject,
  type Project,
  type Result,
  type TestDialect,
  withMigrations,
  withModels,
} from './fixtures.ts';

/** Typed where a password belongs; must never be printed. */
const SECRET = 's3cret-in-url';
const up = (sql: string, down = '') => `-- migrate:up\n${sql}\n${down === '' ? '' : `-- migrate:down\n${down}\n`}`;

/** How a person meets a reason at a terminal. `first`: what came before. */
interface Provocation {
  dialect?: TestDialect;
  first?(here: Project): Promise<unknown>;
  /** Undefined where this machine does not allow it. */
  trigger(here: Project): Promise<Result | undefined>;
}

const migrated = (here: Project) => here.run('init', '--migrate');
const next = (sql: string, down?: string) => (here: Project) =>
  here.write('migrations/20240103000000_next.sql', up(sql, down));
const safely = (here: Project) => here.run('safe-migrate');
const upgrade = (here: Project) => here.run('migrate', 'upgrade');
const configured = (text: string) => (here: Project) => here.write('db-manager.config.yaml', text);
const all =
  (...steps: ((here: Project) => Promise<unknown>)[]) =>
  async (here: Project) => {
    for (const step of steps) await step(here);
  };

/** A role of the project's database that may do little. */
async function asRole(here: Project, name: string, grants: string): Promise<Record<string, string>> {
  const { pathname, host } = new URL(here.url);
  const database = pathname.slice(1);
  const postgres = await sharedPostgres();
  const role = `${name}_${database}`;
  await postgres.query(`CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'`);
  if (grants !== '') await postgres.query(grants.replaceAll('$role', role), [], database);
  return { DATABASE_URL: `postgres://${role}:${SECRET}@${host}/${database}` };
}

/** Whether a command is in a migration that waits. */
async function sleeps(here: Project): Promise<boolean> {
  const [row] = await (await sharedPostgres()).query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1 AND query ~ 'pg_sleep' AND state = 'active'`,
    [new URL(here.url).pathname.slice(1)],
  );
  return (row?.n ?? 0) > 0;
}

/** More rows than fit on a small disk. */
async function fill(here: Project): Promise<void> {
  await here.write('migrations/20240104000000_fill.sql', up('INSERT INTO filler VALUES (randomblob(3000000));'));
  await here.run('migrate', 'upgrade');
}

const manifest = (approved: string) => `apiVersion: db-manager.dev/v1alpha1
kind: DatabaseMigration
metadata: {name: app}
spec:
  database: {sqlite: {volume: {claimName: data}, path: app.db}}
  migrations: {runnerImage: {path: ./migrations}}
  approval: Manual
${approved}`;

const PROVOKED: Partial<Record<Reason, Provocation>> = {
  InvalidConfiguration: { trigger: (here) => here.run('prune', '--keep-last', '0') },
  MigrationsNotFound: { trigger: (here) => here.run('--migrations', 'gone', 'migrate', 'upgrade') },
  UnsupportedMigrations: {
    first: (here) => here.write('alembic/versions/ae1027a6acf0_create_notes.py', 'down_revision = None\n'),
    trigger: (here) => here.run('--migrations', 'alembic/versions', 'lint'),
  },
  InvalidMigration: {
    first: (here) => here.write('migrations/20240103000000_next.ts', 'export const up = ;'),
    trigger: upgrade,
  },
  DuplicateMigration: {
    first: (here) => here.write('migrations/20240102000000_add_author.js', 'export async function up() {}'),
    trigger: upgrade,
  },
  DatabaseUnreachable: {
    first: configured('timeouts: {connect: 1s}'),
    trigger: (here) => here.runWith({ DATABASE_URL: `postgres://app:${SECRET}@127.0.0.1:1/x` }, 'migrate', 'current'),
  },
  DatabaseNotFound: { trigger: (here) => here.run('migrate', 'current') },
  AuthenticationFailed: {
    dialect: 'postgres',
    trigger: (here) => here.runWith({ DATABASE_URL: here.url.replace(TEST_PASSWORD, SECRET) }, 'migrate', 'current'),
  },
  PermissionDenied: {
    dialect: 'postgres',
    trigger: async (here) => here.runWith(await asRole(here, 'reader', ''), 'migrate', 'upgrade'),
  },
  PoolerUnsupported: {
    dialect: 'postgres',
    async trigger(here) {
      const bouncer = await startPgBouncer(await sharedPostgres(), 'transaction');
      const url = bouncer.url(new URL(here.url).pathname.slice(1));
      const result = await here.runWith({ DATABASE_URL: url }, 'migrate', 'upgrade');
      await bouncer.stop();
      return result;
    },
  },
  ConnectionLost: {
    dialect: 'postgres',
    first: next('SELECT pg_terminate_backend(pg_backend_pid());'),
    trigger: upgrade,
  },
  ChecksumMismatch: {
    first: all(migrated, (here) => here.write('migrations/20240102000000_add_author.sql', up('SELECT 1;'))),
    trigger: safely,
  },
  MissingMigration: {
    first: all(migrated, async (here) => {
      const { rm } = await import('node:fs/promises');
      await rm(resolve(here.folder, 'migrations/20240102000000_add_author.sql'));
    }),
    trigger: (here) => here.run('safe-migrate', '--unknown-applied', 'refuse'),
  },
  IncompatibleMigration: {
    first: all(migrated, next('ALTER TABLE notes DROP COLUMN author;'), upgrade, async (here) => {
      const { rm } = await import('node:fs/promises');
      await rm(resolve(here.folder, 'migrations/20240103000000_next.sql'));
    }),
    trigger: safely,
  },
  AssertionFailed: { first: next('-- db-manager:assert SELECT false'), trigger: upgrade },
  CheckNotTrue: {
    first: migrated,
    trigger: async (here) => {
      await next('SELECT 1;')(here);
      return here.run('safe-migrate', '--check-before', 'SELECT false');
    },
  },
  ReportNotFound: { trigger: (here) => here.run('report') },
  OutOfOrder: {
    first: all(migrated, (here) => here.write('migrations/20230101000000_late.sql', up('SELECT 1;'))),
    trigger: safely,
  },
  InterruptedMigration: {
    first: all(
      (here) =>
        here.write(
          'migrations/20240103000000_next.sql',
          '-- migrate:up transaction:false\nCREATE TABLE a (id integer);\nINSERT INTO nowhere VALUES (1);\n',
        ),
      upgrade,
    ),
    trigger: upgrade,
  },
  UnknownTarget: { trigger: (here) => here.run('migrate', 'upgrade', 'nope') },
  AmbiguousTarget: { trigger: (here) => here.run('migrate', 'upgrade', '2024') },
  DowngradeNotAllowed: { first: migrated, trigger: (here) => here.run('safe-migrate', '--target', 'base') },
  IrreversibleMigration: {
    first: all(next('CREATE TABLE t (id integer);'), migrated),
    trigger: (here) => here.run('migrate', 'downgrade', 'base'),
  },
  PlanChanged: {
    first: (here) => here.write('app.yaml', manifest(`  approvedPlan: sha256:${'0'.repeat(64)}\n`)),
    trigger: (here) => here.run('run', '-f', 'app.yaml'),
  },
  AwaitingApproval: {
    first: (here) => here.write('app.yaml', manifest('')),
    trigger: (here) => here.run('run', '-f', 'app.yaml'),
  },
  UnsafePlan: { first: all(migrated, next('DROP TABLE notes;')), trigger: safely },
  CheckFailed: { first: all(migrated, next('SELECT 1;'), (here) => here.write('data/backups', '')), trigger: safely },
  LockHeld: {
    dialect: 'postgres',
    first: all(
      migrated,
      configured('timeouts: {run: 8s}'),
      (here) => here.write('other.yaml', 'timeouts: {run: 1m}'),
      next('SELECT pg_sleep(60);'),
    ),
    async trigger(here) {
      let result: Result | undefined;
      await endWhen(here, ['--config', resolve(here.folder, 'other.yaml'), 'migrate', 'upgrade'], async () => {
        await eventually('the other command to hold the lock', () => sleeps(here), { timeoutMs: 60_000 });
        result = await here.run('safe-migrate', '--no-backup', '--rehearsal', 'disabled');
      });
      return result;
    },
  },
  BackupFailed: {
    first: all(migrated, (here) => here.write('data/backups', '')),
    trigger: (here) => here.run('backup'),
  },
  NoSpace: {
    first: all(
      (here) => here.write('migrations/20240103000000_next.sql', up('CREATE TABLE filler (bytes blob);')),
      migrated,
      fill,
    ),
    async trigger(here) {
      const disk = await smallDisk(1);
      if (disk === undefined) return undefined;
      const result = await here.run('--backups', disk.folder, 'backup');
      await disk.unmount();
      return result;
    },
  },
  ClientTooOld: {
    dialect: 'postgres',
    first: migrated,
    async trigger(here) {
      await here.write('old/pg_dump', '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.1"\n');
      await chmod(resolve(here.folder, 'old/pg_dump'), 0o755);
      return here.runWith({ PG_BIN: resolve(here.folder, 'old') }, 'backup');
    },
  },
  RestoreFailed: {
    dialect: 'postgres',
    async first(here) {
      await migrated(here);
      const database = new URL(here.url).pathname.slice(1);
      const query = async (sql: string) => (await sharedPostgres()).query(sql, [], database);
      // Of a role that is gone when it is restored.
      await query(`CREATE ROLE "${database}_reader"; CREATE POLICY p ON notes TO "${database}_reader"`);
      const taken = await here.run('backup', '--name', 'kept');
      await query(`DROP POLICY p ON notes; DROP ROLE "${database}_reader"`);
      return taken;
    },
    trigger: (here) => here.run('restore', 'kept', '--force'),
  },
  LockTimeout: {
    dialect: 'postgres',
    first: all(
      migrated,
      configured('timeouts: {lock: 100ms, run: 20s}'),
      next('ALTER TABLE notes ADD COLUMN x integer;'),
    ),
    async trigger(here) {
      const other = new pg.Client({ connectionString: here.url });
      await other.connect();
      await other.query('BEGIN; LOCK TABLE notes');
      // Each migration alone would be tried again for a minute.
      const result = await here.run('migrate', 'upgrade', '--single-transaction');
      await other.end();
      return result;
    },
  },
  BackupNotFound: { first: migrated, trigger: (here) => here.run('restore', 'nothing', '--force') },
  BackupInvalid: {
    first: all(
      migrated,
      (here) => here.run('backup', '--name', 'kept'),
      (here) => here.write('data/backups/kept.db', 'not it'),
    ),
    trigger: (here) => here.run('restore', 'data/backups/kept.db', '--force'),
  },
  BackupMismatch: {
    first: all(migrated, (here) => here.run('backup', '--name', 'kept')),
    async trigger(here) {
      const other = await hostedProject('sqlite');
      await other.run('init', '--no-tables');
      return other.run('restore', resolve(here.folder, 'data/backups/kept.db'), '--force');
    },
  },
  ActiveSessions: {
    dialect: 'postgres',
    first: all(migrated, (here) => here.run('backup', '--name', 'kept')),
    async trigger(here) {
      const other = new pg.Client({ connectionString: here.url, application_name: 'shop' });
      await other.connect();
      const result = await here.run('restore', 'kept', '--force');
      await other.end();
      return result;
    },
  },
  RehearsalFailed: { first: next('INSERT INTO nowhere VALUES (1);'), trigger: safely },
  RehearsalImpossible: {
    dialect: 'postgres',
    trigger: async (here) =>
      here.runWith(
        await asRole(here, 'owner', 'GRANT CREATE, USAGE ON SCHEMA public TO $role'),
        'safe-migrate',
        '--rehearsal',
        'full',
        '--rehearsal-server',
        'same-server',
      ),
  },
  ReplayImpossible: {
    first: all(
      (here) => here.write('migrations/20240101000000_a.sql', up('CREATE TABLE a (id integer PRIMARY KEY);')),
      migrated,
      (here) => here.write('migrations/20240101000000_a.sql', up('ALTER TABLE legacy ADD COLUMN a integer;')),
    ),
    trigger: (here) => here.run('validate'),
  },
  RowsLost: {
    first: all(
      (here) =>
        here.write(
          'migrations/20240102500000_lines.sql',
          up(
            "CREATE TABLE lines (id integer PRIMARY KEY, note_id integer REFERENCES notes (id) ON DELETE CASCADE); INSERT INTO notes VALUES (1, 'a', 'b'); INSERT INTO lines VALUES (1, 1);",
          ),
        ),
      migrated,
      next('DELETE FROM notes WHERE id = 1;'),
    ),
    trigger: safely,
  },
  RoundTripFailed: {
    first: all(migrated, next('CREATE TABLE t (id integer PRIMARY KEY);', 'SELECT 1;')),
    trigger: safely,
  },
  MigrationFailed: { first: next('INSERT INTO nowhere VALUES (1);'), trigger: upgrade },
  StatementTimeout: {
    dialect: 'postgres',
    first: all(configured('timeouts: {statement: 300ms}'), next('SELECT pg_sleep(20);')),
    trigger: upgrade,
  },
  SchemaMismatch: {
    first: async (here) => {
      await withModels(here);
      await next('CREATE TABLE other (id integer PRIMARY KEY);', 'DROP TABLE other;')(here);
    },
    trigger: safely,
  },
  DeadlineExceeded: {
    dialect: 'postgres',
    first: all(configured('timeouts: {run: 1s}'), next('SELECT pg_sleep(4);')),
    trigger: (here) => here.run('safe-migrate', '--no-backup', '--rehearsal', 'disabled'),
  },
  Cancelled: { first: migrated, trigger: (here) => here.run('drop-tables') },
};

/** Reasons that one process at a terminal cannot meet, or not without breaking the machine: the test that does. */
const ELSEWHERE: Partial<Record<Reason, string>> = {
  StoredSourceInvalid: 'test/library/unknown-applied.test.ts',
  Interrupted: 'test/cli/interrupt.test.ts',
  InternalError: 'test/engine/flow.test.ts',
  NotRehearsable: 'test/engine/beyond.test.ts',
  RestoreIncomplete: 'test/database/postgres/restore-cases.test.ts',
  Running: 'test/cluster/operator-situations.test.ts',
  Queued: 'test/core/reconcile/scenarios.test.ts',
  Suspended: 'test/cluster/operator-situations.test.ts',
  WaitingForDependency: 'test/cluster/operator-situations.test.ts',
  DependencyCycle: 'test/cluster/operator-situations.test.ts',
  DatabaseInUse: 'test/cluster/operator-situations.test.ts',
  SchemaDrift: 'test/cluster/drift.test.ts',
  NotificationFailed: 'test/cluster/notify.test.ts',
  OutsideWindow: 'test/cluster/operator-situations.test.ts',
  ReferenceNotFound: 'test/cluster/operator-situations.test.ts',
  ImagePullFailed: 'test/cluster/operator-situations.test.ts',
  JobRefused: 'test/cluster/operator-situations.test.ts',
  PodUnschedulable: 'test/core/reconcile/tables.test.ts',
  RunLost: 'test/cluster/operator-situations.test.ts',
  ReportUnreadable: 'test/core/reconcile/scenarios.test.ts',
  RetryLimitReached: 'test/core/reconcile/scenarios.test.ts',
  ApiServerUnreachable: 'test/cli/cluster-errors.test.ts',
  ApiServerUnavailable: 'test/cli/cluster-errors.test.ts',
  Conflict: 'test/cli/cluster-errors.test.ts',
  BucketNotFound: 'test/faults/object-store.test.ts',
  ObjectStoreDenied: 'test/faults/object-store.test.ts',
  CredentialsExpired: 'test/faults/object-store.test.ts',
  ClockSkewed: 'test/faults/object-store.test.ts',
  ObjectStoreBusy: 'test/faults/object-store.test.ts',
  ObjectStoreUnreachable: 'test/faults/object-store.test.ts',
  DecryptionFailed: 'test/backups/encryption.test.ts',
  NotConnected: 'test/engine/wrapped.test.ts',
  TargetChanged: 'test/engine/wrapped.test.ts',
  NotAllowed: 'test/cluster/operator-policies.test.ts',
};

const bad = (Object.keys(REASONS) as Reason[]).filter((reason) => REASONS[reason].exit !== 0);

describe('every reason of docs/reference/reasons.md', function () {
  this.timeout(120_000);

  for (const reason of bad) {
    const { dialect = 'sqlite', first, trigger } = PROVOKED[reason] ?? {};
    const elsewhere = ELSEWHERE[reason];
    if (trigger === undefined) {
      it(`${reason} is met in ${elsewhere}`, async () => {
        assert.ok(elsewhere, `${reason} has no case`);
        assert.match(await readFile(elsewhere, 'utf8'), new RegExp(`\\b${reason}\\b`));
      });
      continue;
    }
    it(`${reason} ends with ${REASONS[reason].exit}, in words, without a stack and a secret`, async function () {
      const here = await withMigrations(await hostedProject(dialect));
      await first?.(here);
      const ended = await trigger(here);
      if (ended === undefined) return this.skip();
      const { code, out, err } = ended;
      const told = out + err;
      assert.match(told, new RegExp(`\\b${reason}\\b`));
      assert.equal(code, REASONS[reason].exit, told);
      assert.doesNotMatch(told, /^ {4}at |node:internal/m, 'no stack trace');
      assert.doesNotMatch(told, new RegExp(`${SECRET}|${TEST_PASSWORD}`), 'no password');
    });
  }
});
