import type { FileConnection } from './dump-connection.ts';

interface SchemaObject {
  type: 'table' | 'index' | 'view' | 'trigger';
  sql: string;
}

/**
 * Writes the schema of one database into an empty one: tables first, then the objects that depend on them. Tables that a
 * virtual table creates are created with it; rows are not copied.
 */
export async function copySchema(from: FileConnection, to: FileConnection): Promise<void> {
  const pragmas = ['page_size', 'encoding', 'user_version', 'application_id', 'auto_vacuum'];
  for (const name of pragmas) {
    const [row] = await from.all<Record<string, string | number>>(`PRAGMA ${name}`);
    const value = row?.[name];
    await to.exec(`PRAGMA ${name} = ${typeof value === 'string' ? `'${value}'` : value}`);
  }
  const objects = await from.all<SchemaObject>(
    `SELECT type, sql FROM sqlite_master
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')
      ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid`,
  );
  await to.exec('PRAGMA foreign_keys = OFF; BEGIN');
  for (const { sql } of objects) await to.exec(sql);
  await to.exec('COMMIT');
}
