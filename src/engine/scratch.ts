/**
 * Scratch databases for the engine: each statement that a migration sends there is checked before it is sent.
 * Statements with effects beyond the database are sent only to a private server. Statements with effects outside of any
 * server are never sent.
 */
import { textStart } from '../core/model/clip.ts';
import { ProblemError } from '../core/model/problem.ts';
import type { Beyond, Judge } from '../core/safety/beyond/judge.ts';
import { learnStored } from '../core/safety/beyond/stored.ts';
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
  /** Statements that were sent and that no restore of the database undoes: `CREATE ROLE x (0001_roles)`. */
  beyond: string[];
}

/** Throws ProblemError RehearsalImpossible or BackupInvalid. */
export async function openScratch(
  database: Database,
  source: ScratchSource,
  options: ScratchOptions,
): Promise<GuardedScratch> {
  const scratch = await database.createScratch(source, options);
  if (!database.can.serverObjects) return { ...scratch, beyond: [] };
  try {
    const { loadJudge } = await import('../migrations/statements/parser.ts');
    const beyond: string[] = [];
    const judge = await loadJudge();
    learnStored(judge, await scratch.database.storedCode());
    return { ...scratch, database: guard(scratch.database, scratch.place, judge, beyond), beyond };
  } catch (error) {
    await scratch.drop().catch(() => {});
    throw error;
  }
}

function guard(database: Database, place: ScratchPlace, judge: Judge, beyond: string[]): Database {
  const migrate = async (work: MigrationWork): Promise<MigrationOutcome> => {
    let current = '';
    /** Kept, because the code of the migration may catch the error. */
    let refused: ProblemError | undefined;
    const outcome = await database.migrate({
      ...work,
      onShared(catalogues) {
        if (place.kind !== 'Private') throw sharedChange(catalogues, place, current);
        if (beyond.some((effect) => effect.endsWith(`(${current})`))) return;
        beyond.push(`a change of ${catalogues.join(', ')} (${current})`);
      },
      onAttempt(migration) {
        current = migration.revision;
        work.onAttempt?.(migration);
      },
      onStatement(sql) {
        work.onStatement?.(sql);
        for (const one of judge(sql)) {
          const refusal = refusalOf(one, sql, place, current);
          if (refusal !== undefined) {
            refused ??= refusal;
            throw refused;
          }
          const effect = `${one.what} (${current})`;
          if (!beyond.includes(effect)) beyond.push(effect);
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

/** Why a statement with this effect must not be sent to a copy at this place; undefined if it may. */
export function refusalOf(
  { what, reach }: Beyond,
  sql: string,
  place: ScratchPlace,
  migration?: string,
): ProblemError | undefined {
  if (place.kind === 'Private' && reach !== 'outside') return undefined;
  return new ProblemError({
    reason: 'NotRehearsable',
    message: `${what} has effects outside the database, which a restore cannot undo. It was not sent. ${adviceFor(reach, place)}`,
    migration,
    statement: textStart(sql.trim(), STATEMENT_LENGTH),
  });
}

/** A function or a statement that was built at run time did this: nothing could be read before. */
function sharedChange(catalogues: readonly string[], place: ScratchPlace, migration: string): ProblemError {
  return new ProblemError({
    reason: 'NotRehearsable',
    message: `The migration changed ${catalogues.join(', ')}, which all databases of the server share. Its transaction was rolled back. ${adviceFor('server', place)}`,
    migration,
  });
}

function adviceFor(reach: Beyond['reach'], { kind, why }: ScratchPlace): string {
  const without = 'remove the statement and run it manually, or set safety.rehearsal: Disabled.';
  if (reach === 'outside') return `Files, programs and other servers cannot be rehearsed on a copy: ${without}`;
  const where = kind === 'SameServer' ? "the target's own server" : 'a shared server';
  const reason = why === undefined ? '' : `, because ${why}`;
  return `The copy is on ${where}${reason}. Set safety.rehearsalServer: Private to rehearse it, or ${without}`;
}

/** The place of a copy for messages; empty for the preferred place. */
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

/** What is certain about the state of production. */
export function untouched({ place }: Pick<Scratch, 'place'>): string {
  return place.kind === 'SameServer' ? 'the target database was not changed' : 'production was not changed';
}

/** What to do where the server of the copy does not have the files of an extension; undefined for another error. */
export function missingExtension(message: string, { place }: Pick<Scratch, 'place'>): string | undefined {
  if (!/extension "[^"]*" is not available|extension control file/.test(message)) return undefined;
  if (place.kind === 'SameServer') return 'Install the files of the extension on the server of the database.';
  const where = place.kind === 'Private' ? 'on the machine of this run' : 'on the server of safety.rehearsalServer';
  return `Install the files of the extension ${where}, or rehearse on the server of the database, if it has them: safety.rehearsalServer: SameServer`;
}
