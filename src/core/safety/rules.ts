/** Every rule, in the order in which a page lists them: the only list. */
import type { Rule } from './rule.ts';
import { addColumnRefused } from './rules/add-column-refused.ts';
import { addRequiredColumn } from './rules/add-required-column.ts';
import { backfillWithDdl } from './rules/backfill-with-ddl.ts';
import { charColumn } from './rules/char-column.ts';
import { checkWithoutNotValid } from './rules/check-without-not-valid.ts';
import { concurrentIndexCorruption } from './rules/concurrent-index-corruption.ts';
import { createIndexWithoutConcurrently } from './rules/create-index-without-concurrently.ts';
import { deleteWithoutWhere } from './rules/delete-without-where.ts';
import { disableTriggers } from './rules/disable-triggers.ts';
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
import { foreignKeyWithoutIndex } from './rules/foreign-key-without-index.ts';
import { foreignKeyWithoutNotValid } from './rules/foreign-key-without-not-valid.ts';
import { identifierTooLong } from './rules/identifier-too-long.ts';
import { ignoreUnknownRule } from './rules/ignore-unknown-rule.ts';
import { ignoreWithoutReason } from './rules/ignore-without-reason.ts';
import { intPrimaryKey } from './rules/int-primary-key.ts';
import { irreversible } from './rules/irreversible.ts';
import { jsonColumn } from './rules/json-column.ts';
import { mixedCaseName } from './rules/mixed-case-name.ts';
import { nestedTransaction } from './rules/nested-transaction.ts';
import { newerThanLibrary } from './rules/newer-than-library.ts';
import { noDown } from './rules/no-down.ts';
import { opaqueCode } from './rules/opaque-code.ts';
import { pragmaInTransaction } from './rules/pragma-in-transaction.ts';
import { renameColumn } from './rules/rename-column.ts';
import { renameEnumValue } from './rules/rename-enum-value.ts';
import { renameSchema } from './rules/rename-schema.ts';
import { renameTable } from './rules/rename-table.ts';
import { serialColumn } from './rules/serial-column.ts';
import { setSchema } from './rules/set-schema.ts';
import { tableRebuild } from './rules/table-rebuild.ts';
import { timestampWithoutTimeZone } from './rules/timestamp-without-time-zone.ts';
import { transactionLeftOpen } from './rules/transaction-left-open.ts';
import { truncate } from './rules/truncate.ts';
import { unbatchedBackfill } from './rules/unbatched-backfill.ts';
import { uniqueOnExistingRows } from './rules/unique-on-existing-rows.ts';
import { unnamedConstraint } from './rules/unnamed-constraint.ts';
import { unreadableStatement } from './rules/unreadable-statement.ts';
import { varcharLength } from './rules/varchar-length.ts';
import { wideIndex } from './rules/wide-index.ts';
import { writableSchema } from './rules/writable-schema.ts';

export const RULES: readonly Rule[] = [
  // locks
  checkWithoutNotValid,
  createIndexWithoutConcurrently,
  dropIndexWithoutConcurrently,
  foreignKeyWithoutNotValid,
  // data
  addRequiredColumn,
  backfillWithDdl,
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
  // hygiene
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
