import assert from 'node:assert/strict';
import type { Direction } from '../../../src/core/model/migration.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { compareSnapshots, describeDifference } from '../../../src/core/schema/compare.ts';
import type { Rename } from '../../../src/core/schema/renames.ts';
import { type GeneratedMigrations, generateMigration } from '../../../src/migrations/generate/generate.ts';
import { loadMigrations } from '../../../src/migrations/load.ts';
import { readMigrations } from '../../../src/migrations/read.ts';
import { writeMigration } from '../../../src/migrations/scaffold.ts';
import { type Ground, openGround } from '../../database/snapshot-fixtures.ts';
import { type TestDialect, temporaryFolder } from '../../support/databases.ts';

export interface Scenario {
  /** What changes. */
  name: string;
  /** The schema before and after as an author would write it; a text for both databases, or one for each. */
  before: Text;
  after: Text;
  /** Statements after `before`: rows that have to be there still at the end, both ways. */
  rows?: Text;
  /** Table and column list whose rows must be the same after the up migration and after the down migration. */
  keeps?: string;
  renames?: Rename[];
  /** What the expected side has no words for, as models have none for views. */
  unsupportedKinds?: Snapshot['unsupportedKinds'];
  /** Generated texts have to contain this. */
  says?: RegExp;
  /** Why one database has no such case. */
  not?: Partial<Record<TestDialect, string>>;
  /** True where both schemas mean the same: nothing to do. */
  nothing?: boolean;
}

type Text = string | Record<TestDialect, string>;

export const textFor = (text: Text, dialect: TestDialect) => (typeof text === 'string' ? text : text[dialect]);
const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };
const FORMATS = ['sql', 'ts', 'js'] as const;

/** Two databases of a dialect that scenarios share: the one that is migrated, and the one that is as expected. */
export interface Stage {
  dialect: TestDialect;
  migrated: Ground;
  expected: Ground;
}

export async function openStage(dialect: TestDialect): Promise<Stage> {
  const schemas = dialect === 'postgres' ? ['public', 'trading'] : undefined;
  return { dialect, migrated: await openGround(dialect, schemas), expected: await openGround(dialect, schemas) };
}

/** Generate, apply, compare; generate again: nothing; revert, compare with the start. */
export async function play(stage: Stage, scenario: Scenario, number: number): Promise<void> {
  const { dialect, migrated, expected } = stage;
  const text = (one: Text) => textFor(one, dialect);
  for (const ground of [migrated, expected]) await empty(ground, dialect);
  await migrated.run(text(scenario.before));
  if (scenario.rows !== undefined) await migrated.run(text(scenario.rows));
  await expected.run(text(scenario.after));
  const start = await migrated.snapshot();
  const wanted = { ...(await expected.snapshot()), unsupportedKinds: scenario.unsupportedKinds };
  const rows = await rowsOf(stage, scenario);
  const format = FORMATS[number % FORMATS.length] ?? 'sql';
  const { renames } = scenario;
  const generated = generateMigration({ expected: wanted, found: start, format, renames });
  if (scenario.nothing === true) {
    assert.equal(generated.kind, 'nothing', JSON.stringify(generated));
    return;
  }
  assert.equal(generated.kind, 'migration', 'there is something to do');
  const story = JSON.stringify(generated, null, 1).replaceAll('\\n', '\n').replaceAll('\\"', '"');
  if (scenario.says !== undefined) assert.match(story, scenario.says);
  const folder = await write(generated, format);

  await migrate(stage, folder, 'up', story);
  const reached = await migrated.snapshot();
  assert.deepEqual(differences(wanted, reached), [], `after the way there:\n${story}`);
  assert.deepEqual(generateMigration({ expected: wanted, found: reached, format }), { kind: 'nothing' });
  assert.deepEqual(await rowsOf(stage, scenario), rows, `rows after the way there:\n${story}`);

  await migrate(stage, folder, 'down', story);
  const back = await migrated.snapshot();
  assert.deepEqual(
    compareSnapshots(start, back, { names: 'exact' }).map(describeDifference),
    [],
    `after the way back:\n${story}`,
  );
  assert.deepEqual(await rowsOf(stage, scenario), rows, `rows after the way back:\n${story}`);
}

const differences = (wanted: Snapshot, found: Snapshot) => compareSnapshots(wanted, found).map(describeDifference);

export async function write(generated: GeneratedMigrations, format: 'sql' | 'ts' | 'js'): Promise<string> {
  const folder = await temporaryFolder('generated');
  if (generated.kind === 'nothing') return folder;
  for (const [index, file] of generated.files.entries()) {
    const message = `change ${index} ${file.title ?? ''}`;
    const written = await writeMigration(folder, { ...file, message, format, now: new Date() });
    assert.ok(written.ok);
  }
  return folder;
}

export async function migrate(
  { dialect, migrated: { database } }: Pick<Stage, 'dialect' | 'migrated'>,
  folder: string,
  direction: Direction,
  story: string,
): Promise<void> {
  const read = await readMigrations(folder);
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.problem));
  const migrations = await loadMigrations(folder, read.files, dialect);
  await database.history.ensure();
  const outcome = await database.migrate({
    direction,
    migrations: direction === 'up' ? migrations : migrations.toReversed(),
    runId: 'r',
    toolVersion: '0',
    timeouts: TIMEOUTS,
  });
  const problem = outcome.kind === 'failed' ? `${outcome.problem.message} (${outcome.problem.statement})` : '';
  assert.equal(outcome.kind, 'done', `${direction}: ${problem}\n${story}`);
}

async function rowsOf({ migrated }: Stage, { keeps }: Scenario): Promise<unknown> {
  if (keeps === undefined) return undefined;
  const [rows] = await migrated.sequelize.query(`SELECT ${keeps}`);
  return rows;
}

/** Both databases as they were made, without opening others. */
export async function empty(ground: Ground, dialect: TestDialect): Promise<void> {
  if (dialect === 'postgres') {
    await ground.sequelize.query(
      'DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS trading CASCADE; CREATE SCHEMA public; SET client_min_messages = warning',
    );
    return;
  }
  const { tables, views } = await ground.snapshot();
  await ground.sequelize.query('PRAGMA foreign_keys = OFF');
  for (const { name } of views) await ground.sequelize.query(`DROP VIEW "${name}"`);
  for (const { name } of tables) await ground.sequelize.query(`DROP TABLE "${name}"`);
  await ground.sequelize.query('DROP TABLE IF EXISTS db_manager_history');
  await ground.sequelize.query('PRAGMA foreign_keys = ON');
}
