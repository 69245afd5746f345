/** 1,000 models against a database with their tables: `validate` and `alembic check`, each as a process of its own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import type { Peers } from './peers.ts';
import { type Place, postgres, sqlite } from './places.ts';
import { sqlAlchemy } from './tools.ts';
import { compare, OURS, oursAndBefore, type Turn, usageOf } from './usage.ts';

const TABLES = 1_000;
const ROUNDS = 3;

export async function benchValidate(peers: Peers): Promise<void> {
  for (const place of [sqlite, await postgres()]) await validateOn(place, peers);
}

async function validateOn(place: Place, { alembic, python }: Peers): Promise<void> {
  const folder = await temporaryFolder('bench-validate');
  await writeModels(folder, TABLES);
  const { url, drop } = await place.create();
  const program = (main: string, ...words: string[]): Turn => ({
    file: process.execPath,
    args: [main, ...words, '--models', 'models', '--database-url', url],
    cwd: folder,
  });
  usageOf(program(OURS, 'create-tables'));
  const other = await place.create();
  let check: Turn | undefined;
  if (alembic !== undefined && python !== undefined) {
    const env = { BENCH_URL: sqlAlchemy(other.url) };
    await writeTables(folder);
    usageOf({ file: python, args: [join(folder, 'tables.py')], env });
    check = { file: alembic, args: ['-c', join(folder, 'alembic.ini'), 'check'], env };
  }
  await compare(
    `Validate ${TABLES} tables, ${place.name}`,
    {
      ...oursAndBefore('validate', async (main) => program(main, 'validate')),
      'alembic check': check && (async () => check),
    },
    ROUNDS,
    place,
  );
  await other.drop();
  await drop();
}

/** Ten columns, an index and a foreign key each. */
export async function writeModels(folder: string, count: number): Promise<void> {
  const columns = Array.from({ length: 9 }, (_, n) => `c${n}: { type: T.STRING(40), allowNull: ${n % 2 === 0} }`);
  await mkdir(join(folder, 'models'));
  await writeFile(
    join(folder, 'models', 'all.mjs'),
    `export default (s, T) => {
  let before;
  for (let n = 0; n < ${count}; n += 1) {
    const model = s.define('t' + n, { ${columns.join(', ')} }, { tableName: 't' + n, timestamps: false, indexes: [{ name: 't' + n + '_c0', fields: ['c0'] }] });
    if (before) model.belongsTo(before, { foreignKey: 'parent_id' });
    before = model;
  }
};
`,
  );
}

/** The same tables in SQLAlchemy, with an environment of Alembic around them. */
async function writeTables(folder: string): Promise<void> {
  await mkdir(join(folder, 'versions'));
  await writeFile(
    join(folder, 'alembic.ini'),
    `[alembic]\nscript_location = ${folder}\nprepend_sys_path = ${folder}\n`,
  );
  await writeFile(
    join(folder, 'tables.py'),
    `import os
from sqlalchemy import *
metadata = MetaData()
for n in range(${TABLES}):
    parent = [Column("parent_id", Integer, ForeignKey(f"t{n - 1}.id"))] if n else []
    Table(f"t{n}", metadata, Column("id", Integer, primary_key=True), *[Column(f"c{i}", String(40), nullable=i % 2 == 0) for i in range(9)], *parent, Index(f"t{n}_c0", "c0"))
engine = create_engine(os.environ["BENCH_URL"])
if __name__ == "__main__":
    metadata.create_all(engine)
`,
  );
  await writeFile(
    join(folder, 'env.py'),
    `from alembic import context
from tables import engine, metadata
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
`,
  );
}
