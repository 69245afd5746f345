import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sequelize } from 'sequelize';
import { openDatabase } from '../../src/database/open.ts';
import { queriesOf } from '../database/snapshot-fixtures.ts';
import { targetOf } from '../engine/request.ts';
import { type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { median, printRatios, secondsOf } from './measure.ts';
import type { Peers } from './peers.ts';

const TABLES = 1_000;
const COLUMNS = 20;
const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };

/** "Validate 1,000 tables × 20 columns": reading the schema, against SQLAlchemy 2 and Sequelize's own loop. */
export async function benchSnapshot(dialect: TestDialect, peers: Peers): Promise<void> {
  const { url } = await temporaryDatabase(dialect);
  const database = await openDatabase(targetOf(url), { timeouts: TIMEOUTS, applicationName: 'bench', create: true });
  const sequelize = database.sequelize as Sequelize;
  for (let n = 0; n < TABLES; n += 1) {
    const columns = Array.from({ length: COLUMNS - 1 }, (_, i) => `c${i} VARCHAR(40)`).join(', ');
    const parent = n > 0 ? `, parent_id INTEGER REFERENCES t${n - 1} (id)` : ', parent_id INTEGER';
    await sequelize.query(`CREATE TABLE t${n} (id INTEGER PRIMARY KEY${parent}, ${columns})`);
    await sequelize.query(`CREATE INDEX t${n}_c0 ON t${n} (c0)`);
  }
  const perSnapshot = await queriesOf(dialect, () => database.snapshot());
  const ours = await median(3, () => timed(() => database.snapshot()));
  const loop = await timed(async () => {
    const q = sequelize.getQueryInterface();
    for (const table of await q.showAllTables()) {
      await q.describeTable(table);
      await q.showIndex(table);
      await q.getForeignKeyReferencesForTable(table);
    }
  });
  const others = [{ name: "Sequelize's describeTable loop", seconds: loop }];
  if (peers.python !== undefined)
    others.push({ name: 'SQLAlchemy 2 reflection', seconds: await reflection(peers.python, url) });
  printRatios(
    `read ${TABLES} tables × ${COLUMNS} columns, ${dialect}, in ${perSnapshot} queries (budget: SQLAlchemy ≥ 5× on PostgreSQL)`,
    { name: 'db-manager', seconds: ours },
    others,
  );
  await database.close();
}

/** The reflection alone: the script takes the time itself, without starting Python. */
async function reflection(python: string, url: string): Promise<number> {
  const script = join(await temporaryFolder('bench-snapshot'), 'reflect.py');
  const result = `${script}.seconds`;
  await writeFile(
    script,
    `import time\nfrom sqlalchemy import create_engine, MetaData\nengine = create_engine("${url.replace('postgresql:', 'postgresql+psycopg2:')}")\nengine.connect().close()\nbegan = time.perf_counter()\nMetaData().reflect(bind=engine)\nopen("${result}", "w").write(str(time.perf_counter() - began))\n`,
  );
  await secondsOf({ file: python, args: [script] });
  return Number(await readFile(result, 'utf8'));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
