import { API_VERSION, KIND, SHORT_NAME, specSchema, statusSchema } from '../../src/core/model/resource.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

/** `docs/reference/databasemigration.md`: every field of the resource with its type, default and meaning, and the rules that hold. */
export function referencePage(note: string): string {
  const spec = structuralSchema(specSchema);
  const status = structuralSchema(statusSchema);
  return [
    `<!-- ${note} -->`,
    `# ${KIND}`,
    '',
    `\`apiVersion: ${API_VERSION}\`, \`kind: ${KIND}\`, short name \`${SHORT_NAME}\`, namespaced. The same texts come from`,
    `\`kubectl explain ${SHORT_NAME}.spec\`. Fields in bold are required where the object around them is given.`,
    '',
    '## Spec',
    '',
    ...table(spec, 'spec', true),
    '',
    '## Rules',
    '',
    'The API server refuses a resource that breaks one of these:',
    '',
    ...rules(spec, 'spec').map(({ path, message }) => `- \`${path}\`: ${message}`),
    '',
    '## Status',
    '',
    'Written by the operator alone. Lists are capped; `more` says how many the cap left out.',
    '',
    ...table(status, 'status', false),
    '',
  ].join('\n');
}

interface Row {
  path: string;
  schema: StructuralSchema;
  required: boolean;
}

function table(schema: StructuralSchema, root: string, withDefaults: boolean): string[] {
  const head = withDefaults ? ['Field', 'Type', 'Default', 'Meaning'] : ['Field', 'Type', 'Meaning'];
  const lines = rows(schema, root).map(({ path, schema: node, required }) =>
    line([
      required && withDefaults ? `**\`${path}\`**` : `\`${path}\``,
      typeOf(node),
      ...(withDefaults ? [defaultOf(node)] : []),
      node.description ?? '',
    ]),
  );
  return [line(head), line(head.map(() => '---')), ...lines];
}

function rows(schema: StructuralSchema, path: string): Row[] {
  const own = schema.items ?? schema;
  const root = schema.items === undefined ? path : `${path}[]`;
  return Object.entries(own.properties ?? {}).flatMap(([name, child]) => [
    { path: `${root}.${name}`, schema: child, required: own.required?.includes(name) ?? false },
    ...rows(child, `${root}.${name}`),
  ]);
}

function rules(schema: StructuralSchema, path: string): { path: string; message: string }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => ({ path, message }));
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => rules(child, `${path}.${name}`));
  return [...own, ...children, ...(schema.items === undefined ? [] : rules(schema.items, `${path}[]`))];
}

function typeOf(schema: StructuralSchema): string {
  if (schema.enum !== undefined) {
    // The reasons, which have a page of their own.
    if (schema.enum.length > 12) return '[reason](reasons.md)';
    return schema.enum.map((value) => `\`${value}\``).join(', ');
  }
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.format === 'date-time' ? 'time' : (schema.type ?? 'any');
}

function defaultOf({ default: value }: StructuralSchema): string {
  const nothing = value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return nothing ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function line(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
