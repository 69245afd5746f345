import type { MigrationFile } from '../core/model/migration.ts';
import { contentsOf } from './read.ts';

interface Made {
  makes(schema: string): boolean;
  makesRole(role: string): boolean;
  makesExtension(extension: string): boolean;
  /** Every extension that is named in a CREATE EXTENSION. */
  extensions: string[];
}

/**
 * Whether these migrations create a schema, a role or an extension: then it must not be there before they run on
 * an empty database. Read from the files' text, `CREATE SCHEMA` and `createSchema` alike.
 */
export async function madeObjects(
  folder: string,
  migrations: readonly Pick<MigrationFile, 'files' | 'stored'>[],
): Promise<Made> {
  const contents = migrations.map((migration) => contentsOf(folder, migration));
  const texts = contents.flat().map(String);
  const extension = /create\s+extension\s+(?:if\s+not\s+exists\s+)?\\?"?([\w-]+)/gi;
  return {
    makes: naming(texts, 'create\\s*schema'),
    makesRole: naming(texts, 'create\\s+(?:role|user|group)'),
    makesExtension: naming(texts, 'create\\s+extension'),
    extensions: [...new Set(texts.flatMap((text) => [...text.matchAll(extension)].map(([, name = '']) => name)))],
  };
}

function naming(texts: readonly string[], command: string): (name: string) => boolean {
  const creating = texts.filter((text) => new RegExp(command, 'i').test(text));
  return (object) => {
    const name = object.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = new RegExp(`${command}\\b[^;\\n]*?(?<![\\w$])${name}(?![\\w$])`, 'i');
    return creating.some((text) => pattern.test(text));
  };
}
