import type { CommandDefinition, CommandFamily } from '../command.ts';
import { adopt } from './adopt.ts';
import { apply } from './apply.ts';
import { approve } from './approve.ts';
import { backup } from './backup.ts';
import { baseline } from './baseline.ts';
import { completion } from './completion.ts';
import { config } from './config.ts';
import { createTables } from './create-tables.ts';
import { dashboard } from './dashboard.ts';
import { drift } from './drift.ts';
import { dropTables } from './drop-tables.ts';
import { generate } from './generate.ts';
import { init } from './init.ts';
import { lint } from './lint.ts';
import { listBackups } from './list-backups.ts';
import { migrateCheck } from './migrate-check.ts';
import { migrateCurrent } from './migrate-current.ts';
import { migrateDiff } from './migrate-diff.ts';
import { migrateDowngrade } from './migrate-downgrade.ts';
import { migrateHistory } from './migrate-history.ts';
import { migrateShow } from './migrate-show.ts';
import { migrateSql } from './migrate-sql.ts';
import { migrateStamp } from './migrate-stamp.ts';
import { migrateUpgrade } from './migrate-upgrade.ts';
import { operator } from './operator.ts';
import { prune } from './prune.ts';
import { rekey } from './rekey.ts';
import { repair } from './repair.ts';
import { report } from './report.ts';
import { restore } from './restore.ts';
import { run } from './run.ts';
import { runner } from './runner.ts';
import { runs } from './runs.ts';
import { runsShow } from './runs-show.ts';
import { safeMigrate } from './safe-migrate.ts';
import { safetyCheck } from './safety-check.ts';
import { schemaDiagram } from './schema-diagram.ts';
import { sidecar } from './sidecar.ts';
import { status } from './status.ts';
import { task } from './task.ts';
import { validate } from './validate.ts';
import { verifyBackup } from './verify-backup.ts';
import { wait } from './wait.ts';
import { wrap } from './wrap.ts';

/** Every command, in the order of the help within its group. */
export const COMMANDS: readonly CommandDefinition[] = [
  init,
  generate,
  migrateUpgrade,
  migrateDowngrade,
  migrateCurrent,
  migrateHistory,
  migrateShow,
  migrateDiff,
  migrateStamp,
  migrateSql,
  migrateCheck,
  validate,
  lint,
  schemaDiagram,
  safetyCheck,
  safeMigrate,
  wrap,
  report,
  drift,
  wait,
  run,
  runs,
  runsShow,
  backup,
  listBackups,
  verifyBackup,
  restore,
  prune,
  rekey,
  repair,
  adopt,
  baseline,
  createTables,
  dropTables,
  apply,
  status,
  approve,
  dashboard,
  operator,
  runner,
  task,
  sidecar,
  config,
  completion,
];

/** The first word of the commands with two words. */
export const FAMILIES: readonly CommandFamily[] = [
  {
    name: 'migrate',
    group: 'From a model to a migration:',
    summary: 'apply and revert migrations, and show the current revision',
  },
  { name: 'schema', group: 'From a model to a migration:', summary: 'draw the schema' },
];
