import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const createTrigger: Rule = {
  id: 'create-trigger',
  topic: 'locks',
  title: 'A trigger is created on a table in use.',
  why: 'It takes a SHARE ROW EXCLUSIVE lock and holds it until the migration ends. While it waits for the lock, writers queue behind it. Afterwards, every write from every version of the application runs the function in its own transaction.',
  dialects: POSTGRES,
  severity: 'notice',
  check: onTableInUse('createTrigger', ({ table, name }) => ({
    message: `Creates trigger ${name} on ${tableName(table)}: writes to the table are blocked from here to the end of the migration.`,
    advice:
      'Make it the last statement, or a separate migration. Measure in a rehearsal with rows what each write costs afterwards.',
  })),
  examples: {
    bad: [{ sql: 'CREATE TRIGGER orders_audit AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit()' }],
    good: [
      {
        sql: `CREATE TABLE fills (id bigint);
              CREATE TRIGGER fills_audit AFTER UPDATE ON fills FOR EACH ROW EXECUTE FUNCTION audit()`,
      },
    ],
  },
};
