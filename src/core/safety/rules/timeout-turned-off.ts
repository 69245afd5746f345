import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const timeoutTurnedOff: Rule = {
  id: 'timeout-turned-off',
  topic: 'locks',
  title: 'A migration turns off lock_timeout or statement_timeout.',
  why: 'db-manager sets both for every migration. Without lock_timeout, an ALTER TABLE waits as long as a long query runs, and all later reads and writes queue behind it. With lock_timeout, the migration stops waiting, the queue proceeds, and the migration is retried.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('setTimeout', ({ name, off }) => {
    if (!off) return undefined;
    return name === 'lock_timeout'
      ? {
          message:
            'Turns lock_timeout off: a statement that waits for a lock blocks all later reads and writes without limit.',
          advice: "Remove it; timeouts.lock sets it. Or set a limit: SET LOCAL lock_timeout = '10s';",
        }
      : {
          severity: 'notice',
          message: 'Turns statement_timeout off: a statement may hold its locks without limit.',
          advice: "Remove it; timeouts.statement sets it. Or set a limit: SET LOCAL statement_timeout = '15min';",
        };
  }),
  examples: {
    bad: [
      { sql: 'SET lock_timeout = 0' },
      { sql: "SET LOCAL lock_timeout TO '0s'; ALTER TABLE orders ADD COLUMN note text" },
      { sql: 'RESET lock_timeout' },
      { sql: 'SET lock_timeout TO DEFAULT' },
      { sql: 'RESET ALL' },
      { sql: 'SET statement_timeout = 0' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD COLUMN note text' },
      { sql: "SET lock_timeout = '2s'; SET statement_timeout = 60000" },
      { sql: 'SET search_path = trading' },
    ],
  },
};
