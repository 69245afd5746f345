import type { Dialect } from '../../src/core/model/dialect.ts';
import { OBSERVED_RULES, type ObservedRule } from '../../src/core/safety/observed.ts';
import { REPOSITORY_RULES } from '../../src/core/safety/repository.ts';
import type { Example, Rule, Topic } from '../../src/core/safety/rule.ts';
import { RULES } from '../../src/core/safety/rules.ts';

const NAMES = { postgres: 'PostgreSQL', sqlite: 'SQLite' } as const satisfies Record<Dialect, string>;

const TOPICS = {
  locks: 'Locks and rewrites',
  data: 'Data',
  compatibility: 'Running versions of the application',
  style: 'Style',
  sqlite: 'SQLite',
} as const satisfies Record<Topic, string>;

/** `docs/reference/rules/`: an index by topic, and a page a rule with its cases, which are its tests too. */
export function rulePages(note: string): { path: string; text: string }[] {
  return [
    { path: 'docs/reference/rules/README.md', text: index(note) },
    ...RULES.map((rule) => ({ path: `docs/reference/rules/${rule.id}.md`, text: page(rule, note) })),
    ...REPOSITORY_RULES.map((rule) => ({ path: `docs/reference/rules/${rule.id}.md`, text: folderPage(rule, note) })),
    ...OBSERVED_RULES.map((rule) => ({ path: `docs/reference/rules/${rule.id}.md`, text: observedPage(rule, note) })),
  ];
}

function index(note: string): string {
  const sections = Object.entries(TOPICS).flatMap(([topic, heading]) => {
    const rows = RULES.filter((rule) => rule.topic === topic).map(
      (rule) => `| [${rule.id}](${rule.id}.md) | ${rule.severity} | ${appliesTo(rule)} | ${cell(rule.title)} |`,
    );
    return rows.length === 0 ? [] : [`## ${heading}`, '', ...head(), ...rows, ''];
  });
  const plain = ({ id, severity, title }: ObservedRule) =>
    `| [${id}](${id}.md) | ${severity} | both | ${cell(title)} |`;
  return [
    `<!-- ${note} -->`,
    '# Safety rules',
    '',
    `${RULES.length} rules on statements, ${REPOSITORY_RULES.length} on the names of migrations, and ${OBSERVED_RULES.length} on their effects in the rehearsal.`,
    'When they are checked, and how to ignore one: [safety rules](../../concepts/safety.md).',
    '',
    ...sections,
    '## Names of migrations',
    '',
    ...head(),
    ...REPOSITORY_RULES.map(plain),
    '',
    '## Seen in the rehearsal',
    '',
    ...head(),
    ...OBSERVED_RULES.map(plain),
    '',
  ].join('\n');
}

function head(): string[] {
  return ['| rule | severity | applies to | what it finds |', '|---|---|---|---|'];
}

function page(rule: Rule, note: string): string {
  const { bad, good } = rule.examples;
  return [
    ...opening(rule, appliesTo(rule), note),
    ...(bad.length === 0 ? [] : ['## Reported', '', ...bad.flatMap((example) => code(example, rule))]),
    ...(good.length === 0 ? [] : ['## Not reported', '', ...good.flatMap((example) => code(example, rule))]),
    ...turnOff(rule.id),
  ].join('\n');
}

function observedPage(rule: ObservedRule, note: string): string {
  return [
    ...opening(rule, 'the rehearsal, on both databases', note),
    '## How to ignore it',
    '',
    `It has no statement to write a comment next to. Add \`${rule.id}\` to \`safety.ignore\` of the resource or the configuration.`,
    '',
  ].join('\n');
}

function folderPage(rule: ObservedRule, note: string): string {
  return [...opening(rule, 'the folder of migrations, for both databases', note), ...turnOff(rule.id)].join('\n');
}

function opening({ id, title, severity, why }: ObservedRule | Rule, appliesTo: string, note: string): string[] {
  return [
    `<!-- ${note} -->`,
    `# ${id}`,
    '',
    title,
    '',
    `Severity: ${severity}. Applies to: ${appliesTo}.`,
    '',
    why,
    '',
  ];
}

function turnOff(id: string): string[] {
  return [
    '## How to ignore it',
    '',
    'Next to the statement, with the reason:',
    '',
    '```sql',
    `-- db-manager:ignore ${id} <why>`,
    '```',
    '',
    `Everywhere: \`${id}\` in \`safety.ignore\` of the resource or the configuration. See [safety.md](../../concepts/safety.md).`,
    '',
  ];
}

function code({ sql, down, given, transaction, version, dialect }: Example, rule: Rule): string[] {
  const about = [
    ...(rule.dialects.length > 1 || dialect !== undefined ? [NAMES[dialect ?? rule.dialects[0] ?? 'postgres']] : []),
    ...(version === undefined ? [] : [`version ${written(dialect ?? rule.dialects[0] ?? 'postgres', version)}`]),
    ...(transaction === false ? ['outside a transaction'] : []),
    ...(down === null ? ['without a down'] : []),
  ];
  return [
    '```sql',
    ...(about.length === 0 ? [] : [`-- ${about.join(', ')}`]),
    ...(given === undefined ? [] : ['-- existing:', dedent(given), '-- the migration:']),
    dedent(sql),
    ...(typeof down === 'string' ? ['-- the down migration:', dedent(down)] : []),
    '```',
    '',
  ];
}

/** Examples are indented as their file is. */
function dedent(sql: string): string {
  const text = sql
    .trim()
    .split('\n')
    .map((line) => line.replace(/^ {10,}/, (spaces) => ' '.repeat(Math.max(0, spaces.length - 14))))
    .join('\n');
  return /;\s*$/.test(text) || text === '' ? text : `${text};`;
}

function appliesTo({ dialects, since, until }: Rule): string {
  return dialects
    .map((dialect) => {
      const from = since === undefined ? '' : ` from ${written(dialect, since)}`;
      const before = until === undefined ? '' : ` before ${written(dialect, until)}`;
      return `${NAMES[dialect]}${from}${before}`;
    })
    .join(', ');
}

/** 150000 is 15, 140004 is 14.4, 3035000 is 3.35. */
function written(dialect: Dialect, version: number): string {
  const [unit, rest] =
    dialect === 'postgres' ? [10_000, version % 10_000] : [1_000_000, Math.floor((version % 1_000_000) / 1_000)];
  const major = Math.floor(version / unit);
  return rest === 0 && dialect === 'postgres' ? String(major) : `${major}.${rest}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
