import { nearest } from './parameters.ts';

/** The schemes of PostgreSQL: libpq's, and those of dj-database-url, django-environ, golang-migrate and Laravel. */
const POSTGRES: readonly string[] = [
  ...['postgres', 'postgresql', 'psql', 'pgsql', 'pg', 'pgx', 'pgx4', 'pgx5'],
  ...['postgis', 'timescale', 'timescaledb', 'timescalegis'],
];

/** Other databases and tools, by the schemes of their URLs. Only these are repeated in a message. */
const OTHERS: readonly string[] = [
  ...['mysql', 'mysqlx', 'mysql2', 'mysqlgis', 'mariadb', 'mariadbconnector', 'mssql', 'mssqlms', 'sqlserver'],
  ...['oracle', 'oraclegis', 'db2', 'ibm_db_sa', 'cockroach', 'cockroachdb', 'crdb', 'crdb-postgres', 'redshift'],
  ...['snowflake', 'bigquery', 'duckdb', 'clickhouse', 'libsql', 'spatialite', 'mongodb', 'mongo', 'redis', 'rediss'],
  ...['h2', 'hsqldb', 'derby', 'hana', 'firebird', 'vertica', 'trino', 'presto', 'spanner', 'cassandra', 'neo4j'],
  ...['http', 'https', 'amqp', 'ldap', 'ldaps', 'prisma', 'tcp', 'socket', 'unix'],
  ...['r2dbc', 'vertx-reactive', 'dbi', 'tc', 'aws-wrapper', 'p6spy', 'otel', 'secretsmanager', 'jdbc-secretsmanager'],
];

export function isPostgres(scheme: string): boolean {
  return POSTGRES.includes(scheme.toLowerCase());
}

export function isOther(scheme: string): boolean {
  return OTHERS.includes(scheme.toLowerCase());
}

/** The scheme that was probably meant; undefined if none is one typing error away. */
export function likelyScheme(scheme: string): string | undefined {
  return scheme.length < 5 ? undefined : nearest(scheme, ['postgres', 'postgresql', 'sqlite']);
}
