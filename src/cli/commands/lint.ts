import type { Dialect } from '../../core/model/dialect.ts';
import type { Finding } from '../../core/model/finding.ts';
import { OBSERVED_RULES } from '../../core/safety/observed.ts';
import { REPOSITORY_RULES } from '../../core/safety/repository.ts';
import { RULES } from '../../core/safety/rules.ts';
import { count } from '../../engine/run-text.ts';
import { type LintResult, lintMigrations } from '../../library/lint/lint.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { githubAnnotations } from '../output/findings/github.ts';
import { sarif } from '../output/findings/sarif.ts';
import { countBySeverity, renderFindings } from '../output/findings/text.ts';

interface Linting extends Globals {
  paths: string[];
  dialect?: Dialect;
  serverVersion?: string;
  format: 'text' | 'json' | 'sarif' | 'github';
}

const NAMES = { postgres: 'PostgreSQL', sqlite: 'SQLite' } as const satisfies Record<Dialect, string>;

/**
 * `lint [paths]`: the safety rules on files, without a database. Exit 4 if there are errors. The text format only
 * counts notices unless `-v` is given; the other formats list them all.
 */
export async function lint(options: Linting, io: Io): Promise<void> {
  const result = await lintMigrations(options);
  const { findings } = result;
  const shown = options.verbose === true ? findings : findings.filter(({ severity }) => severity !== 'notice');
  switch (options.json === true ? 'json' : options.format) {
    case 'json':
      io.out(JSON.stringify(result, null, 2));
      break;
    case 'sarif':
      io.out(JSON.stringify(sarif(findings, [...RULES, ...REPOSITORY_RULES, ...OBSERVED_RULES]), null, 2));
      break;
    case 'github':
      if (shown.length > 0) io.out(githubAnnotations(shown));
      break;
    case 'text':
      io.out(await asText(result, shown, io));
  }
  if (!result.safe) io.setExitCode(4);
}

async function asText(result: LintResult, shown: Finding[], io: Io): Promise<string> {
  const { findings, migrations, dialect, serverVersion } = result;
  const read = `${count(migrations, 'migration')} checked for ${NAMES[dialect]} ${serverVersion}`;
  const hidden = findings.length > shown.length ? ' (-v also shows notices)' : '';
  const summary = `${read}: ${countBySeverity(findings)}${hidden}.`;
  if (shown.length === 0) return summary;
  const ways = 'If a finding is intentional, write "-- db-manager:ignore <rule> <reason>" next to the statement.';
  return `${await renderFindings(shown, io, process.cwd())}\n\n${summary}\n${ways}`;
}
