import { quoteIdentifier } from '../driver.ts';
import { sameMeaning, saySame } from './same.ts';
import { type AlterContext, execute, refuse, same, schemaObjects } from './workbench.ts';

/**
 * `queryInterface.addIndex`. An equal index of that name is accepted: a history written for sequelize-cli adds again
 * what Sequelize's own rebuilds lost and ours kept. Another index of that name is an error.
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
  // Sequelize writes into what it is given.
  const own = { ...given, fields: (given.fields ?? []).map((field) => (isPlain(field) ? { ...field } : field)) };
  const sql = generator.addIndexQuery(table, own, rawTable);
  const name = /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?`((?:[^`]|``)+)`/i.exec(sql)?.[1];
  const known = (await schemaObjects(ctx)).find((one) => one.type === 'index' && same(one.name, name ?? ''));
  if (known === undefined) return execute(ctx, sql);
  if (known.sql !== null && sameMeaning(known.sql, sql)) return saySame(`index ${known.name}`, table, 'addIndex');
  throw refuse(
    `There is an index ${known.name} already, and another one: ${known.sql ?? 'that of a constraint'}. Drop it first (DROP INDEX ${quoteIdentifier(known.name)}), or give the new one another name.`,
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
