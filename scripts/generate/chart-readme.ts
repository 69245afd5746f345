import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, type Pair, parse, parseDocument } from 'yaml';

const CHARTS = join(import.meta.dirname, '../../charts');

const USE: Record<string, string[]> = {
  'db-manager': [
    '```sh',
    'helm install db-manager charts/db-manager --namespace db-manager --create-namespace \\',
    '  --set image.registry=registry.example',
    'helm test db-manager --namespace db-manager',
    '```',
    '',
    'See [Installing the operator](../../docs/operations/install.md) and',
    '[Permissions](../../docs/operations/rbac.md).',
  ],
  'db-migration': [
    'Add it as a dependency to the chart of an application; see',
    '[Helm hooks](../../docs/guides/helm-hooks.md). After an upgrade in mode `operator`, `helm test` succeeds if the',
    'DatabaseMigration of the release is Ready.',
  ],
};

/** `charts/<name>/README.md`, from Chart.yaml and the comments of values.yaml. */
export function chartReadmes(note: string): { path: string; text: string }[] {
  return Object.entries(USE).map(([name, use]) => {
    const { description } = parse(readFileSync(join(CHARTS, name, 'Chart.yaml'), 'utf8')) as { description: string };
    const rows = rowsOf(readFileSync(join(CHARTS, name, 'values.yaml'), 'utf8'));
    const text = [
      `<!-- ${note} -->`,
      `# ${name}`,
      '',
      description,
      '',
      ...use,
      '',
      '## Values',
      '',
      ...rows.flatMap(({ key, value, about }) => [
        `- \`${key}\`${value === undefined ? '' : `, default \`${value}\``}${about === '' ? '' : `  `}`,
        ...(about === '' ? [] : [`  ${about}`]),
      ]),
      '',
    ];
    return { path: `charts/${name}/README.md`, text: text.join('\n') };
  });
}

interface Row {
  key: string;
  /** Absent for a group of values. */
  value?: string;
  about: string;
}

/** Every value with the comment above it; a map with keys of its own is a group. */
export function rowsOf(text: string): Row[] {
  const root = parseDocument(text).contents;
  if (!isMap(root)) throw new Error('values.yaml is not a map');
  const walk = (items: Pair[], path: string[], first?: string | null): Row[] =>
    items.flatMap(({ key, value }, index) => {
      if (!isScalar(key)) return [];
      const name = [...path, String(key.value)];
      // The comment above the first key of a map belongs to the map in the parser's eyes.
      const about = commentOf(key.commentBefore ?? (index === 0 ? first : undefined));
      if (isMap(value) && value.items.length > 0 && value.flow !== true) {
        const rows = walk(value.items as Pair[], name, value.commentBefore);
        return about === '' ? rows : [{ key: name.join('.'), about }, ...rows];
      }
      const shown = JSON.stringify((value as { toJSON?(): unknown } | null)?.toJSON?.() ?? null);
      return [{ key: name.join('.'), value: shown === 'null' ? 'not set' : shown, about }];
    });
  return walk(root.items as Pair[], []);
}

/** The sentences of a comment; the first comment of the file stands apart and is about the file. */
function commentOf(comment: string | null | undefined): string {
  if (comment === null || comment === undefined) return '';
  const [last = ''] = comment.split(/\n\s*\n/).slice(-1);
  return last
    .split('\n')
    .map((line) => line.replace(/^ ?(-- )?/, '').trim())
    .filter((line) => line !== '')
    .join(' ')
    .replaceAll('|', '\\|');
}
