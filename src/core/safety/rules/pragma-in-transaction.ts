import { onAction, type Rule, SQLITE } from '../rule.ts';

/** The effect of each in a transaction: verified on the engine, and documented in https://sqlite.org/pragma.html. */
const EFFECTS: Record<string, string> = {
  synchronous: 'SQLite refuses it there',
  temp_store: 'SQLite refuses it there',
  temp_store_directory: 'SQLite refuses it there',
  journal_mode: 'it does nothing there',
  page_size: 'it only takes effect at the next VACUUM, which cannot run there',
  auto_vacuum: 'it only takes effect at the next VACUUM, which cannot run there',
  wal_checkpoint: 'SQLite refuses it there',
};

export const pragmaInTransaction: Rule = {
  id: 'pragma-in-transaction',
  topic: 'sqlite',
  title: 'A PRAGMA that has no effect, or fails, in a transaction.',
  why: 'The migration runs in a transaction, where the settings of the file and its journal cannot be changed. PRAGMA foreign_keys = OFF has no effect there either, but db-manager recognises it and runs the migration with foreign keys off.',
  dialects: SQLITE,
  severity: 'error',
  check: onAction('pragma', ({ name, value }, { migration }) => {
    const effect = EFFECTS[name];
    const asks = value === undefined && name !== 'wal_checkpoint';
    if (effect === undefined || asks || !migration.transactional) return undefined;
    return {
      message: `PRAGMA ${name} is inside a transaction: ${effect}.`,
      advice: 'Put it in a separate migration that runs outside a transaction ("-- migrate:up transaction:false").',
      ...(effect.startsWith('SQLite refuses') ? {} : { severity: 'warning' }),
    };
  }),
  examples: {
    bad: [
      { sql: 'PRAGMA journal_mode = WAL' },
      { sql: 'PRAGMA synchronous = OFF' },
      { sql: 'PRAGMA temp_store(2)' },
      { sql: 'PRAGMA page_size = 8192' },
    ],
    good: [
      { sql: 'PRAGMA journal_mode = WAL', transaction: false },
      { sql: 'PRAGMA foreign_keys = OFF' },
      { sql: 'PRAGMA defer_foreign_keys = ON' },
      { sql: 'PRAGMA journal_mode' },
    ],
  },
};
