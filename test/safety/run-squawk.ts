import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Example, Rule } from '../../src/core/safety/rule.ts';

/** One example of a PostgreSQL rule, as a case for another linter. */
export interface Case {
  rule: string;
  kind: 'bad' | 'good';
  sql: string;
  inTransaction: boolean;
  /** As squawk takes it: `15.0`. */
  version: string;
}

/** The version of the server that squawk gets if an example names none. */
const NEWEST = 180000;

/** Every example of every rule that applies to PostgreSQL. */
export function postgresCases(rules: readonly Rule[]): Case[] {
  return rules
    .filter(({ dialects }) => dialects.includes('postgres'))
    .flatMap((rule) => [
      ...rule.examples.bad.flatMap((example) => caseOf(rule, 'bad', example)),
      ...rule.examples.good.flatMap((example) => caseOf(rule, 'good', example)),
    ]);
}

function caseOf(rule: Rule, kind: Case['kind'], { sql, dialect, transaction, version }: Example): Case[] {
  if ((dialect ?? rule.dialects[0]) !== 'postgres') return [];
  const server = version ?? (rule.until === undefined ? NEWEST : rule.until - 10000);
  const dotted = `${Math.floor(server / 10000)}.0`;
  return [{ rule: rule.id, kind, sql: `${sql};\n`, inTransaction: transaction !== false, version: dotted }];
}

/** The path of squawk: what SQUAWK names, else the one on the PATH; undefined where there is none. */
export function findSquawk(env: NodeJS.ProcessEnv): string | undefined {
  const path = env.SQUAWK ?? 'squawk';
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore' });
    return path;
  } catch {
    return undefined;
  }
}

/** squawk's rules that report each case, in the order of the cases. */
export function runSquawk(squawk: string, cases: readonly Case[]): Set<string>[] {
  const folder = mkdtempSync(join(tmpdir(), 'squawk-'));
  try {
    const found = cases.map(() => new Set<string>());
    const groups = new Map<string, number[]>();
    for (const [index, { version, inTransaction }] of cases.entries()) {
      const key = `${version} ${inTransaction}`;
      groups.set(key, [...(groups.get(key) ?? []), index]);
    }
    for (const [key, indexes] of groups) {
      const [version = '', inTransaction] = key.split(' ');
      const files = indexes.map((index) => join(folder, `${index}.sql`));
      for (const [at, file] of files.entries()) writeFileSync(file, cases[indexes[at] ?? 0]?.sql ?? '');
      const assume = inTransaction === 'true' ? ['--assume-in-transaction'] : ['--no-assume-in-transaction'];
      const args = ['--reporter', 'json', '--pg-version', version, ...assume, ...files];
      for (const { file, rule_name } of reported(squawk, args, folder)) {
        found[Number.parseInt(basename(file), 10)]?.add(rule_name);
      }
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** squawk ends with 1 if it reports a finding. */
function reported(squawk: string, args: string[], cwd: string): { file: string; rule_name: string }[] {
  try {
    return JSON.parse(execFileSync(squawk, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && String(error.stdout).startsWith('[')) {
      return JSON.parse(String(error.stdout));
    }
    throw error;
  }
}
