/**
 * Scratch databases as the runner uses them: what a migration sends there is judged before it is sent. What acts beyond
 * the database is let through only to a private server, and what acts outside of any server never.
 */
import { ProblemError } from '../core/model/problem.ts';
import type { Beyond, Judge } from '../core/safety/beyond/judge.ts';
import type {
  Database,
  MigrationOutcome,
  MigrationWork,
  Scratch,
  ScratchOptions,
  ScratchPlace,
  ScratchSource,
} from '../database/port.ts';
import { few } from '../engine/run-text.ts';

export interface GuardedScratch extends Scratch {
  /** What was let through and no restore of the database undoes: `CREATE ROLE x (0001_roles)`. */
  beyond: string[];
}

/** Throws ProblemError RehearsalImpossible or BackupInvalid. */
export async function openScratch(
  database: Database,
  source: ScratchSource,
  options: ScratchOptions,
): Promise<GuardedScratch> {
  const scratch = await database.createScratch(source, options);
  if (database.dialect === 'sqlite') return { ...scratch, beyond: [] };
  try {
    const { loadJudge } = await import('../migrations/statements/parser.ts');
    const beyond: string[] = [];
    return { ...scratch, database: guard(scratch.database, scratch.place, await loadJudge(), beyond), beyond };
  } catch (error) {
    await scratch.drop();
    throw error;
  }
}

function guard(database: Database, place: ScratchPlace, judge: Judge, beyond: string[]): Database {
  const migrate = async (work: MigrationWork): Promise<MigrationOutcome> => {
    let current = '';
    /** Kept, since code may catch what is thrown at it. */
    let refused: ProblemError | undefined;
    const outcome = await database.migrate({
      ...work,
      onAttempt(migration) {
        current = migration.revision;
        work.onAttempt?.(migration);
      },
      onStatement(sql) {
        work.onStatement?.(sql);
        for (const one of judge(sql)) {
          if (place.kind !== 'Private' || one.reach === 'outside') {
            refused ??= notRehearsable(one, sql, place, current);
            throw refused;
          }
          const said = `${one.what} (${current})`;
          if (!beyond.includes(said)) beyond.push(said);
        }
      },
    });
    if (refused === undefined || outcome.kind === 'stopped') return outcome;
    const { done } = outcome;
    const place_ = outcome.kind === 'failed' ? outcome.problem : {};
    return {
      kind: 'failed',
      done: done.filter(({ revision }) => revision !== refused?.problem.migration),
      problem: { ...place_, ...refused.problem },
      retry: 'never',
      touched: false,
    };
  };
  return Object.defineProperty(Object.create(database) as Database, 'migrate', { value: migrate });
}

const STATEMENT_LENGTH = 400;

function notRehearsable({ what, reach }: Beyond, sql: string, place: ScratchPlace, migration: string): ProblemError {
  return new ProblemError({
    reason: 'NotRehearsable',
    message: `${what} acts beyond the database, and no restore undoes it. It was not sent. ${adviceFor(reach, place)}`,
    migration,
    statement: sql.trim().slice(0, STATEMENT_LENGTH),
  });
}

function adviceFor(reach: Beyond['reach'], { kind, why }: ScratchPlace): string {
  const without = 'take the statement out and run it by hand, or set safety.rehearsal: Disabled.';
  if (reach === 'outside') return `No copy stands in for files, programs and other servers: ${without}`;
  const where = kind === 'SameServer' ? "the target's own server" : 'a server that others use';
  const reason = why === undefined ? '' : `, because ${why}`;
  return `The copy is on ${where}${reason}. Set safety.rehearsalServer: Private to rehearse it, or ${without}`;
}

/** What a message says of the place of a copy: nothing where it is the one that is preferred. */
export function describePlace({ place, notes, beyond }: GuardedScratch): string {
  const parts = [
    ...(place.kind === 'Private' ? ['on a private server'] : []),
    ...(place.kind === 'SameServer' ? ["on the target's server"] : []),
    ...(place.kind === 'OtherServer' ? ['on the server of safety.rehearsalServer'] : []),
    ...(place.why === undefined ? [] : [place.why]),
    ...notes,
    ...(beyond.length === 0 ? [] : [`not undone by a restore: ${few(beyond)}`]),
  ];
  return parts.join('; ');
}

/** How far production is known to be as it was. */
export function untouched({ place }: Pick<Scratch, 'place'>): string {
  return place.kind === 'SameServer' ? 'the target database was not touched' : 'production was not touched';
}
