import type { Dialect } from '../../core/model/dialect.ts';
import type { LoadedMigration, MigrationFile } from '../../core/model/migration.ts';
import { type Problem, ProblemError } from '../../core/model/problem.ts';
import type { Revision } from '../../core/model/revision.ts';
import { listNames } from '../../core/planning/names.ts';
import { type Incompatibility, incompatibilities } from '../../core/safety/compatibility.ts';
import { piecesOf } from '../../sql/pieces.ts';
import { mainFile } from '../formats/format.ts';
import { loadMigration } from '../load.ts';
import { suffixOf } from '../names.ts';
import { readStatements } from '../statements/read.ts';
import type { StoredMigrations } from './files.ts';

/**
 * Why older code may not be able to run with these applied migrations; undefined if it is. Only text is read: no stored
 * code is imported or run. Problems: MissingMigration and StoredSourceInvalid if a text cannot be used,
 * IncompatibleMigration with the statement.
 */
export async function judgeStored(
  ahead: readonly Revision[],
  stored: StoredMigrations,
  dialect: Dialect,
): Promise<Problem | undefined> {
  const unusable = ahead.flatMap((revision) => stored.problems.get(revision) ?? []);
  const [first] = unusable;
  if (first !== undefined) return cannotJudge(first, ahead);
  const wanted = stored.files.filter(({ revision }) => ahead.includes(revision));
  const found = await findIncompatibilities(wanted, dialect);
  return found.length === 0 ? undefined : incompatible(found);
}

async function findIncompatibilities(files: readonly MigrationFile[], dialect: Dialect): Promise<Incompatibility[]> {
  const migrations: LoadedMigration[] = [];
  const recorded = new Map<string, { statements: { sql: string }[]; complete: boolean }>();
  for (const file of files) {
    if (suffixOf(mainFile(file)) === '.sql') {
      migrations.push(await loadMigration('.', file, dialect));
      continue;
    }
    migrations.push(asCode(file));
    const { statements = [], complete = false } = file.stored?.sent ?? {};
    // Code may send several statements in one text; each is judged.
    const pieces = statements.flatMap((sql) => piecesOf(sql, dialect)).map((sql) => ({ sql }));
    recorded.set(file.revision, { statements: pieces, complete });
  }
  return incompatibilities(await readStatements('.', migrations, { dialect, direction: 'up', recorded }));
}

/** A code migration of which only the statements are known. */
function asCode(file: MigrationFile): LoadedMigration {
  const up = { kind: 'code' as const, call: () => Promise.reject(new Error('stored code is not run to be judged')) };
  return { ...file, format: 'umzug', description: '', up, transactional: { up: true, down: true } };
}

function cannotJudge(problem: Problem, ahead: readonly Revision[]): Problem {
  return {
    ...problem,
    message: `${listNames(ahead)} ${ahead.length === 1 ? 'is' : 'are'} applied, but not in the migrations folder, and whether older code can run with ${ahead.length === 1 ? 'it' : 'them'} is unknown. Deploy the version that contains the files. ${problem.message}`,
  };
}

/** As many as fit into a message. */
const SHOWN = 3;
const STATEMENT_LENGTH = 200;

function incompatible(found: readonly Incompatibility[]): Problem {
  const [first] = found;
  if (first === undefined) throw new Error('there is at least one');
  const shown = found.slice(0, SHOWN).map(({ migration, why, statement }) => {
    const text = statement === undefined ? '' : `: ${oneLine(statement)}`;
    return `${migration} ${why}${text}`;
  });
  const more = found.length > SHOWN ? `; and ${found.length - SHOWN} more` : '';
  return {
    reason: 'IncompatibleMigration',
    migration: first.migration,
    message: `The database is newer than the files of this version, and older code may not be able to run with it: ${shown.join('; ')}${more}. Deploy the version that contains the files, or revert them: unknownApplied: Downgrade (db-manager safe-migrate --unknown-applied downgrade).`,
    ...(first.statement === undefined ? {} : { statement: first.statement.slice(0, 1_000) }),
  };
}

function oneLine(sql: string): string {
  const text = sql.replace(/\s+/g, ' ');
  return text.length > STATEMENT_LENGTH ? `${text.slice(0, STATEMENT_LENGTH - 1)}…` : text;
}

/** For callers that throw. */
export async function requireCompatible(...args: Parameters<typeof judgeStored>): Promise<void> {
  const problem = await judgeStored(...args);
  if (problem !== undefined) throw new ProblemError(problem);
}
