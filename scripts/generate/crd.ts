import { DOCUMENTATION } from '../../src/core/model/documentation.ts';
import { GROUP, KIND, PLURAL, SHORT_NAME, specSchema, statusSchema, VERSION } from '../../src/core/model/resource.ts';
import { ruleIds } from '../../src/core/safety/rule-ids.ts';
import { KINDS } from '../../src/kinds/index.ts';
import type { AnyKind } from '../../src/kinds/kind.ts';
import { structuralSchema } from './structural-schema.ts';

/** The CustomResourceDefinitions of all kinds. */
export function customResourceDefinitions() {
  return [customResourceDefinition(), ...KINDS.map(definitionOf)];
}

function definitionOf({ kind, plural, shortName, description, columns, spec, status }: AnyKind) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['db-manager'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              description,
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structuralSchema(spec),
                status: statusOf(status),
              },
            },
          },
        },
      ],
    },
  };
}

/** The CustomResourceDefinition of DatabaseMigration. */
export function customResourceDefinition() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: [SHORT_NAME],
        categories: ['db-manager'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: PRINTER_COLUMNS,
          schema: {
            openAPIV3Schema: {
              description:
                'Brings a database to a revision of its migrations: checks, backs up, rehearses on a copy, applies and verifies.',
              type: 'object',
              required: ['spec'],
              'x-kubernetes-validations': [
                {
                  rule: '!has(self.spec.dependsOn) || self.spec.dependsOn.all(each, each.name != self.metadata.name)',
                  message: 'a DatabaseMigration cannot depend on itself: take its own name out of spec.dependsOn',
                },
              ],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: specOfMigration(),
                status: statusOf(statusSchema),
              },
            },
          },
        },
      ],
    },
  };
}

/**
 * The API server shows this status for a resource whose first status is not written yet. Without it kstatus, and so Flux,
 * takes a new resource for one that has been processed.
 */
function statusOf(schema: AnyKind['status']) {
  return { ...structuralSchema(schema), default: { observedGeneration: -1 } };
}

/** With the ids of the rules, which the schema itself does not know. */
function specOfMigration() {
  const schema = structuralSchema(specSchema);
  const ignore = schema.properties?.safety?.properties?.ignore;
  if (ignore === undefined) throw new Error('spec.safety.ignore is not in the schema');
  const known = `[${ruleIds()
    .map((id) => `'${id}'`)
    .join(',')}]`;
  ignore['x-kubernetes-validations'] = [
    {
      rule: `self.all(id, id in ${known})`,
      message: `safety.ignore contains an id that no rule has; the ids are in ${DOCUMENTATION}/reference/rules/README.md`,
    },
  ];
  return schema;
}

const PRINTER_COLUMNS = [
  column('Revision', 'string', '.status.currentRevision', 'Current revision of the database.'),
  column('Pending', 'integer', '.status.pending', 'Migrations still to run.'),
  column('Ready', 'string', '.status.conditions[?(@.type=="Ready")].status', 'Whether the spec is fulfilled.'),
  column('Status', 'string', '.status.summary', 'What the last or the running run is at.'),
  column('Backup', 'string', '.status.backup.name', 'The last backup.'),
  column('Age', 'date', '.metadata.creationTimestamp', 'Since when the resource exists.'),
  { ...column('Target', 'string', '.status.targetRevision', 'Revision that the target resolves to.'), priority: 1 },
  { ...column('Database', 'string', '.status.database', 'The database.'), priority: 1 },
];

function column(name: string, type: string, jsonPath: string, description: string) {
  return { name, type, jsonPath, description };
}
