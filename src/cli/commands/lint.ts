import { Option } from 'commander';
import type { Dialect } from '../../core/model/dialect.ts';
import type { Finding } from '../../core/model/finding.ts';
import type { LintResult } from '../../library/lint/lint.ts';
import { defineCommand } from '../command.ts';
import type { Io } from '../io.ts';

interface LintCommandOptions {
  paths: string[];
  dialect?: Dialect;
  serverVersion?: string;
  format: 'text' | 'json' | 'sarif' | 'github';
}

const NAMES = { postgres: 'PostgreSQL', sqlite: 'SQLite' } as const satisfies Record<Dialect, string>;

/**
 * The safety rules on files, for a developer's machine and for CI. Exit 4 if there are errors. The text format only
 * counts notices unless `-v` is given; the other formats list them all.
 */
export const lint = defineCommand<LintCommandOptions>({
  name: 'lint',
  group: 'From a model to a migration:',
  summary: 'check migration files against the safety rules, without a database; exit 4 if there are errors',
  examples: [
    'db-manager lint',
    'db-manager lint migrations/20240601120000_add_orders.sql --server-version 15',
    'db-manager lint --dialect postgres --format sarif > lint.sarif',
  ],
  configure: (command) =>
    command
      .argument('[paths...]', 'migration files or folders (default: the migrations folder)')
      .addOption(
        new Option('--dialect <name>', 'SQL dialect (default: the dialect of the database URL)').choices(
          Object.keys(NAMES),
        ),
      )
      .option('--server-version <version>', 'version of the target server, such as 15 or 3.40 (default: the newest)')
      .addOption(
        new Option('--format <format>', 'output format').choices(['text', 'json', 'sarif', 'github']).default('text'),
      ),
  async action(options, io) {
    const { keepYoungObjectsSmall } = await import('../young-objects.ts');
    keepYoungObjectsSmall();
    const { lintMigrations } = await import('../../library/lint/lint.ts');
    const result = await lintMigrations(options);
    const { findings } = result;
    const shown = options.verbose === true ? findings : findings.filter(({ severity }) => severity !== 'notice');
    switch (options.json === true ? 'json' : options.format) {
      case 'json':
        io.out(JSON.stringify(result, null, 2));
        break;
      case 'sarif':
        io.out(JSON.stringify(await asSarif(findings), null, 2));
        break;
      case 'github': {
        const { githubAnnotations } = await import('../output/findings/github.ts');
        if (shown.length > 0) io.out(githubAnnotations(shown));
        break;
      }
      case 'text':
        io.out(await asText(result, shown, io));
    }
    if (!result.safe) io.setExitCode(4);
  },
});

async function asSarif(findings: Finding[]): Promise<unknown> {
  const { sarif } = await import('../output/findings/sarif.ts');
  const { OBSERVED_RULES } = await import('../../core/safety/observed.ts');
  const { REPOSITORY_RULES } = await import('../../core/safety/repository.ts');
  const { RULES } = await import('../../core/safety/rules.ts');
  return sarif(findings, [...RULES, ...REPOSITORY_RULES, ...OBSERVED_RULES]);
}

async function asText(result: LintResult, shown: Finding[], io: Io): Promise<string> {
  const { count } = await import('../../core/model/count.ts');
  const { countBySeverity, renderFindings } = await import('../output/findings/text.ts');
  const { findings, migrations, dialect, serverVersion } = result;
  const read = `${count(migrations, 'migration')} checked for ${NAMES[dialect]} ${serverVersion}`;
  const hidden = findings.length > shown.length ? ' (-v also shows notices)' : '';
  const summary = `${read}: ${countBySeverity(findings)}${hidden}.`;
  if (shown.length === 0) return summary;
  const ways = 'If a finding is intentional, write "-- db-manager:ignore <rule> <reason>" next to the statement.';
  return `${await renderFindings(shown, io, process.cwd())}\n\n${summary}\n${ways}`;
}
