/** The formats of a new migration; `generate --format` offers the first three by default. */
export const SCAFFOLDS = ['ts', 'js', 'sql', 'sequelize-cli', 'goose', 'golang-migrate', 'flyway', 'plain'] as const;
export type ScaffoldFormat = (typeof SCAFFOLDS)[number];

/** The statements of both directions in the format's language; empty for a file to be written by hand. */
export interface ScaffoldContent {
  message: string;
  up: string;
  down: string;
  /** False for what cannot run in a transaction, such as CREATE INDEX CONCURRENTLY. */
  transaction: boolean;
}

export interface ScaffoldFile {
  name: string;
  text: string;
}

type Template = (stamp: string, slug: string, content: ScaffoldContent) => ScaffoldFile[];

/** File names and texts of a new migration. */
export function renderMigration(format: ScaffoldFormat, stamp: string, slug: string, content: ScaffoldContent) {
  const message = content.message.replace(/\s+/g, ' ').trim();
  return TEMPLATES[format](stamp, slug, { ...content, message });
}

/** A custom template of a migration: a text with `{{message}}`, `{{up}}`, `{{down}}` and `{{transaction}}` in it. */
export interface OwnTemplate {
  text: string;
  /** Its extension: `ts`, `js`, `sql`, … */
  extension: string;
}

/** Why a template cannot be used for this content, as a clause; undefined where it can. */
export function templateMistake({ text }: OwnTemplate, { transaction }: ScaffoldContent): string | undefined {
  const missing = ['{{up}}', '{{down}}'].filter((mark) => !text.includes(mark));
  if (missing.length > 0) return `has no ${missing.join(' and no ')}`;
  const unknown = [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !MARKS.has(name));
  if (unknown.length > 0) return `has {{${unknown[0]}}}, which is not a known placeholder`;
  if (transaction || text.includes('{{transaction}}')) return undefined;
  return 'has no {{transaction}}, and this migration must run outside a transaction';
}

const MARKS = new Set(['message', 'up', 'down', 'transaction']);

/** Each mark on a line of its own keeps that line's indent. */
export function renderTemplate(
  { text, extension }: OwnTemplate,
  stamp: string,
  slug: string,
  content: ScaffoldContent,
) {
  const code = !extension.endsWith('sql');
  const values: Record<string, string> = {
    message: content.message.replace(/\s+/g, ' ').trim(),
    up: content.up.trim() || (code ? UP_CODE : UP_SQL),
    down: content.down.trim() || (code ? DOWN_CODE : DOWN_SQL),
    transaction: content.transaction ? '' : code ? 'export const transaction = false;' : 'transaction:false',
  };
  const filled = text.replace(/^([ \t]*)?\{\{(\w+)\}\}/gm, (_, indent: string | undefined, name: string) =>
    (values[name] ?? '').replace(/^(?=.)/gm, indent ?? ''),
  );
  const whole = filled.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '').replace(/[ \t]+$/gm, '');
  return [{ name: `${stamp}_${slug}.${extension}`, text: whole.endsWith('\n') ? whole : `${whole}\n` }];
}

