/** Address of the documentation that belongs to this program, without a slash at the end. */
export const DOCUMENTATION = 'https://github.com/db-manager/db-manager/blob/main/docs';
