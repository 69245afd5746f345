import type { QueryInterface } from 'sequelize';
import type { LoadedMigration, MigrationBody } from '../../src/core/model/migration.ts';
import type { Revision } from '../../src/core/model/revision.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Database, MigrationOutcome, MigrationWork } from '../../src/database/port.ts';
import { query, targetOf } from '../engine/request.ts';

export const TIMEOUTS = { connect: 5_000, lock: 400, statement: 0, run: 0 };

/** A body of SQL; each statement is two lines below the previous one. */
export function sql(...statements: string[]): MigrationBody {
  return {
    kind: 'sql',
    statements: statements.map((text, index) => ({ sql: text, file: 'm.sql', line: index * 2 + 1, column: 1 })),
  };
}

export function code(call: (queryInterface: QueryInterface) => Promise<unknown>): MigrationBody {
  return { kind: 'code', call: async (queryInterface) => void (await call(queryInterface as QueryInterface)) };
}

let count = 0;

export function migration(
  up: MigrationBody,
  options: { transaction?: boolean; down?: MigrationBody; name?: string } = {},
): LoadedMigration {
  count += 1;
  const transactional = options.transaction ?? true;
  return {
    revision: (options.name ?? `${count}_m`) as Revision,
    files: ['m.sql'],
    checksum: `sha256:${count}`,
    format: 'sql',
    description: '',
    transactional: { up: transactional, down: transactional },
    up,
    ...(options.down === undefined ? {} : { down: options.down }),
  };
}

/** A database with a history table; the caller closes it. */
export async function openReady(url: string): Promise<Database> {
  const database = await openDatabase(targetOf(url), { timeouts: TIMEOUTS, applicationName: 'test', create: true });
  await database.history.ensure();
  return database;
}

export function migrate(
  database: Database,
  migrations: LoadedMigration[],
  more: Partial<MigrationWork> = {},
): Promise<MigrationOutcome> {
  return database.migrate({ direction: 'up', migrations, runId: 'r', toolVersion: '0', timeouts: TIMEOUTS, ...more });
}

/** The rows of `t`. */
export async function numbers(database: Database): Promise<number[]> {
  return (await query<{ n: number }>(database, 'SELECT n FROM t ORDER BY n')).map(({ n }) => Number(n));
}

export async function states(database: Database): Promise<string[]> {
  return (await database.history.read()).map(({ revision, state }) => `${revision} ${state}`);
}

/** The sentence of a failure; throws where there is none. */
export function failureOf(outcome: MigrationOutcome): string {
  if (outcome.kind !== 'failed') throw new Error(`expected a failure, but: ${outcome.kind}`);
  return outcome.problem.message;
}

/** Throws with the sentence of a failure where there is one. */
export function assertDone(outcome: MigrationOutcome): void {
  if (outcome.kind !== 'done')
    throw new Error(outcome.kind === 'failed' ? JSON.stringify(outcome.problem) : outcome.kind);
}
