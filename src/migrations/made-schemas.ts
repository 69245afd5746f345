import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationFile } from '../core/model/migration.ts';

/**
 * Tells of a schema whether these migrations create it: then it must not be there before they run on an empty database.
 * Read from the files' text, `CREATE SCHEMA` and `createSchema` alike.
 */
export async function madeSchemas(
  folder: string,
  migrations: readonly Pick<MigrationFile, 'files'>[],
): Promise<(schema: string) => boolean> {
  const texts = await Promise.all(
    migrations.flatMap(({ files }) => files.map((file) => readFile(join(folder, file), 'utf8'))),
  );
  const creating = texts.filter((text) => /create\s*schema/i.test(text));
  return (schema) => {
    const name = schema.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = new RegExp(`create\\s*schema\\b[^;\\n]*?(?<![\\w$])${name}(?![\\w$])`, 'i');
    return creating.some((text) => pattern.test(text));
  };
}
