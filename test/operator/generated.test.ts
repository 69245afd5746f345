import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { artifacts } from '../../scripts/generate/artifacts.ts';
import { structuralSchema } from '../../scripts/generate/structural-schema.ts';
import { specSchema, statusSchema } from '../../src/core/model/resource.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('generated files', () => {
  for (const { path, text } of artifacts()) {
    it(`${path} matches the schema; if not: npm run generate`, () => {
      assert.equal(readFileSync(join(ROOT, path), 'utf8'), text);
    });
  }

  it('leave no page of a removed rule', () => {
    const pages = artifacts().map(({ path }) => path);
    assert.deepEqual(
      readdirSync(join(ROOT, 'docs/reference/rules')).filter((name) => !pages.includes(`docs/reference/rules/${name}`)),
      [],
    );
  });

  for (const name of readdirSync(join(ROOT, 'crds')).filter((file) => file.endsWith('.yaml'))) {
    it(`describe every field of spec and status for kubectl explain: ${name}`, () => {
      const crd = parse(readFileSync(join(ROOT, 'crds', name), 'utf8')) as {
        spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
      };
      const { spec, status } = crd.spec.versions[0]?.schema.openAPIV3Schema.properties ?? {};
      assert.ok(spec?.properties && status?.properties);
      assert.deepEqual([...undescribed(spec, 'spec'), ...undescribed(status, 'status')], []);
    });
  }

  it('bound every list and text of the spec, so that the cost of a rule has a bound', () => {
    assert.deepEqual(unbounded(structuralSchema(specSchema), 'spec'), []);
  });

  it('refuse what a structural schema cannot express instead of dropping it', () => {
    assert.throws(
      () => structuralSchema(z.object({ a: z.union([z.string(), z.boolean()]) })),
      /\.a: .*union|\.a: .*anyOf/,
    );
    assert.throws(() => structuralSchema(z.object({ a: z.literal('x') })), /\.a: .*const/);
  });

  it('express null as nullable, and keep no default bound', () => {
    assert.deepEqual(structuralSchema(z.object({ a: z.number().nullable(), b: z.int(), c: z.int().min(3) })), {
      type: 'object',
      properties: { a: { type: 'number', nullable: true }, b: { type: 'integer' }, c: { type: 'integer', minimum: 3 } },
      required: ['a', 'b', 'c'],
    });
  });

  it('require nothing of a status, since the API server fills it in bit by bit', () => {
    assert.equal(structuralSchema(statusSchema).required, undefined);
  });
});

type Schema = ReturnType<typeof structuralSchema>;

function fields(schema: Schema, path: string): { path: string; schema: Schema }[] {
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
      { path: `${path}.${name}`, schema: child },
      ...fields(child, `${path}.${name}`),
    ]),
    ...(schema.items === undefined
      ? []
      : [{ path: `${path}[]`, schema: schema.items }, ...fields(schema.items, `${path}[]`)]),
  ];
}

function undescribed(schema: Schema, root: string): string[] {
  return fields(schema, root)
    .filter(({ path, schema: { description } }) => description === undefined && !path.endsWith('[]'))
    .map(({ path }) => path);
}

function unbounded(schema: Schema, root: string): string[] {
  return fields(schema, root)
    .filter(
      ({ schema: { type, maxLength, maxItems, enum: values, pattern, ...rest } }) =>
        (type === 'string' && maxLength === undefined && values === undefined && pattern === undefined) ||
        (type === 'array' && maxItems === undefined && rest['x-kubernetes-preserve-unknown-fields'] === undefined),
    )
    .map(({ path }) => path);
}
