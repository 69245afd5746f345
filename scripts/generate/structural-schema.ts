import { z } from 'zod';

/**
 * A node of a Kubernetes structural schema: the part of OpenAPI v3 that a CustomResourceDefinition takes
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 */
export interface StructuralSchema {
  type?: string;
  description?: string;
  format?: string;
  default?: unknown;
  nullable?: boolean;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  required?: string[];
  items?: StructuralSchema;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-validations'?: { rule: string; message: string }[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

const KEPT = [
  'type',
  'description',
  'format',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
];

/** The schema that the API server needs for what a zod schema takes in. Throws on a construct that it has no form for. */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }), '');
}

function convert(node: JsonSchema, path: string): StructuralSchema {
  if (Array.isArray(node.type)) return convertNullable(node, path);
  if (
    node.anyOf !== undefined ||
    node.$ref !== undefined ||
    node.oneOf !== undefined ||
    node.allOf !== undefined ||
    node.const !== undefined
  ) {
    throw new Error(`${path}: a structural schema has no $ref, anyOf, oneOf, allOf or const`);
  }
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (KEPT.includes(key) || key.startsWith('x-kubernetes-')) result[key] = value;
    // zod writes its safe-integer bounds on every integer; only bounds that someone chose are of use.
    if ((key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) < Number.MAX_SAFE_INTEGER)
      result[key] = value;
  }
  if (node.items !== undefined) result.items = convert(node.items as JsonSchema, `${path}[]`);
  if (node.properties !== undefined && Object.keys(node.properties).length > 0) {
    result.properties = Object.fromEntries(
      Object.entries(node.properties).map(([name, child]) => [name, convert(child as JsonSchema, `${path}.${name}`)]),
    );
  }
  if (node.required !== undefined && node.required.length > 0) result.required = node.required;
  // `additionalProperties: false` goes: the API server prunes, and strict field validation names what it does not know.
  if (isMapOfValues(node.additionalProperties)) {
    result.additionalProperties = convert(node.additionalProperties, `${path}.*`);
  }
  return result;
}

/** `number | null` is the only union that has a form here; zod writes it as a list of types. */
function convertNullable(node: JsonSchema, path: string): StructuralSchema {
  const types: unknown[] = Array.isArray(node.type) ? node.type : [];
  const [only, ...others] = types.filter((type) => type !== 'null');
  if (typeof only !== 'string' || others.length > 0) {
    throw new Error(`${path}: a structural schema has no union but that with null`);
  }
  return { ...convert({ ...node, type: only as JsonSchema['type'] }, path), nullable: true };
}

function isMapOfValues(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
