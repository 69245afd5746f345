import { type SchemaActionOf, tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';
import { later, sameTable } from '../rule-helpers.ts';

export const disableTriggers: Rule = {
  id: 'disable-triggers',
  topic: 'data',
  title: 'Triggers of a table are disabled.',
  why: 'Foreign keys are enforced by triggers: with ALL, the table accepts rows that reference nothing, and no later check finds them. Audit and replication triggers stop too, for every session, until they are enabled again. Triggers other than those of foreign keys that the same transaction enables again are no problem: no other session can write to the table before it ends.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('disableTriggers', (action, place) =>
    isEnabledAgain(action, place)
      ? undefined
      : {
          message: `Disables triggers of ${tableName(action.table)} for every session; with ALL this includes its foreign keys.`,
          advice:
            'Have the trigger function skip this migration by a custom setting: SET LOCAL app.migrating = on; and check current_setting in the function. Or disable triggers for this transaction only, as superuser: SET LOCAL session_replication_role = replica',
        },
  ),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DISABLE TRIGGER ALL' },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER USER' },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER orders_audit' },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER orders_audit; ALTER TABLE orders ENABLE TRIGGER orders_total' },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER ALL; ALTER TABLE orders ENABLE TRIGGER ALL' },
      {
        sql: 'ALTER TABLE orders DISABLE TRIGGER orders_audit; ALTER TABLE orders ENABLE TRIGGER orders_audit',
        transaction: false,
      },
    ],
    good: [
      {
        sql: 'ALTER TABLE orders DISABLE TRIGGER orders_audit; UPDATE orders SET note = NULL WHERE note = $$-$$; ALTER TABLE orders ENABLE TRIGGER orders_audit',
      },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER USER; ALTER TABLE public.orders ENABLE TRIGGER USER' },
      { sql: 'ALTER TABLE orders ENABLE TRIGGER orders_audit' },
      { sql: 'SET LOCAL app.migrating = on; UPDATE orders SET note = NULL WHERE note = $$-$$' },
    ],
  },
};

/** Its lock keeps other sessions from writing until the transaction ends, so only this migration runs without the trigger. */
function isEnabledAgain(
  { table, name, foreignKeys }: SchemaActionOf<'disableTriggers'>,
  place: RuleActionContext,
): boolean {
  if (!place.migration.transactional || foreignKeys) return false;
  return later(place, 'enableTriggers').some(
    (one) => sameTable(one.table, table) && (one.name === undefined || one.name === name),
  );
}
