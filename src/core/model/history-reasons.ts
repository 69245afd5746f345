/** Reasons about a history that the files do not match, part of `REASONS`. */
export const HISTORY_REASONS = {
  AheadOfFiles: {
    exit: 0,
    means: 'The database is newer than the files, and older code can run with every migration that the files lack.',
    help: 'Nothing. To revert the newer migrations instead, set `unknownApplied: Downgrade`.',
  },
  IncompatibleMigration: {
    exit: 4,
    means: 'The history has a migration that the files lack, and older code may not be able to run with it.',
    help: 'Deploy the version that contains it, or revert it: `unknownApplied: Downgrade`.',
  },
  StoredSourceInvalid: {
    exit: 4,
    means: 'The text that the history keeps of a migration was changed, or cannot be read by this version.',
    help: 'Deploy the version that contains the file, or store the text again: `db-manager repair --store-sources`.',
  },
} as const;
