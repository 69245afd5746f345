import { tableName } from '../action.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const disableTriggers: Rule = {
  id: 'disable-triggers',
  topic: 'data',
  title: 'Triggers of a table are disabled.',
  why: 'Foreign keys are enforced by triggers: with ALL, the table accepts rows that reference nothing, and no later check finds them. Audit and replication triggers stop too, for every session, until they are enabled again.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('disableTriggers', ({ table }, { isNew }) =>
    isNew(table)
      ? undefined
      : {
          message: `Disables triggers of ${tableName(table)} for every session; with ALL this includes its foreign keys.`,
          advice:
            'Have the trigger function skip this migration by a custom setting: SET LOCAL app.migrating = on; and check current_setting in the function. Or disable triggers for this transaction only, as superuser: SET LOCAL session_replication_role = replica',
        },
  ),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DISABLE TRIGGER ALL' },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER USER' },
      { sql: 'ALTER TABLE orders DISABLE TRIGGER orders_audit' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ENABLE TRIGGER orders_audit' },
      { sql: 'SET LOCAL app.migrating = on; UPDATE orders SET note = NULL WHERE note = $$-$$' },
    ],
  },
};
