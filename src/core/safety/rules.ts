/** Every rule, in the order in which a page lists them: the only list. */
import type { Rule } from './rule.ts';
import { addAutoIncrementColumn } from './rules/add-auto-increment-column.ts';
import { addColumnRefused } from './rules/add-column-refused.ts';
import { addColumnWithDefault } from './rules/add-column-with-default.ts';
import { addRequiredColumn } from './rules/add-required-column.ts';
import { addStoredGeneratedColumn } from './rules/add-stored-generated-column.ts';
import { attachPartitionWithoutCheck } from './rules/attach-partition-without-check.ts';
import { backfillWithDdl } from './rules/backfill-with-ddl.ts';
import { beyondDatabase } from './rules/beyond-database.ts';
import { changeColumnType } from './rules/change-column-type.ts';
import { charColumn } from './rules/char-column.ts';
import { checkWithoutNotValid } from './rules/check-without-not-valid.ts';
import { cluster } from './rules/cluster.ts';
import { codeWithOwnImports } from './rules/code-with-own-imports.ts';
import { concurrentIndexCorruption } from './rules/concurrent-index-corruption.ts';
import { concurrentlyInTransaction } from './rules/concurrently-in-transaction.ts';
import { createIndexWithoutConcurrently } from './rules/create-index-without-concurrently.ts';
import { createPartitionOf } from './rules/create-partition-of.ts';
import { createTrigger } from './rules/create-trigger.ts';
import { deleteWithoutWhere } from './rules/delete-without-where.ts';
import { detachPartitionWithoutConcurrently } from './rules/detach-partition-without-concurrently.ts';
import { disableTriggers } from './rules/disable-triggers.ts';
import { domainConstraintWithoutNotValid } from './rules/domain-constraint-without-not-valid.ts';
import { domainWithCheck } from './rules/domain-with-check.ts';
import { dropCascade } from './rules/drop-cascade.ts';
import { dropColumn } from './rules/drop-column.ts';
import { dropColumnInUse } from './rules/drop-column-in-use.ts';
import { dropDatabase } from './rules/drop-database.ts';
import { dropForeignKey } from './rules/drop-foreign-key.ts';
import { dropIndexWithoutConcurrently } from './rules/drop-index-without-concurrently.ts';
import { dropNotNull } from './rules/drop-not-null.ts';
import { dropObject } from './rules/drop-object.ts';
import { dropPrimaryKey } from './rules/drop-primary-key.ts';
import { dropReferencedTable } from './rules/drop-referenced-table.ts';
import { dropSchema } from './rules/drop-schema.ts';
import { dropTable } from './rules/drop-table.ts';
import { dropView } from './rules/drop-view.ts';
import { enumValueInTransaction } from './rules/enum-value-in-transaction.ts';
import { exclusionConstraint } from './rules/exclusion-constraint.ts';
import { foreignKeyWithoutIndex } from './rules/foreign-key-without-index.ts';
import { foreignKeyWithoutNotValid } from './rules/foreign-key-without-not-valid.ts';
import { identifierTooLong } from './rules/identifier-too-long.ts';
import { ignoreUnknownRule } from './rules/ignore-unknown-rule.ts';
import { ignoreWithoutReason } from './rules/ignore-without-reason.ts';
import { intPrimaryKey } from './rules/int-primary-key.ts';
import { irreversible } from './rules/irreversible.ts';
import { jsonColumn } from './rules/json-column.ts';
import { lockTable } from './rules/lock-table.ts';
import { manyTablesLocked } from './rules/many-tables-locked.ts';
import { mixedCaseName } from './rules/mixed-case-name.ts';
import { nestedTransaction } from './rules/nested-transaction.ts';
import { newerThanLibrary } from './rules/newer-than-library.ts';
import { noDown } from './rules/no-down.ts';
import { opaqueCode } from './rules/opaque-code.ts';
import { pragmaInTransaction } from './rules/pragma-in-transaction.ts';
import { primaryKeyWithoutUsingIndex } from './rules/primary-key-without-using-index.ts';
import { refreshWithoutConcurrently } from './rules/refresh-without-concurrently.ts';
import { refusedInTransaction } from './rules/refused-in-transaction.ts';
import { reindexWithoutConcurrently } from './rules/reindex-without-concurrently.ts';
import { renameColumn } from './rules/rename-column.ts';
import { renameEnumValue } from './rules/rename-enum-value.ts';
import { renameSchema } from './rules/rename-schema.ts';
import { renameTable } from './rules/rename-table.ts';
import { serialColumn } from './rules/serial-column.ts';
import { setLogged } from './rules/set-logged.ts';
import { setNotNull } from './rules/set-not-null.ts';
import { setSchema } from './rules/set-schema.ts';
import { setTablespace } from './rules/set-tablespace.ts';
import { slowUnderExclusiveLock } from './rules/slow-under-exclusive-lock.ts';
import { tableRebuild } from './rules/table-rebuild.ts';
import { timeoutTurnedOff } from './rules/timeout-turned-off.ts';
import { timestampWithoutTimeZone } from './rules/timestamp-without-time-zone.ts';
import { transactionLeftOpen } from './rules/transaction-left-open.ts';
import { truncate } from './rules/truncate.ts';
import { unbatchedBackfill } from './rules/unbatched-backfill.ts';
import { uniqueOnExistingRows } from './rules/unique-on-existing-rows.ts';
import { uniqueWithoutUsingIndex } from './rules/unique-without-using-index.ts';
import { unnamedConstraint } from './rules/unnamed-constraint.ts';
import { unreadableStatement } from './rules/unreadable-statement.ts';
import { vacuumFull } from './rules/vacuum-full.ts';
import { validateUnderLock } from './rules/validate-under-lock.ts';
import { varcharLength } from './rules/varchar-length.ts';
import { volatileDefault } from './rules/volatile-default.ts';
import { wideIndex } from './rules/wide-index.ts';
import { writableSchema } from './rules/writable-schema.ts';

