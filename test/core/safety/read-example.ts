import type { Dialect } from '../../../src/core/model/dialect.ts';
import type { ReadMigration } from '../../../src/core/safety/action.ts';
import { readIgnores } from '../../../src/core/safety/ignore.ts';
import type { Example, Rule, Server } from '../../../src/core/safety/rule.ts';
import type { Parser } from '../../../src/migrations/statements/parser.ts';
import { splitSql } from '../../../src/sql/split.ts';

/** A rule's example as a migration, on the server that it names. */
export interface ReadExample {
  server: Server;
  given: ReadMigration[];
  migration: ReadMigration;
}

/** The newest servers that there are: an example that names no version is of those. */
const NEWEST = { postgres: 180000, sqlite: 3053000 } as const satisfies Record<Dialect, number>;

export function dialectOf({ dialects }: Rule, { dialect }: Example): Dialect {
  const first = dialect ?? dialects[0];
  if (first === undefined) throw new Error('a rule without a dialect');
  return first;
}

export function readExample(rule: Rule, example: Example, parse: Parser): ReadExample {
  const dialect = dialectOf(rule, example);
  const version = example.version ?? (rule.until === undefined ? NEWEST[dialect] : rule.until - 1);
  return {
    server: { dialect, version },
    given: example.given === undefined ? [] : [readMigration({ sql: example.given }, dialect, parse)],
    migration: readMigration(example, dialect, parse),
  };
}

export function readMigration(
  { sql, down, transaction, opaque, code, imports }: Example,
  dialect: Dialect,
  parse: Parser,
): ReadMigration {
  return {
    revision: '20240601120000_example',
    file: `20240601120000_example.${code === true ? 'ts' : 'sql'}`,
    direction: 'up',
    statements: splitSql(sql, dialect, { file: 'example.sql', line: 1 }).map((statement) => {
      const parsed = parse(statement.sql);
      const ignore = readIgnores(statement.sql);
      return 'actions' in parsed
        ? { sql: statement.sql, position: statement, actions: parsed.actions, ignore }
        : { sql: statement.sql, position: statement, actions: undefined, unread: parsed.message, ignore };
    }),
    transactional: transaction !== false,
    reversible: down !== null,
    opaque: opaque === true,
    imports,
  };
}
