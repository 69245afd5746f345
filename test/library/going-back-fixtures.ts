import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/port.ts';
import type { Options } from '../../src/library/settings.ts';
import { targetOf } from '../engine/request.ts';
import { type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

/** A database, and the migrations of the version of an application that is deployed. */
export interface Deployment {
  dialect: TestDialect;
  url: string;
  folder: string;
  /** Options of the library for the deployed version. */
  options: Options & { rehearsalServer: 'SameServer' };
  /** Replaces the files by those of another version: name and text. */
  deploy(files: Readonly<Record<string, string>>): Promise<void>;
  look<T>(ask: (database: Database) => Promise<T>): Promise<T>;
}

export async function deployment(
  dialect: TestDialect,
  files: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const { url } = await temporaryDatabase(dialect);
  const root = await temporaryFolder('going-back');
  const folder = join(root, 'migrations');
  const deploy: Deployment['deploy'] = async (wanted) => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(wanted)) await writeFile(join(folder, name), text);
  };
  await deploy(files);
  return {
    dialect,
    url,
    folder,
    options: {
      databaseUrl: url,
      migrations: folder,
      backups: join(root, 'backups'),
      config: false,
      cwd: root,
      env: {},
      rehearsalServer: 'SameServer',
    },
    deploy,
    async look(ask) {
      const timeouts = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };
      const database = await openDatabase(targetOf(url), { timeouts, applicationName: 'test', create: 'file' });
      try {
        return await ask(database);
      } finally {
        await database.close();
      }
    },
  };
}

/** dbmate's format. */
export function sql(up: string, down?: string): string {
  return `-- migrate:up\n${up}\n${down === undefined ? '' : `-- migrate:down\n${down}\n`}`;
}

/** Version 1 of an application: a table of orders. */
export const VERSION_1 = {
  '0001_orders.sql': sql(
    'CREATE TABLE orders (id integer PRIMARY KEY, customer text NOT NULL, note text);',
    'DROP TABLE orders;',
  ),
};

/** Version 2 adds what version 1 can run with. */
export const COMPATIBLE = {
  ...VERSION_1,
  '0002_invoices.sql': sql(
    "CREATE TABLE invoices (id integer PRIMARY KEY, total integer NOT NULL);\nALTER TABLE orders ADD COLUMN state text DEFAULT 'new';",
    'ALTER TABLE orders DROP COLUMN state;\nDROP TABLE invoices;',
  ),
};

/** Version 2 takes away what version 1 uses. */
export const INCOMPATIBLE = {
  ...VERSION_1,
  '0002_drop_note.sql': sql('ALTER TABLE orders DROP COLUMN note;', 'ALTER TABLE orders ADD COLUMN note text;'),
};

/** Runs SQL that returns nothing. */
export async function execute(database: Database, statement: string): Promise<void> {
  const { query } = database.sequelize as { query(sql: string): Promise<unknown> };
  await query.call(database.sequelize, statement);
}
