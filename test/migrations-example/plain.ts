/**
 * The example under plain Umzug and plain Sequelize, without a line of db-manager: what a developer runs who has
 * nothing else. Each migration gets a transaction that every one of its queries joins.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataTypes, type QueryInterface, QueryTypes, Sequelize } from 'sequelize';
import { memoryStorage, Umzug } from 'umzug';
import { type TestDialect, temporaryDatabase } from '../support/databases.ts';

const VERSIONS = 'migrations/versions';

/** The only migration that has SQLite rebuild a table with children. */
export const REBUILDS_A_PARENT = '20240318093000_reference_strategies_from_orders';

export const REVISIONS = readdirSync(VERSIONS)
  .map((file) => file.replace(/\.\w+$/, ''))
  .sort();

export interface Plain {
  url: string;
  sequelize: Sequelize;
  rows<Row extends object>(sql: string): Promise<Row[]>;
  /** The one number that the query gives. */
  number(sql: string): Promise<number>;
  up(to?: string): Promise<void>;
  down(to: string | 0): Promise<void>;
  close(): Promise<void>;
}

/**
 * SQLite's manual has foreign keys off while a table is rebuilt, and the check after it. `keysOff: false` leaves them
 * on, as Sequelize does automatically.
 */
export async function openPlain(dialect: TestDialect, { keysOff = true } = {}): Promise<Plain> {
  const { url, drop } = await temporaryDatabase(dialect);
  const sequelize =
    dialect === 'postgres'
      ? new Sequelize(url, { logging: false })
      : new Sequelize({ dialect, storage: url.replace('sqlite:///', ''), logging: false });
  const rows = <Row extends object>(sql: string) => sequelize.query<Row>(sql, { type: QueryTypes.SELECT });
  const umzug = new Umzug({
    migrations: REVISIONS.map((name) => {
      const rebuilds = dialect === 'sqlite' && keysOff && name === REBUILDS_A_PARENT;
      const run = (direction: 'up' | 'down') => () =>
        inTransaction(sequelize, rebuilds, (context) => migrate(name, direction, context));
      return { name, up: run('up'), down: run('down') };
    }),
    context: {},
    storage: memoryStorage(),
    logger: undefined,
  });
  return {
    url,
    sequelize,
    rows,
    async number(sql) {
      const [row = {}] = await rows<Record<string, unknown>>(sql);
      return Number(Object.values(row)[0]);
    },
    up: async (to) => void (await umzug.up(to === undefined ? {} : { to })),
    down: async (to) => void (await umzug.down({ to })),
    async close() {
      await sequelize.close();
      await drop();
    },
  };
}

async function inTransaction(
  sequelize: Sequelize,
  keysOff: boolean,
  work: (context: QueryInterface) => Promise<void>,
): Promise<void> {
  const { options } = sequelize as unknown as { options: { foreignKeys?: boolean } };
  const { query } = sequelize;
  options.foreignKeys = !keysOff;
  try {
    await sequelize.transaction(async (transaction) => {
      const joined = (sql: string, given?: object) => query.call(sequelize, sql, { transaction, ...given });
      sequelize.query = joined as typeof sequelize.query;
      await work(sequelize.getQueryInterface());
    });
  } finally {
    options.foreignKeys = true;
    sequelize.query = query;
  }
}

type Run = (first: unknown, second?: unknown) => Promise<void>;

async function migrate(name: string, direction: 'up' | 'down', context: QueryInterface): Promise<void> {
  const file = join(VERSIONS, readdirSync(VERSIONS).find((one) => one.startsWith(`${name}.`)) ?? '');
  if (file.endsWith('.sql')) {
    for (const statement of statementsOf(readFileSync(file, 'utf8'), direction))
      await context.sequelize.query(statement);
    return;
  }
  const module = (await import(pathToFileURL(file).href)) as Record<'up' | 'down', Run>;
  const sequelizeCli = module.up.length === 2;
  await (sequelizeCli ? module[direction](context, DataTypes) : module[direction]({ context, name, path: file }));
}

/** dbmate's and goose's marks; statements end with a semicolon at the end of a line. */
export function statementsOf(text: string, direction: 'up' | 'down'): string[] {
  const [, up = '', down = ''] = text.split(/^-- (?:migrate:|\+goose )(?:up|down)$/im);
  return (
    (direction === 'up' ? up : down)
      .split(/;\s*$/m)
      // On SQLite plain Sequelize does nothing at all where a statement begins with a comment.
      .map((statement) => statement.trim().replace(/^(?:--.*\n)+/, ''))
      .filter((statement) => statement !== '')
  );
}
