/** Reasons of a success; the type is in `reason.ts`. */
export const SUCCESS_REASONS = {
  Migrated: { exit: 0, means: 'Every planned migration was applied.', help: 'Nothing.' },
  Reverted: { exit: 0, means: 'Every planned migration was reverted.', help: 'Nothing.' },
  UpToDate: { exit: 0, means: 'The database is at the target; no migration had to run.', help: 'Nothing.' },
  DryRun: {
    exit: 0,
    means: 'A dry run succeeded; nothing was written to the target.',
    help: 'Set `dryRun: false`, or run without `--dry-run`, to apply the plan.',
  },
  Succeeded: { exit: 0, means: 'The step succeeded.', help: 'Nothing.' },
  InSync: { exit: 0, means: 'The live schema matches the applied migrations.', help: 'Nothing.' },
  Notified: { exit: 0, means: 'The last event was sent to the endpoint of `spec.notify`.', help: 'Nothing.' },
  Skipped: { exit: 0, means: 'The step was not needed or is disabled.', help: 'Nothing.' },
} as const;