export const RULES: readonly Rule[] = [
  // locks
  addAutoIncrementColumn,
  addColumnWithDefault,
  addStoredGeneratedColumn,
  attachPartitionWithoutCheck,
  changeColumnType,
  checkWithoutNotValid,
  cluster,
  concurrentlyInTransaction,
  createIndexWithoutConcurrently,
  createPartitionOf,
  createTrigger,
  detachPartitionWithoutConcurrently,
  domainConstraintWithoutNotValid,
  domainWithCheck,
  dropIndexWithoutConcurrently,
  exclusionConstraint,
  foreignKeyWithoutNotValid,
  lockTable,
  manyTablesLocked,
  primaryKeyWithoutUsingIndex,
  refreshWithoutConcurrently,
  refusedInTransaction,
  reindexWithoutConcurrently,
  setLogged,
  setNotNull,
  setTablespace,
  slowUnderExclusiveLock,
  timeoutTurnedOff,
  uniqueWithoutUsingIndex,
  vacuumFull,
  validateUnderLock,
  volatileDefault,
  // data
  addRequiredColumn,
  backfillWithDdl,
  beyondDatabase,
  concurrentIndexCorruption,
  deleteWithoutWhere,
  disableTriggers,
  dropCascade,
  dropColumn,
  dropDatabase,
  dropForeignKey,
  dropPrimaryKey,
  dropSchema,
  dropTable,
  truncate,
  unbatchedBackfill,
  uniqueOnExistingRows,
  // compatibility
  dropNotNull,
  dropObject,
  dropView,
  enumValueInTransaction,
  renameColumn,
  renameEnumValue,
  renameSchema,
  renameTable,
  setSchema,
  // style
  charColumn,
  foreignKeyWithoutIndex,
  identifierTooLong,
  ignoreUnknownRule,
  ignoreWithoutReason,
  intPrimaryKey,
  irreversible,
  jsonColumn,
  mixedCaseName,
  nestedTransaction,
  noDown,
  opaqueCode,
  codeWithOwnImports,
  serialColumn,
  timestampWithoutTimeZone,
  transactionLeftOpen,
  unnamedConstraint,
  unreadableStatement,
  varcharLength,
  wideIndex,
  // sqlite
  addColumnRefused,
  dropColumnInUse,
  dropReferencedTable,
  newerThanLibrary,
  pragmaInTransaction,
  tableRebuild,
  writableSchema,
];
