import { quoteIdentifier } from '../driver.ts';
import { sameMeaning, warnSame } from './same.ts';
import { type AlterContext, execute, refuse, same, schemaObjects } from './workbench.ts';

/**
 * `queryInterface.addIndex`. An equal index of that name is accepted: migrations written for sequelize-cli add indexes
 * again that Sequelize's own rebuilds lost and ours kept. A different index of that name is an error.
 */
export async function addIndex(
  ctx: AlterContext,
  table: string,
  fields: unknown,
  options: object = {},
  rawTable = table,
): Promise<void> {
  const generator = ctx.queryInterface.queryGenerator as {
    addIndexQuery(table: string, options: object, rawTable: string): string;
  };
  const given = (Array.isArray(fields) ? { ...options, fields } : { ...(fields as object) }) as { fields?: unknown[] };
  // Sequelize modifies its argument.
  const own = { ...given, fields: (given.fields ?? []).map((field) => (isPlain(field) ? { ...field } : field)) };
  const sql = generator.addIndexQuery(table, own, rawTable);
  const name = /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?`((?:[^`]|``)+)`/i.exec(sql)?.[1];
  const known = (await schemaObjects(ctx)).find((one) => one.type === 'index' && same(one.name, name ?? ''));
  if (known === undefined) return execute(ctx, sql);
  if (known.sql !== null && sameMeaning(known.sql, sql)) return warnSame(`index ${known.name}`, table, 'addIndex');
  throw refuse(
    `A different index ${known.name} already exists: ${known.sql ?? 'the index of a constraint'}. Drop it first (DROP INDEX ${quoteIdentifier(known.name)}), or use another name for the new one.`,
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
