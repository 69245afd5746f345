/** SQL migrations that are sent in one message, for a database to which each round trip matters. Each has its own commit. */
import type { LoadedMigration, SqlStatement } from '../core/model/migration.ts';
import type { MigrationGroup, Reports } from './batched.ts';
import { MigrationStopped, rowOf } from './one-migration.ts';
import type { MigrationWork } from './port.ts';
import type { MigrationSession, WholeMigration, WholeOutcome } from './session.ts';
import { type FailedAttempt, maySendAtOnce, recordedAsWished, runInTransaction } from './transactional.ts';

/** In one message. The first has one migration; each that succeeds doubles the next, and any other halves it. */
const MOST = { migrations: 16, characters: 64 * 1024 };

interface Member {
  migration: LoadedMigration;
  whole: WholeMigration;
  characters: number;
}

interface SentMessage {
  members: readonly Member[];
  done: number;
  statement: SqlStatement | undefined;
  outcome: WholeOutcome;
}

/**
 * While the server works on one message, the next one is put together here, but it is sent only when all of the one before
 * is known to be committed. So a failure, a lost connection and a request to stop concern one message only.
 */
export function sentTogether(work: MigrationWork, session: MigrationSession, reports: Reports): MigrationGroup {
  const { direction } = work;
  let waiting: Member[] = [];
  let sent: Promise<SentMessage> | undefined;
  let most = 1;
  /** What a listener has thrown while the answers arrived. */
  let thrown: { error: unknown } | undefined;

  const report = (call: () => void) => {
    try {
      call();
    } catch (error) {
      thrown ??= { error };
    }
  };
  const takeNext = () => {
    let characters = 0;
    const many = waiting.findIndex((member, index) => {
      characters += member.characters;
      return index >= most || (index > 0 && characters > MOST.characters);
    });
    return waiting.splice(0, many < 0 ? waiting.length : many);
  };
  const sendMessage = async (members: readonly Member[]): Promise<SentMessage> => {
    const state: SentMessage = { members, done: 0, statement: undefined, outcome: { kind: 'all' } };
    let began = performance.now();
    const one = (index: number) => members[index]?.migration as LoadedMigration;
    state.outcome = await (session.atOnce as Required<MigrationSession>['atOnce'])
      .run(
        members.map(({ whole }) => whole),
        {
          onBegin(index) {
            began = performance.now();
            report(() => reports.onStart(one(index)));
            report(() => work.onAttempt?.(one(index)));
          },
          onStatement(_, statement) {
            state.statement = statement;
          },
          onDone(index) {
            state.done += 1;
            const seconds = (performance.now() - began) / 1_000;
            report(() => reports.onDone({ revision: one(index).revision, seconds }));
          },
        },
      )
      .catch((error: unknown) => ({ kind: 'failed' as const, error }));
    return state;
  };
  const send = () => {
    if (waiting.length === 0) return;
    if (work.signal?.aborted) {
      waiting = [];
      throw new MigrationStopped();
    }
    sent = sendMessage(takeNext());
  };
  /** One that ran alone, or again; then those after it. */
  const alone = async ([first, ...rest]: readonly Member[], failed?: FailedAttempt) => {
    waiting.unshift(...rest);
    if (first !== undefined) reports.onDone(await runInTransaction(first.migration, work, session, failed));
  };
  const recover = async ({ statement }: SentMessage, error: unknown, left: readonly Member[]) => {
    const { last } = session.lastStatement();
    await session.rollback();
    if (!session.commitOutcomeUnknown(error)) return alone(left, { error, statement, last });
    // The server may have run all of the message whose answers were lost.
    let rest = left;
    let recorded: boolean | undefined;
    for (const { migration } of left) {
      recorded = await recordedAsWished(migration, work, session);
      if (recorded !== true) break;
      rest = rest.slice(1);
      reports.onDone({ revision: migration.revision, seconds: 0 });
    }
    if (recorded === undefined) await alone(rest, { error: unknown(error, rest), statement, last });
    else if (rest.length === left.length) await alone(rest, { error, statement, last });
    else waiting.unshift(...rest);
  };
  /** Waits for the message that was sent. */
  const settle = async () => {
    if (sent === undefined) return;
    const answered = await sent;
    sent = undefined;
    const { outcome, members, done } = answered;
    const rest = members.slice(done);
    most = outcome.kind === 'all' ? Math.min(most * 2, MOST.migrations) : Math.ceil(most / 2);
    if (outcome.kind === 'paused') waiting.unshift(...rest);
    else if (outcome.kind === 'unsuitable') await alone(rest);
    else if (outcome.kind === 'failed') await recover(answered, outcome.error, rest);
    if (thrown !== undefined) throw thrown.error;
  };

  return {
    accepts(migration) {
      const body = direction === 'up' ? migration.up : migration.down;
      return (
        migration.transactional[direction] && body?.kind === 'sql' && maySendAtOnce(body.statements, work, session)
      );
    },
    async run(migration) {
      const body = direction === 'up' ? migration.up : migration.down;
      const statements = body?.kind === 'sql' ? body.statements : [];
      const history =
        direction === 'up'
          ? { put: rowOf(migration, work, 'applied', performance.now()) }
          : { remove: migration.revision };
      const characters = statements.reduce((sum, { sql }) => sum + sql.length, 0);
      waiting.push({ migration, whole: { statements, history }, characters });
      if (waiting.length < most) return;
      await settle();
      if (waiting.length >= most) send();
    },
    async finish() {
      while (sent !== undefined || waiting.length > 0) {
        await settle();
        send();
      }
    },
    async stop() {
      waiting = [];
      await settle();
      waiting = [];
    },
  };
}

/** The same error, with what it leaves open. */
function unknown(error: unknown, { length }: readonly unknown[]): unknown {
  if (length < 2 || !(error instanceof Error)) return error;
  const text = `${error.message}. The history could not be read afterwards, so it is unknown whether this migration and up to ${length - 1} after it were applied; the next run reads it.`;
  return new Error(text, { cause: error });
}
