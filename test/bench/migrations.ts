/** 1,000 small migrations, the same for each tool in its own format. One in ten creates a table, the others insert a row. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const COUNT = 1_000;

export async function writeMigrations(folder: string): Promise<void> {
  for (const name of ['dbmate', 'goose', 'umzug', 'versions', 'knex', 'migrate', 'node-pg-migrate', 'flyway'])
    await mkdir(join(folder, name));
  const tags: string[] = [];
  await mkdir(join(folder, 'drizzle', 'meta'), { recursive: true });
  let previous = 'None';
  for (let n = 1; n <= COUNT; n += 1) {
    const version = String(20_240_101_000_000 + n);
    const up =
      n % 10 === 1
        ? `CREATE TABLE t${n} (id INTEGER PRIMARY KEY, name VARCHAR(40))`
        : `INSERT INTO t${n - ((n - 1) % 10)} VALUES (${n}, 'row')`;
    const write = (name: string, text: string) => writeFile(join(folder, name), text);
    await write(`dbmate/${version}_step.sql`, `-- migrate:up\n${up};\n-- migrate:down\n`);
    await write(`goose/${version}_step.sql`, `-- +goose Up\n${up};\n-- +goose Down\n`);
    await write(`umzug/${version}_step.sql`, up);
    await write(`migrate/${version}_step.up.sql`, up);
    await write(`flyway/V${version}__step.sql`, `${up};\n`);
    await write(`node-pg-migrate/${version}_step.sql`, `-- Up Migration\n${up};\n-- Down Migration\n`);
    await write(
      `knex/${version}_step.cjs`,
      `exports.up = (knex) => knex.raw(${JSON.stringify(up)});\nexports.down = async () => {};\n`,
    );
    await write(`drizzle/${version}_step.sql`, up);
    tags.push(`${version}_step`);
    await write(
      `versions/${version}_step.py`,
      `from alembic import op\nrevision = "${version}"\ndown_revision = ${previous}\n\ndef upgrade():\n    op.execute("""${up}""")\n\ndef downgrade():\n    pass\n`,
    );
    previous = `"${version}"`;
  }
  const entries = tags.map((tag, idx) => ({ idx, version: '7', when: idx + 1, tag, breakpoints: true }));
  await writeFile(
    join(folder, 'drizzle', 'meta', '_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  );
  await writeFile(join(folder, 'alembic.ini'), `[alembic]\nscript_location = ${folder}\n`);
  await writeFile(
    join(folder, 'env.py'),
    'import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ["BENCH_URL"])\nwith engine.connect() as connection:\n    context.configure(connection=connection, transaction_per_migration=True)\n    with context.begin_transaction():\n        context.run_migrations()\n',
  );
}
