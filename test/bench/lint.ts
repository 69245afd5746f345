import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import { median, printRatios, type Result, secondsOf } from './measure.ts';

const FILES = 5_000;
const BUDGET_SECONDS = 10;
/** Of a hundred files, as many are code. */
const CODE_SHARE = 20;

/** "5,000 migration files lint in under 10 s on two cores": the whole command, from its start to its last line. */
export async function benchLint(): Promise<void> {
  const sql = await folderOf(FILES, 0);
  const mixed = await folderOf(FILES, CODE_SHARE);
  const lint = (folder: string, dialect: string) =>
    median(3, () =>
      secondsOf({ file: process.execPath, args: [resolve('test/bench/lint-child.ts'), folder, dialect] }),
    );
  const ours = await lint(sql, 'postgres');
  const { SQUAWK: squawk } = process.env;
  const others: Result[] = [
    { name: `with ${CODE_SHARE} % of code`, seconds: await lint(mixed, 'postgres') },
    { name: 'read as SQLite', seconds: await lint(sql, 'sqlite') },
    { name: 'squawk (SQUAWK=its path)', seconds: squawk === undefined ? undefined : await squawkOn(squawk, sql) },
  ];
  printRatios(
    `lint ${FILES} migration files (budget: under ${BUDGET_SECONDS} s on two cores)`,
    { name: 'db-manager lint, SQL files', seconds: ours },
    others,
  );
}

async function folderOf(files: number, codeShare: number): Promise<string> {
  const folder = await temporaryFolder('bench-lint');
  for (let n = 0; n < files; n += 1) {
    const name = String(20_200_000_000_000 + n);
    const code = n % 100 < codeShare;
    await writeFile(join(folder, `${name}_step_${n}.${code ? 'mjs' : 'sql'}`), code ? codeOf(n) : sqlOf(n));
  }
  return folder;
}

/** A table, and then what becomes of tables: the mixture of a project that has grown for years. */
function sqlOf(n: number): string {
  const table = `table_${n - (n % 10)}`;
  const up = [
    `CREATE TABLE ${table} (id bigint PRIMARY KEY, owner bigint, name text NOT NULL, price numeric(20, 8), made_at timestamp);\nCREATE INDEX ${table}_owner ON ${table} (owner);`,
    `ALTER TABLE ${table} ADD COLUMN note text;\nALTER TABLE ${table} ADD COLUMN size integer NOT NULL DEFAULT 0;`,
    `CREATE INDEX ${table}_name ON ${table} (name, made_at) WHERE name <> '';`,
    `UPDATE ${table} SET note = name || ' -- ' || coalesce(note, '') WHERE id IN (SELECT id FROM ${table} WHERE price > 0);`,
    `ALTER TABLE ${table} ADD CONSTRAINT ${table}_price CHECK (price >= 0);`,
    `-- db-manager:ignore drop-column unused since release ${n}\nALTER TABLE ${table} DROP COLUMN note;`,
    `ALTER TABLE ${table} RENAME COLUMN size TO amount;`,
    `INSERT INTO ${table} (id, name) VALUES (1, 'a;b'), (2, 'it''s'), (3, 'c');`,
    `CREATE VIEW ${table}_cheap AS SELECT id, name FROM ${table} WHERE price < 10 ORDER BY name;`,
    `DROP VIEW ${table}_cheap;\nDROP TABLE ${table};`,
  ][n % 10];
  return `-- Step ${n} of a long way.\n\n-- migrate:up\n${up}\n\n-- migrate:down\nSELECT 1;\n`;
}

function codeOf(n: number): string {
  return `export async function up({ context }) {
  await context.createTable('code_${n}', { id: { type: 'BIGINT', primaryKey: true }, name: 'TEXT' });
  await context.addIndex('code_${n}', ['name']);
}

export async function down({ context }) {
  await context.dropTable('code_${n}');
}
`;
}

/** Up to as many files at a time as a command line takes. */
async function squawkOn(squawk: string, folder: string): Promise<number> {
  const command = `find "$0" -name '*.sql' -print0 | xargs -0 -n 1000 "$1" >/dev/null 2>&1; true`;
  return median(3, () => secondsOf({ file: 'sh', args: ['-c', command, folder, squawk] }));
}
