/**
 * The history tables that sequelize-cli and Knex create before the first migration. Code that reads or corrects their
 * rows would fail in a database that never saw the tool.
 */
const TABLES: readonly { named: RegExp; create: string }[] = [
  {
    named: /\b(?:from|into|update|join|on|alter\s{1,9}table)\s{1,99}(?:"?\w{1,63}"?\.)?["`[]?SequelizeMeta\b/i,
    create: 'CREATE TABLE IF NOT EXISTS "SequelizeMeta" (name VARCHAR(255) NOT NULL PRIMARY KEY)',
  },
  {
    named: /\b(?:from|into|update|join|on|alter\s{1,9}table)\s{1,99}(?:"?\w{1,63}"?\.)?["`[]?knex_migrations\b/i,
    create:
      'CREATE TABLE IF NOT EXISTS knex_migrations (id INTEGER PRIMARY KEY, name VARCHAR(255), batch INTEGER, migration_time TIMESTAMP)',
  },
];

/** What creates the table that a query of a code migration names, for one migration: each is created once. */
export function toolHistoryTables(): (sql: string) => string | undefined {
  const created = new Set<string>();
  return (sql) => {
    if (!/SequelizeMeta|knex_migrations/i.test(sql)) return undefined;
    const create = TABLES.find(({ named }) => named.test(sql))?.create;
    if (create === undefined || created.has(create)) return undefined;
    created.add(create);
    return create;
  };
}
