/** `export const assertions = { before: ['SELECT …'], after: ['SELECT …'] }` of a code migration, for its `up`. */
import type { Dialect } from '../../core/model/dialect.ts';
import type { MigrationBody } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { assertionProblem, assertionSql } from '../../sql/assertion.ts';
import { invalid } from './format.ts';

export type CodeBody = Extract<MigrationBody, { kind: 'code' }>;

interface CodeAssertions {
  before: string[];
  after: string[];
}

/** Throws ProblemError InvalidMigration. */
export function codeAssertions(value: unknown, file: string): CodeAssertions | undefined {
  if (value === undefined) return undefined;
  const refuse = (): never =>
    invalid(file, 1, '"assertions" must be { before: [...], after: [...] }, with queries that must return true.');
  if (typeof value !== 'object' || value === null) return refuse();
  const { before = [], after = [], ...others } = value as Record<string, unknown>;
  const texts = (list: unknown): string[] =>
    Array.isArray(list) && list.every((one) => typeof one === 'string' && one.trim() !== '') ? list : refuse();
  if (Object.keys(others).length > 0) return refuse();
  return { before: texts(before), after: texts(after) };
}

/** Checks the conditions in the transaction of the migration, before and after its function. */
export function withAssertions(body: CodeBody, assertions: CodeAssertions | undefined): CodeBody {
  if (assertions === undefined) return body;
  return {
    ...body,
    async call(queryInterface, sequelize, queries) {
      const { sequelize: connection } = queryInterface as { sequelize: Queries };
      await checkAll(assertions.before, connection);
      await body.call(queryInterface, sequelize, queries);
      await checkAll(assertions.after, connection);
    },
  };
}

/** The part of Sequelize that is used here. */
interface Queries {
  getDialect(): string;
  query(sql: string): Promise<unknown>;
}

async function checkAll(conditions: readonly string[], sequelize: Queries): Promise<void> {
  const dialect = sequelize.getDialect() as Dialect;
  for (const condition of conditions) {
    try {
      await sequelize.query(assertionSql(condition, dialect));
    } catch (error) {
      const { original = {}, message } = error as { original?: { code?: string }; message: string };
      const problem = assertionProblem(condition, dialect, { code: original.code, message });
      throw problem === undefined ? error : new ProblemError(problem, { cause: error });
    }
  }
}
