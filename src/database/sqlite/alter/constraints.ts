import { succeeds } from '../../../core/model/succeeds.ts';
import { type Clause, type ParsedTable, parseTable } from '../../../sql/sqlite/create-table.ts';
import { quoteIdentifier } from '../driver.ts';
import { codeOf } from '../errors.ts';
import { rebuild } from './rebuild.ts';
import { sameMeaning, warnSame } from './same.ts';
import { hasComments, insertItem, isItem, lastItem, removeItems, removePart, type Splice } from './text.ts';
import { type AlterContext, altersConstraints, execute, findTable, refuse, same } from './workbench.ts';

/** `queryInterface.addConstraint`: the clause that Sequelize writes, added to the table. */
export async function addConstraint(ctx: AlterContext, table: string, options: object): Promise<void> {
  if (!('type' in options)) throw refuse('addConstraint needs a type: check, unique, primary key or foreign key.');
  if (!('fields' in options)) throw refuse('addConstraint needs fields: the names of the columns.');
  const generator = ctx.queryInterface.queryGenerator as {
    getConstraintSnippet(table: string, options: object): string;
  };
  const text = generator.getConstraintSnippet(table, options);
  const [clause] = parseTable(`CREATE TABLE x (y, ${text})`).constraints;
  if (clause === undefined) throw refuse(`The constraint for ${table} cannot be read: ${text}`);
  const found = await findTable(ctx, table);
  const parsed = parseTable(found.sql);
  const known = clausesOf(parsed).find(({ name }) => name !== undefined && same(name, clause.name ?? ''));
  if (known !== undefined) {
    if (sameMeaning(known.text, clause.text)) return warnSame(`constraint ${known.name}`, table, 'addConstraint');
    throw refuse(
      `The table ${table} already has a different constraint ${clause.name}: ${known.text}. Remove it first, or use another name for the new one.`,
    );
  }
  if (clause.kind === 'check' && (await altersConstraints(ctx))) {
    await nativeCheck(ctx, found.name, clause);
    return;
  }
  await rebuild(ctx, table, (sql) => insertItem(sql, lastItem(sql), clause.text));
}

/** SQLite checks whether every row fits, but only reports `constraint failed`. */
async function nativeCheck(ctx: AlterContext, table: string, { text, expression = '' }: Clause): Promise<void> {
  await execute(ctx, `ALTER TABLE ${quoteIdentifier(table)} ADD ${text}`).catch((error: Error) => {
    if (codeOf(error) !== 'SQLITE_CONSTRAINT') throw error;
    throw refuse(
      `Some rows of ${table} do not satisfy ${expression}. Find them with: SELECT * FROM ${quoteIdentifier(table)} WHERE NOT (${expression})`,
    );
  });
}

/** `queryInterface.removeConstraint`: of the table or of one of its columns, by name. */
export async function removeConstraint(ctx: AlterContext, table: string, name: string): Promise<void> {
  const found = await findTable(ctx, table);
  const parsed = parseTable(found.sql);
  const clause = clausesOf(parsed).find((known) => known.name !== undefined && same(known.name, name));
  if (clause === undefined) {
    const names = clausesOf(parsed).flatMap(({ name }) => name ?? []);
    throw refuse(
      `The table ${table} has no constraint ${name}. Its named constraints: ${names.length === 0 ? 'none' : names.join(', ')}.`,
    );
  }
  if (clause.kind === 'check' && (await droppedNatively(ctx, found, name))) return;
  await rebuild(ctx, table, (sql, current) =>
    withoutClauses(sql, current, (one) => one.name !== undefined && same(one.name, name)),
  );
}

/**
 * SQLite's own DROP CONSTRAINT removes nearby comments too, and in 3.52 does not find a name that is written with quotes;
 * in these cases the table is rebuilt.
 */
async function droppedNatively(
  ctx: AlterContext,
  table: { name: string; sql: string },
  name: string,
): Promise<boolean> {
  if (hasComments(table.sql) || !/^[a-z_]\w*$/i.test(name) || !(await altersConstraints(ctx))) return false;
  return succeeds(execute(ctx, `ALTER TABLE ${quoteIdentifier(table.name)} DROP CONSTRAINT ${name}`));
}

/** Removes constraints from the text, of the table and of its columns. */
export function withoutClauses(sql: string, parsed: ParsedTable, gone: (clause: Clause) => boolean): Splice[] {
  const constraints = parsed.constraints.filter(gone);
  const items = constraints.filter((clause) => isItem(sql, clause));
  const parts = [
    ...constraints.filter((clause) => !items.includes(clause)),
    ...parsed.columns.flatMap(({ clauses }) => clauses.filter(gone)),
  ];
  return [...removeItems(sql, items), ...parts.map((part) => removePart(sql, part))];
}

function clausesOf(parsed: ParsedTable): Clause[] {
  return [...parsed.constraints, ...parsed.columns.flatMap((column) => column.clauses)];
}
