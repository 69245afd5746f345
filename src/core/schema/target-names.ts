import type { Dialect } from '../model/dialect.ts';
import type { Table } from '../model/snapshot.ts';

/** PostgreSQL's limit for names, in bytes. */
const LONGEST = 63;

/**
 * On PostgreSQL a constraint without a name gets the one that the server would generate (`orders_code_key`), so that
 * the down migration can name it. SQLite stores none, and its constraints are changed with their table.
 */
export function nameConstraints(dialect: Dialect, tables: readonly Table[]): Table[] {
  return NAMED[dialect](tables);
}

const NAMED: Record<Dialect, (tables: readonly Table[]) => Table[]> = {
  postgres: (tables) => tables.map(withNames),
  sqlite: (tables) => [...tables],
};

function withNames(table: Table): Table {
  const taken = new Set<string>();
  const all = [...table.uniques, ...table.foreignKeys, ...table.checks, ...table.exclusions, ...table.indexes];
  for (const { name } of [...all, ...(table.primaryKey ? [table.primaryKey] : [])]) if (name) taken.add(name);
  const free = (columns: readonly string[], suffix: string): string => {
    for (let number = 0; ; number += 1) {
      const name = fitted([table.name, ...columns], `${suffix}${number === 0 ? '' : number}`);
      if (taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
  const { primaryKey } = table;
  return {
    ...table,
    ...(primaryKey === undefined ? {} : { primaryKey: { ...primaryKey, name: primaryKey.name ?? free([], 'pkey') } }),
    uniques: table.uniques.map((key) => ({ ...key, name: key.name ?? free(key.columns, 'key') })),
    foreignKeys: table.foreignKeys.map((key) => ({ ...key, name: key.name ?? free(key.columns, 'fkey') })),
    checks: table.checks.map((check) => ({ ...check, name: check.name ?? free([], 'check') })),
  };
}

function fitted(parts: readonly string[], suffix: string): string {
  const limit = LONGEST - suffix.length - 1;
  let body = parts.join('_');
  while (Buffer.byteLength(body) > limit) body = body.slice(0, -1);
  return `${body}_${suffix}`;
}
