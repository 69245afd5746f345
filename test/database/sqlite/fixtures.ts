import { join } from 'node:path';
import type { QueryInterface } from 'sequelize';
import type { LoadedMigration, MigrationBody } from '../../../src/core/model/migration.ts';
import type { Revision } from '../../../src/core/model/revision.ts';
import { openDatabase } from '../../../src/database/open.ts';
import type { MigrationOutcome, MigrationWork } from '../../../src/database/port.ts';
import { all, closeFile, exec, openFile } from '../../../src/database/sqlite/driver.ts';
import { temporaryFolder } from '../../support/databases.ts';

export const TIMEOUTS = { connect: 1_000, lock: 1_000, statement: 0, run: 0 };

/** A new file with this schema. */
export async function databaseWith(schema: string): Promise<string> {
  const file = join(await temporaryFolder('sqlite'), 'test.db');
  const connection = await openFile(file, { create: true });
  await exec(connection, schema);
  await closeFile(connection);
  return file;
}

export async function rowsOf<Row>(file: string, sql: string): Promise<Row[]> {
  const connection = await openFile(file);
  try {
    await exec(connection, 'PRAGMA foreign_keys = ON');
    return await all<Row>(connection, sql);
  } finally {
    await closeFile(connection);
  }
}

/** The text that SQLite keeps of an object. */
export async function textOf(file: string, name: string): Promise<string | undefined> {
  const [row] = await rowsOf<{ sql: string }>(file, `SELECT sql FROM sqlite_schema WHERE name = '${name}'`);
  return row?.sql;
}

export type Step = string[] | ((queryInterface: QueryInterface) => Promise<unknown>);

function bodyOf(step: Step): MigrationBody {
  return typeof step === 'function'
    ? { kind: 'code', call: async (queryInterface) => void (await step(queryInterface as QueryInterface)) }
    : { kind: 'sql', statements: step.map((sql, n) => ({ sql, file: 'm.sql', line: 10 * n + 1, column: 1 })) };
}

/** Applies steps as migrations `0_step`, `1_step`, … */
export async function apply(
  file: string,
  steps: Step[],
  options: { transaction?: boolean } & Partial<MigrationWork> = {},
): Promise<{ outcome: MigrationOutcome; history: string[] }> {
  const { transaction = true, ...work } = options;
  const migrations = steps.map(
    (step, n): LoadedMigration => ({
      revision: `${n}_step` as Revision,
      files: ['m.sql'],
      checksum: 'sha256:0',
      format: 'sql',
      description: '',
      transactional: { up: transaction, down: transaction },
      up: bodyOf(step),
    }),
  );
  const database = await openDatabase(
    { dialect: 'sqlite', path: file },
    { timeouts: TIMEOUTS, applicationName: 'test' },
  );
  try {
    await database.history.ensure();
    const outcome = await database.migrate({
      direction: 'up',
      migrations,
      runId: 'r',
      toolVersion: '0',
      timeouts: TIMEOUTS,
      ...work,
    });
    const rows = await database.history.read();
    return { outcome, history: rows.map(({ revision, state }) => `${revision} ${state}`) };
  } finally {
    await database.close();
  }
}

/** The sentence of a failure; throws where there is none. */
export function failureOf(outcome: MigrationOutcome): string {
  if (outcome.kind !== 'failed') throw new Error(`expected a failure, but: ${outcome.kind}`);
  return outcome.problem.message;
}
