import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import type { Peers } from './peers.ts';
import { compare, oursAndBefore, type Turn } from './usage.ts';

const ROUNDS = 3;
/** Of a hundred files, as many are code. */
const CODE_SHARE = 20;
/** Findings that are errors are no failure of the command. */
const WITH_FINDINGS = [0, 1, 4];

/** The whole command, from its start to its last line. */
export async function benchLint(peers: Peers): Promise<void> {
  for (const files of [1_000, 5_000, 10_000]) {
    const sql = await folderOf(files, 0);
    const { squawk } = peers;
    await compare(
      `Lint ${files} files of PostgreSQL`,
      {
        ...oursAndBefore('db-manager lint', async (main) => lint(main, sql, 'postgres')),
        squawk: squawk === undefined ? undefined : async () => squawkOn(squawk, sql),
      },
      ROUNDS,
    );
    if (files !== 5_000) continue;
    const mixed = await folderOf(files, CODE_SHARE);
    await compare(
      `Lint ${files} files otherwise`,
      {
        ...oursAndBefore(`${CODE_SHARE} % are code`, async (main) => lint(main, mixed, 'postgres')),
        ...oursAndBefore('SQLite', async (main) => lint(main, sql, 'sqlite')),
      },
      ROUNDS,
    );
  }
}

function lint(main: string, folder: string, dialect: string): Turn {
  return {
    file: process.execPath,
    args: [main, 'lint', folder, '--dialect', dialect, '--json'],
    // As squawk, without a configuration file.
    cwd: folder,
    expected: WITH_FINDINGS,
  };
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

/** Up to as many files at a time as a command line takes; xargs turns a finding into 123. */
function squawkOn(squawk: string, folder: string): Turn {
  const command = `find "$0" -name '*.sql' -print0 | xargs -0 -n 1000 "$1" >/dev/null 2>&1`;
  return { file: 'sh', args: ['-c', command, folder, squawk], expected: [0, 123] };
}
