import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';

export const disableTriggers: Rule = {
  id: 'disable-triggers',
  topic: 'data',
  title: 'Triggers of a table are disabled.',
  why: 'Foreign keys are triggers too: with ALL the table takes rows that reference nothing, and nothing checks them afterwards. Audit and synchronisation stop as well, for every session and until somebody enables them again.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('disableTriggers', ({ table }, { isNew }) =>
    isNew(table)
      ? undefined
      : {
          message: `Disables triggers of ${tableName(table)} for everybody; with ALL its foreign keys are among them.`,
          advice:
            'Let the triggers tell this migration by a setting of its own: SET LOCAL app.migrating = on; and current_setting in the trigger function. Or switch them off for this transaction only, as superuser: SET LOCAL session_replication_role = replica',
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
