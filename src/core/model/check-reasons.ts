/** Reasons of checks and approval; the type is in `reason.ts`. */
export const CHECK_REASONS = {
  UnsafePlan: {
    exit: 4,
    means: 'A safety rule found a statement that would harm a database in use.',
    help: 'Follow the advice of the finding, or ignore its rule by id and state a reason.',
  },
  CheckFailed: {
    exit: 1,
    means: 'A preflight check failed before anything was changed.',
    help: 'Fix the problem named in the message.',
  },
  AwaitingApproval: {
    exit: 4,
    means: 'The plan is awaiting approval.',
    help: 'Read the plan, then run the command in the message. In a cluster: `db-manager approve NAME`.',
  },
  CheckNotTrue: {
    exit: 4,
    means: 'A query of `checks` does not return true, on the copy or on the target.',
    help: 'Run the query that the message names. Correct the data, the migration or the check.',
  },
} as const;
