/** The environment variables with the identity for encrypted backups, or the path of its file. */
export const BACKUP_IDENTITY_VARIABLES = {
  text: 'DB_MANAGER_BACKUP_IDENTITY',
  file: 'DB_MANAGER_BACKUP_IDENTITY_FILE',
} as const;

/** Variables that list the variables and files of a process that contain secrets, separated by commas. */
export const SECRET_VARIABLES = { names: 'DB_MANAGER_SECRET_VARIABLES', files: 'DB_MANAGER_SECRET_FILES' } as const;
