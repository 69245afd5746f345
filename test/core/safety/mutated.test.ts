import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../../../src/core/model/dialect.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import { checkMigrations } from '../../../src/core/safety/check.ts';
import { readIgnores } from '../../../src/core/safety/ignore.ts';
import { RULES } from '../../../src/core/safety/rules.ts';
import { loadParser, type Parser } from '../../../src/migrations/statements/parser.ts';
import { splitSql } from '../../../src/sql/split.ts';

const ROUNDS = 10_000;
const VERSIONS = join(import.meta.dirname, '../../../migrations/versions');
/** The trading bot's. */
const MIGRATIONS = readdirSync(VERSIONS)
  .filter((file) => file.endsWith('.sql'))
  .map((file) => readFileSync(join(VERSIONS, file), 'utf8'));
const SERVERS = {
  postgres: { dialect: 'postgres', version: 150018 },
  sqlite: { dialect: 'sqlite', version: 3040000 },
} as const;

describe('rules on any text', () => {
  for (const dialect of ['postgres', 'sqlite'] satisfies Dialect[]) {
    it(`give findings or none, and never an error: ${ROUNDS} mutated examples on ${dialect}`, async () => {
      const parse = await loadParser(dialect);
      const random = numbers(20_240_601);
      const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
      const examples = [
        ...RULES.flatMap(({ examples: { bad, good } }) => [...bad, ...good].map(({ sql }) => sql)),
        ...MIGRATIONS,
      ];
      let found = 0;
      let refused = 0;
      let unread = 0;
      let parsed = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const sql = mutate(pick(examples) ?? '', pick(examples) ?? '', random);
        const migration = readOrRefuse(sql, dialect, parse, round % 3 > 0);
        if (migration === undefined) {
          refused += 1;
          continue;
        }
        unread += migration.statements.filter(({ actions }) => actions === undefined).length;
        parsed += migration.statements.filter(({ actions }) => actions !== undefined).length;
        const findings = checkMigrations([migration], RULES, { server: SERVERS[dialect], ignore: [] });
        for (const { message, advice } of findings) assert.ok(message !== '' && advice !== '', sql);
        found += findings.length;
      }
      assert.ok(refused > ROUNDS / 100 && refused < ROUNDS / 2, `${refused} texts with a quotation that does not end`);
      assert.ok(found > ROUNDS / 4, `${found} findings`);
      assert.ok(unread > ROUNDS / 20, `${unread} statements could not be parsed`);
      assert.ok(parsed > ROUNDS / 2, `${parsed} statements could be parsed`);
    }).timeout(120_000);
  }
});

/** Undefined where the text is refused before it is read: what does not end would take in all that follows. */
function readOrRefuse(...args: Parameters<typeof read>): ReturnType<typeof read> | undefined {
  try {
    return read(...args);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.reason === 'InvalidMigration') return undefined;
    throw error;
  }
}

function read(sql: string, dialect: Dialect, parse: Parser, transactional: boolean) {
  const statements = splitSql(sql, dialect, { file: 'm.sql', line: 1 }).map((statement) => {
    const parsed = parse(statement.sql);
    const actions = 'actions' in parsed ? parsed.actions : undefined;
    return { sql: statement.sql, position: statement, actions, ignore: readIgnores(statement.sql) };
  });
  const direction = 'up' as const;
  return { revision: 'm', file: 'm.sql', direction, statements, transactional, reversible: true, opaque: false };
}

const PIECES = [
  ';',
  '(',
  ')',
  "'",
  '"',
  ',',
  '.',
  ' NULL ',
  '--',
  '/*',
  '$$',
  ' CASCADE',
  ' t ',
  '\0',
  'ß',
  '1e',
  '[',
  '`',
];

/** Cuts a piece out, puts another in, repeats a word, swaps two, or sets two texts together. */
function mutate(sql: string, other: string, random: () => number): string {
  const at = Math.floor(random() * sql.length);
  const length = Math.floor(random() * 12);
  const from = Math.floor(random() * other.length);
  switch (Math.floor(random() * 8)) {
    case 0:
      return sql.slice(0, at) + sql.slice(at + length);
    case 1:
      return sql.slice(0, at) + (PIECES[Math.floor(random() * PIECES.length)] ?? '') + sql.slice(at);
    case 2:
      return sql.slice(0, at) + other.slice(from, from + length) + sql.slice(at);
    case 3:
      return `${sql};\n${other}`;
    case 4:
      return sql.slice(0, at);
    case 5:
      return words(sql, (one, two) => [one, one, two], random);
    case 6:
      return words(sql, (one, two) => [two, one], random);
    default:
      return sql.slice(0, at) + other.slice(from);
  }
}

/** Two neighbouring words as they come out of `change`. */
function words(sql: string, change: (one: string, two: string) => string[], random: () => number): string {
  const parts = sql.split(/(?<=\s)/);
  const at = Math.floor(random() * (parts.length - 1));
  return parts.toSpliced(at, 2, ...change(parts[at] ?? '', parts[at + 1] ?? '')).join('');
}

/** The same numbers at each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
