import type { ParsedTable } from '../ddl/parse-table.ts';
import { parseTable } from '../ddl/parse-table.ts';
import { rebuild } from './rebuild.ts';
import { findTable, refuse, same, type Workbench } from './workbench.ts';

/** `queryInterface.addConstraint`: the clause that Sequelize writes, added to the table. */
export async function addConstraint(
  { queryInterface, ...bench }: Workbench,
  table: string,
  options: object,
): Promise<void> {
  const generator = queryInterface.queryGenerator as { getConstraintSnippet(table: string, options: object): string };
  const text = generator.getConstraintSnippet(table, options);
  const [clause] = parseTable(`CREATE TABLE x (y, ${text})`).constraints;
  if (clause === undefined) throw refuse(`The constraint for ${table} cannot be read: ${text}`);
  await rebuild({ queryInterface, ...bench }, table, (parsed) => {
    if (clause.name !== undefined && namesOf(parsed).some((name) => same(name, clause.name ?? ''))) {
      throw refuse(`The table ${table} already has a constraint ${clause.name}.`);
    }
    return { ...parsed, constraints: [...parsed.constraints, clause] };
  });
}

/** `queryInterface.removeConstraint`: of the table or of one of its columns, by name. */
export async function removeConstraint(bench: Workbench, table: string, name: string): Promise<void> {
  const names = namesOf(parseTable((await findTable(bench, table)).sql));
  if (!names.some((known) => same(known, name))) {
    throw refuse(
      `The table ${table} has no constraint ${name}; it has ${names.length === 0 ? 'none with a name' : names.join(', ')}.`,
    );
  }
  const stays = (clause: { name?: string }) => clause.name === undefined || !same(clause.name, name);
  await rebuild(bench, table, (parsed) => ({
    ...parsed,
    columns: parsed.columns.map((column) => ({ ...column, clauses: column.clauses.filter(stays) })),
    constraints: parsed.constraints.filter(stays),
  }));
}

function namesOf(parsed: ParsedTable): string[] {
  const clauses = [...parsed.constraints, ...parsed.columns.flatMap((column) => column.clauses)];
  return clauses.flatMap(({ name }) => (name === undefined ? [] : [name]));
}
