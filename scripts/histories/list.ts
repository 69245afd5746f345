/** Public projects whose complete migrations are applied here from nothing. Their files are fetched, and never committed. */
/** `psql`: each file by `psql -f`, where the tool of the project is a library of its program (sqlx, Prisma). */
export type Tool = 'sequelize' | 'golang-migrate' | 'goose' | 'flyway' | 'psql';

export interface History {
  name: string;
  tool: Tool;
  /** `owner/name` of the public repository. */
  repository: string;
  commit: string;
  /** The migrations inside the repository. */
  folder: string;
  /** Files outside the folder that the migrations import. */
  needs?: readonly string[];
  /** Left out for both tools, with the reason. */
  without?: readonly { file: string; because: string }[];
  /** npm packages that the migrations import. */
  packages?: readonly string[];
  /** A package of the repository: its name, and the folder that is one of `needs`. */
  linked?: { name: string; folder: string };
  env?: Readonly<Record<string, string>>;
  /** Values of Flyway's placeholders. */
  placeholders?: Readonly<Record<string, string>>;
  /** What the tool has made before the first migration. */
  before?: string;
  /** Tables that do not count in the comparison. */
  tables?: readonly string[];
  /** Options of db-manager. */
  options?: readonly string[];
  /** Parts of the schema that differ between two runs of the original tool as well. */
  unordered?: 'enum labels';
}

export const HISTORIES: readonly History[] = [
  {
    name: 'outline',
    tool: 'sequelize',
    repository: 'outline/outline',
    commit: 'd77dcdf853868c5d5fe125c895c9b71f0eff5c68',
    folder: 'server/migrations',
    // The author's switch for migrations that start a script of the built application.
    env: { NODE_ENV: 'test' },
  },
  {
    name: 'Head-Start-TTADP',
    tool: 'sequelize',
    repository: 'HHS/Head-Start-TTADP',
    commit: 'bd0a699f6a77864c67df59b822777821da8b6c64',
    folder: 'src/migrations',
    needs: ['src/lib', 'src/constants.js', 'packages/common'],
    without: [
      {
        file: '20260424000000-create_live_values_views.js',
        because: 'it imports the whole application',
      },
    ],
    packages: ['md5', 'express', 'moment', 'lodash', 'uuid'],
    linked: { name: '@ttahub/common', folder: 'packages/common' },
    // A migration puts an audit trigger on every table but SequelizeMeta.
    options: ['--history-schema', 'db_manager'],
    unordered: 'enum labels',
  },
  {
    name: 'minder',
    tool: 'golang-migrate',
    repository: 'mindersec/minder',
    commit: '2853b8dc7fbf7ed0854977900d8a7e1254ebcff1',
    folder: 'database/migrations',
  },
  {
    name: 'ente',
    tool: 'golang-migrate',
    repository: 'ente-io/ente',
    commit: 'a621d733154a834f23754e7e874de769be532d9d',
    folder: 'server/migrations',
  },
  {
    name: 'compass',
    tool: 'golang-migrate',
    repository: 'kyma-incubator/compass',
    commit: 'a423d60704049fa531745b4825d74a71502916c8',
    folder: 'components/schema-migrator/migrations/director',
  },
  {
    name: 'devtron',
    tool: 'golang-migrate',
    repository: 'devtron-labs/devtron',
    commit: 'c6520431f41237566bec9402281ea79c895a2488',
    folder: 'scripts/sql',
  },
  {
    name: 'e2b',
    tool: 'goose',
    repository: 'e2b-dev/infra',
    commit: '54693ff353d26c5fe1951db5467e751f3e2f984e',
    folder: 'packages/db/migrations',
  },
  {
    name: 'easi-app',
    tool: 'flyway',
    repository: 'CMSgov/easi-app',
    commit: 'a11dc0ff8f78d6d00aae4522326e7a2c4bf1051b',
    folder: 'migrations',
    placeholders: { app_user_password: 'only-for-this-comparison' },
  },
  {
    name: 'mint-app',
    tool: 'flyway',
    repository: 'CMSgov/mint-app',
    commit: '4c64860657f6cf8ceabf3bd19337ece658e49e3d',
    folder: 'migrations',
  },
  {
    name: 'openmeter',
    tool: 'golang-migrate',
    repository: 'openmeterio/openmeter',
    commit: '7e57a394a0283fb210a644685ad1d257f6d5c85c',
    folder: 'tools/migrate/migrations',
  },
  {
    name: 'matrix-authentication-service',
    tool: 'psql',
    repository: 'element-hq/matrix-authentication-service',
    commit: '682b8d26d3b3666b6652490f66618ab3d640fa5d',
    folder: 'crates/storage-pg/migrations',
    // A table that its tool has made before the first migration, and that one of them names.
    before: 'CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY)',
    tables: ['_sqlx_migrations'],
  },
  {
    name: 'documenso',
    tool: 'psql',
    repository: 'documenso/documenso',
    commit: '75330166cc00b29c14399bc2e391e4b4d8080c00',
    folder: 'packages/prisma/migrations',
  },
  {
    name: 'umami',
    tool: 'psql',
    repository: 'umami-software/umami',
    commit: 'c0ea3aefbee7a3429ee2f824b06dc4a9dbe0b7e1',
    folder: 'prisma/migrations',
  },
];