const TEMPLATES = {
  ts: (stamp, slug, content) => {
    const parameters = '({ context: queryInterface }: { context: QueryInterface }): Promise<void>';
    const text = [
      `// ${content.message}`,
      "import type { QueryInterface } from 'sequelize';",
      '',
      ...codeOptions(content),
      `export async function up${parameters} {`,
      codeBody(content.up, UP_CODE),
      '}',
      '',
      `export async function down${parameters} {`,
      codeBody(content.down, DOWN_CODE),
      '}',
    ];
    return [file(`${stamp}_${slug}.ts`, text)];
  },
  js: (stamp, slug, content) => {
    const type = "/** @type {(params: { context: import('sequelize').QueryInterface }) => Promise<void>} */";
    const text = [
      `// ${content.message}`,
      ...codeOptions(content),
      '',
      type,
      'export async function up({ context: queryInterface }) {',
      codeBody(content.up, UP_CODE),
      '}',
      '',
      type,
      'export async function down({ context: queryInterface }) {',
      codeBody(content.down, DOWN_CODE),
      '}',
    ];
    return [file(`${stamp}_${slug}.js`, text)];
  },
  'sequelize-cli': (stamp, slug, content) => {
    const text = [
      `// ${content.message}`,
      "'use strict';",
      '',
      "/** @type {import('sequelize-cli').Migration} */",
      'module.exports = {',
      ...(content.transaction ? [] : ['  transaction: false,', '']),
      '  async up(queryInterface, Sequelize) {',
      codeBody(content.up, UP_CODE, '    '),
      '  },',
      '',
      '  async down(queryInterface, Sequelize) {',
      codeBody(content.down, DOWN_CODE, '    '),
      '  },',
      '};',
    ];
    return [file(`${stamp}_${slug}.cjs`, text)];
  },
  sql: (stamp, slug, content) => {
    const option = content.transaction ? '' : ' transaction:false';
    const text = twoParts(content, [], [`-- migrate:up${option}`, `-- migrate:down${option}`]);
    return [file(`${stamp}_${slug}.sql`, text)];
  },
  goose: (stamp, slug, content) => {
    const option = content.transaction ? [] : ['-- +goose NO TRANSACTION'];
    return [file(`${stamp}_${slug}.sql`, twoParts(content, option, ['-- +goose Up', '-- +goose Down']))];
  },
  'golang-migrate': (stamp, slug, content) => [
    file(`${stamp}_${slug}.up.sql`, plainText(content, content.up, UP_SQL)),
    file(`${stamp}_${slug}.down.sql`, plainText(content, content.down, DOWN_SQL)),
  ],
  flyway: (stamp, slug, content) => [
    file(`V${stamp}__${slug}.sql`, plainText(content, content.up, UP_SQL)),
    ...(content.down.trim() === '' ? [] : [file(`U${stamp}__${slug}.sql`, plainText(content, content.down, DOWN_SQL))]),
  ],
  plain: (stamp, slug, content) => [file(`${stamp}_${slug}.sql`, plainText(content, content.up, UP_SQL))],
} satisfies Record<ScaffoldFormat, Template>;

const UP_CODE =
  '// Make the change here. Every query made through queryInterface joins the transaction of this migration.';
const DOWN_CODE = '// Revert the change here. Delete this function if the change cannot be reverted.';
const UP_SQL = '-- Make the change here. It runs in a transaction, together with its row in the history.';
const DOWN_SQL = '-- Revert the change here. If this is left empty, the migration cannot be reverted.';

function codeOptions({ transaction }: ScaffoldContent): string[] {
  return transaction ? [] : ['export const transaction = false;', ''];
}

function codeBody(body: string, comment: string, indent = '  '): string {
  const text = body.trim() === '' ? comment : body.trimEnd();
  return text
    .split('\n')
    .map((line) => (line === '' ? line : indent + line))
    .join('\n');
}

function sqlBody(body: string, comment: string): string {
  return body.trim() === '' ? comment : body.trim();
}

/** One file of SQL for both directions, each below its mark. */
function twoParts(
  { message, up, down }: ScaffoldContent,
  options: readonly string[],
  [upMark, downMark]: readonly [string, string],
): string[] {
  return [`-- ${message}`, ...options, '', upMark, sqlBody(up, UP_SQL), '', downMark, sqlBody(down, DOWN_SQL)];
}

function plainText({ message, transaction }: ScaffoldContent, body: string, comment: string): string[] {
  const option = transaction ? [] : ['-- db-manager:transaction:false'];
  return [`-- ${message}`, ...option, '', sqlBody(body, comment)];
}

function file(name: string, lines: string[]): ScaffoldFile {
  return { name, text: `${lines.join('\n')}\n` };
}
