/** Reasons about a history that the files do not match, part of `REASONS`. */
export const HISTORY_REASONS = {
  AheadOfFiles: {
    exit: 0,
    means:
      'The history contains migrations without a file. Older code can run with all of them, so nothing was changed.',
    help: 'Nothing. To revert the newer migrations instead, set `unknownApplied: Downgrade`.',
  },
  IncompatibleMigration: {
    exit: 4,
    means: 'The history contains a migration without a file, and older code may fail with its schema.',
    help: 'Deploy the version that contains it, or revert it: `unknownApplied: Downgrade`.',
  },
  StoredSourceInvalid: {
    exit: 4,
    means: 'The text of a migration in the history was changed, or this version cannot read it.',
    help: 'Deploy the version that contains the file, or store the text again: `db-manager repair --store-sources`.',
  },
} as const;
