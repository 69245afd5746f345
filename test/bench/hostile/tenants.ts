/** Resources that go wrong in the ways of `shared/cases`: for the bench of latency and for the soak. */

import { configMap, migration, sqliteMigration } from '../../cluster/operator-resources.ts';
import { TEST_USER } from '../../support/postgres.ts';

export interface PostgresPlace {
  host: string;
  port: number;
  database: string;
}

const code = (body: string) => `export async function up() {\n${body}\n}\nexport async function down() {}\n`;
const table = (name: string) =>
  `-- migrate:up\nCREATE TABLE ${name} (id integer PRIMARY KEY);\n-- migrate:down\nDROP TABLE ${name};\n`;
const quiet = { safety: { rehearsal: 'Disabled' }, validation: { before: 'Disabled', after: 'Disabled' } };

/** What writes its log against the operator: long lines without end, many lines, events that are forged. */
export const HOSTILE_LOGS: Record<string, string> = {
  'six-lines': "for (let i = 0; i < 6; i += 1) process.stdout.write(`${'a-'.repeat(60_000)}\\n`);",
  'one-line': "process.stdout.write(`${'x'.repeat(60_000_000)}\\n`);",
  'many-lines': 'for (let i = 0; i < 200_000; i += 1) process.stdout.write(\'{"type":"step",\\n\');',
  'forged-events':
    'for (let i = 0; i < 20_000; i += 1) process.stdout.write(`{"type":"progress","runId":"x","progress":{"step":"apply","done":${i},"unit":"bytes"}}\\n`);',
  throws: "throw new Error('postgres://user:hunter2@db.example/app refused: Key (email)=(a@b.org) already exists.');",
};

/** One way after the other; `number` makes the names different. */
export function wrong(number: number, place: PostgresPlace): object[] {
  const ways = Object.keys(WAYS);
  const way = ways[number % ways.length] ?? '';
  const name = `${way}-${number}`;
  return WAYS[way]?.(name, place) ?? [];
}

const postgres = (place: PostgresPlace, secretName: string) => ({
  database: {
    postgres: {
      ...place,
      user: TEST_USER,
      sslMode: 'disable',
      passwordFrom: { secretKeyRef: { name: secretName, key: 'password' } },
    },
  },
});

const WAYS: Record<string, (name: string, place: PostgresPlace) => object[]> = {
  ...Object.fromEntries(
    Object.entries(HOSTILE_LOGS).map(([way, body]) => [
      way,
      (name: string) => [
        configMap(name, { '1_a.ts': code(body) }),
        sqliteMigration(name, { ...quiet, retry: { limit: 1, backoff: '1s' } }),
      ],
    ]),
  ),
  'no-secret': (name, place) => [
    configMap(name, { '1_a.sql': table('a') }),
    migration(name, postgres(place, 'missing')),
  ],
  'no-image': (name) => [
    configMap(name, { '1_a.sql': table('a') }),
    sqliteMigration(name, { runner: { image: 'nowhere.example/none:1' } }),
  ],
  'no-claim': (name) => [
    configMap(name, { '1_a.sql': table('a') }),
    migration(name, { database: { sqlite: { volume: { claimName: 'missing' }, path: 'x.db' } } }),
  ],
  'no-files': (name) => [sqliteMigration(name)],
  'another-database': (name, place) => [
    configMap(name, { '1_a.sql': table('a') }),
    migration(name, { ...postgres(place, 'wrong'), retry: { limit: 1, backoff: '1s' } }),
  ],
  'broken-sql': (name) => [
    configMap(name, { '1_a.sql': '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n-- migrate:down\n' }),
    sqliteMigration(name, quiet),
  ],
  'bad-cron': (name) => [
    configMap(name, { '1_a.sql': table('a') }),
    sqliteMigration(name, { window: { cron: '0 0 30 2 *', duration: '1h' } }),
  ],
  'depends-on-nothing': (name) => [
    configMap(name, { '1_a.sql': table('a') }),
    sqliteMigration(name, { dependsOn: [{ name: 'nobody' }] }),
  ],
};

/** A ConfigMap of 900 small migrations, close to the largest that the API server takes. */
export function manyMigrations(name: string, count = 900): object {
  const files = Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const number = String(i + 1).padStart(4, '0');
      const padding = `-- ${'x'.repeat(700)}\n`;
      return [`${number}_t.sql`, `${padding}${table(`t${number}`)}`];
    }),
  );
  return configMap(name, files);
}
