/** The report of a run as a comment of a pull request or a ticket. Pure. */

import { count } from '../model/count.ts';
import type { Finding } from '../model/finding.ts';
import { REASONS } from '../model/reason.ts';
import type { KeptReport } from '../model/run-details.ts';
import { secondsText } from './html.ts';

/** Marks the comment, so that the next run of the same pull request finds and updates it. */
const COMMENT_MARK = '<!-- db-manager report -->';

const RESULT = { succeeded: '✅ Succeeded', blocked: '⏸️ Blocked', failed: '❌ Failed' } as const;
const SEVERITY = { error: '❌ error', warning: '⚠️ warning', notice: 'notice' } as const;
/** GitHub refuses a comment of more than 65,536 characters. */
const MOST_CHARACTERS = 60_000;
const MOST_ROWS = 100;

/** Verdict first; then what the migrations did on the copy, the changes of the schema and the findings. */
export function reportMarkdown(report: KeptReport): string {
  const { result, reason, message, failure } = report;
  const parts = [
    COMMENT_MARK,
    `### ${RESULT[result]}: ${text(reason)}`,
    text(message),
    ...(result === 'succeeded' ? [] : [`**What to do next:** ${REASONS[reason].help}`]),
    failure?.statement === undefined ? undefined : fenced(failure.statement),
    migrationsTable(report),
    schemaTable(report),
    findingsTable(report),
    `<sub>db-manager ${text(report.toolVersion)}, run ${text(report.runId)}, ${text(report.finishedAt)}</sub>`,
  ];
  const whole = `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
  if (whole.length <= MOST_CHARACTERS) return whole;
  return `${whole.slice(0, MOST_CHARACTERS)}\n\nThe comment was truncated. The page of the run contains the rest.\n`;
}

function migrationsTable({ plan, rehearsal }: KeptReport): string | undefined {
  const planned = plan?.migrations ?? [];
  if (planned.length === 0) return undefined;
  const rows = planned.map((revision) => {
    const effects = rehearsal?.migrations.find((one) => one.revision === revision);
    if (effects === undefined) return [revision, '', '', ''];
    const { seconds, locks, rewrites, rows } = effects;
    return [
      revision,
      secondsText(seconds),
      [
        ...locks.map(
          ({ table, mode, seconds: held }) =>
            `${mode} on ${table}${held === undefined ? '' : ` for ${secondsText(held)}`}`,
        ),
        ...rewrites.map((table) => `rewrites ${table}`),
      ].join('; '),
      rows.map(({ table, before, after }) => `${table} ${before ?? 'no table'} → ${after ?? 'no table'}`).join('; '),
    ];
  });
  const title = rehearsal === undefined ? 'Migrations' : 'Migrations, as they ran on a copy';
  return table(title, ['Migration', 'Time', 'Locks and rewrites', 'Rows'], rows, plan?.more);
}

function schemaTable({ details }: KeptReport): string | undefined {
  const changes = details?.schema?.changes ?? [];
  if (changes.length === 0) return undefined;
  const rows = changes.map(({ what, before, after }) => [what, before, after]);
  return table('Changes of the schema', ['Object', 'Before', 'After'], rows);
}

function findingsTable({ safety }: KeptReport): string | undefined {
  const findings = (safety?.findings ?? []).filter(({ severity }) => severity !== 'notice');
  if (findings.length === 0)
    return safety === undefined ? undefined : 'The safety rules found no error and no warning.';
  const place = ({ position, migration }: Finding) =>
    position === undefined ? (migration ?? '') : `${position.file}:${position.line}`;
  const rows = findings.map((one) => [SEVERITY[one.severity], one.rule, place(one), one.message, one.advice]);
  const head = ['', 'Rule', 'Place', 'What happens', 'Instead'];
  return table(count(findings.length, 'finding'), head, rows);
}

/** `unlisted`: how many rows the report itself left out. */
function table(title: string, head: readonly string[], rows: readonly (readonly string[])[], unlisted = 0): string {
  const more = unlisted + Math.max(0, rows.length - MOST_ROWS);
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [
    `**${title}**`,
    '',
    line(head),
    `|${head.map(() => '---').join('|')}|`,
    ...rows.slice(0, MOST_ROWS).map(line),
    ...(more > 0 ? ['', `${more} more are in the page of the run.`] : []),
  ].join('\n');
}

/** A cell has one line, and at most some hundred characters. */
function cell(value: string): string {
  const short = value.length > 400 ? `${value.slice(0, 399)}…` : value;
  return text(short).replaceAll('\n', '<br>');
}

/** Text of a migration or a server must not become markup, a link, or a mention of a person. */
function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]()#|~]/g, (sign) => `\\${sign}`)
    .replaceAll('@', '@\u200b')
    .replaceAll(/:\/\//g, ':\u200b//');
}

function fenced(sql: string): string {
  const longest = Math.max(2, ...[...sql.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sql\n${sql}\n${fence}`;
}
