import { significantTokens } from '../../../sql/significant.ts';
import { all, quoteIdentifier } from '../driver.ts';
import { type AlterContext, refuse, type SchemaObject, schemaObjects } from './workbench.ts';

/**
 * Views and triggers are only text: one that no longer fits the tables fails on its next use, which is
 * too late. EXPLAIN compiles them, with the bodies of the triggers, and runs nothing. What was broken before is not
 * caused by this migration.
 */
export async function keepingDependents<T>(ctx: AlterContext, work: () => Promise<T>): Promise<T> {
  const before = await brokenDependents(ctx);
  const result = await work();
  for (const [name, why] of await brokenDependents(ctx)) {
    if (before.has(name)) continue;
    throw refuse(`After the change the ${name} no longer works (${why}). Drop or replace it first.`);
  }
  return result;
}

/** `view x` or `trigger x`, with SQLite's message. */
async function brokenDependents(ctx: AlterContext): Promise<Map<string, string>> {
  const broken = new Map<string, string>();
  for (const object of await schemaObjects(ctx)) {
    if (object.type !== 'view' && object.type !== 'trigger') continue;
    const why = await failure(ctx, object);
    if (why !== undefined) broken.set(`${object.type} ${object.name}`, why);
  }
  return broken;
}

async function failure(ctx: AlterContext, object: SchemaObject): Promise<string | undefined> {
  const compile = (sql: string) =>
    all(ctx.connection, `EXPLAIN ${sql}`).then(
      () => undefined,
      (error: Error) => error.message.replace(/^SQLITE_[A-Z]+: /, ''),
    );
  const table = quoteIdentifier(object.table);
  if (object.type === 'view') return compile(`SELECT * FROM ${quoteIdentifier(object.name)}`);
  const { event, of } = eventOf(object.sql ?? '');
  if (event === 'INSERT') return compile(`INSERT INTO ${table} DEFAULT VALUES`);
  if (event === 'DELETE') return compile(`DELETE FROM ${table}`);
  const columns = await all<{ name: string }>(
    ctx.connection,
    'SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0',
    [object.table],
  );
  const names = columns.map(({ name }) => name.toLowerCase());
  // SQLite accepts UPDATE OF a missing column, and the trigger then never fires.
  const missing = of.find((column) => !names.includes(column.toLowerCase()));
  if (missing !== undefined) return `no such column: ${missing}`;
  const update = of.length > 0 ? of : columns.map(({ name }) => name);
  return compile(`UPDATE ${table} SET ${update.map((name) => `${quoteIdentifier(name)} = NULL`).join(', ')}`);
}

/** The event of a trigger: CREATE TRIGGER name [BEFORE | AFTER | INSTEAD OF] INSERT | DELETE | UPDATE [OF a, b] ON … */
function eventOf(sql: string): { event: string; of: string[] } {
  const tokens = significantTokens(sql, 'sqlite').slice(3);
  const at = tokens.findIndex(({ key }) => ['INSERT', 'DELETE', 'UPDATE'].includes(key));
  const of: string[] = [];
  if (tokens[at + 1]?.key === 'OF') {
    for (const token of tokens.slice(at + 2)) {
      if (token.key === 'ON') break;
      if (token.kind !== 'symbol') of.push(token.text);
    }
  }
  return { event: tokens[at]?.key ?? 'UPDATE', of };
}
