import { setFlagsFromString } from 'node:v8';
import type { Dialect } from '../../core/model/dialect.ts';
import type { SchemaAction } from '../../core/safety/action.ts';
import type { Judge, Parsing } from '../../core/safety/beyond/judge.ts';
import { withoutPlaceholders } from './placeholders.ts';

/** What a statement does, or why it cannot be read and where in its text. */
type Parsed = { actions: SchemaAction[] } | { message: string; offset: number };

/** Reads one statement. Never throws. */
export type Parser = (sql: string) => Parsed;

/** The parser of a dialect. The PostgreSQL parser is WebAssembly; it is loaded only when requested. */
export function loadParser(dialect: Dialect): Promise<Parser> {
  return LOADERS[dialect]();
}

/** PostgreSQL's own parser. */
export async function loadParsing(): Promise<Parsing> {
  const { parseSync, parsePlPgSQLSync } = await loadLibrary();
  const statements = (sql: string): unknown[] => (parseSync(sql).stmts ?? []).map(({ stmt }) => stmt);
  return {
    plpgsql: parsePlPgSQLSync,
    statements(sql) {
      try {
        return statements(sql);
      } catch {
        return statements(withoutPlaceholders(sql, 'postgres'));
      }
    },
  };
}

/** Finds effects of PostgreSQL statements beyond their database; one for each sequence of statements. */
export async function loadJudge(): Promise<Judge> {
  const { beyondJudge } = await import('../../core/safety/beyond/judge.ts');
  return beyondJudge(await loadParsing());
}

const LOADERS = { postgres: postgresParser, sqlite: sqliteParser } satisfies Record<Dialect, () => Promise<Parser>>;

/**
 * V8 recompiles hot WebAssembly on background threads with its optimising compiler, which takes more than 500 MiB for
 * this parser and makes it no faster at the number of statements that a plan has. Both must be set before it is loaded.
 */
const WITHOUT_WASM_TIER_UP = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/** The only place that loads it, because a place that forgets the flags costs a run 500 MiB. */
async function loadLibrary(): Promise<typeof import('libpg-query')> {
  for (const flag of WITHOUT_WASM_TIER_UP) setFlagsFromString(flag);
  const library = await import('libpg-query');
  await library.loadModule();
  return library;
}

async function postgresParser(): Promise<Parser> {
  const [{ parseSync, hasSqlDetails }, { postgresActions }, { longNames }] = await Promise.all([
    loadLibrary(),
    import('../../core/safety/actions/postgres.ts'),
    import('../../core/safety/actions/long-names.ts'),
  ]);
  const judge = await loadJudge();
  return (sql) => {
    try {
      const { stmts = [] } = parseSync(sql);
      const actions = stmts.flatMap(({ stmt }) => postgresActions(stmt));
      const beyond = judge(sql).map((one) => ({ kind: 'beyond' as const, ...one }));
      return { actions: [...actions, ...beyond, ...longNames(sql)] };
    } catch (error) {
      if (hasSqlDetails(error)) {
        return { message: error.message, offset: Math.max(0, error.sqlDetails?.cursorPosition ?? 0) };
      }
      return { message: error instanceof Error ? error.message : String(error), offset: 0 };
    }
  };
}

async function sqliteParser(): Promise<Parser> {
  const { sqliteActions } = await import('../../core/safety/actions/sqlite.ts');
  return (sql) => {
    const actions = sqliteActions(sql);
    return actions === undefined ? { message: 'not a statement that SQLite has', offset: 0 } : { actions };
  };
}
