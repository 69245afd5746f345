import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { customResourceDefinition } from './crd.ts';
import { LEASE_RIGHTS, RIGHTS, type Right, rulesOf } from './rbac.ts';

const YAML = { version: '1.1', lineWidth: 120, aliasDuplicateObjects: false } as const;

/** A chart sees only files of its own. */
const COPIES = ['grafana/db-manager.json', 'prometheus/rules.yaml'];

/**
 * What the operator's chart has in common with crds/ and deploy/rbac. The CRD is a template, since Helm never upgrades
 * what lies in a chart's own crds/ folder.
 */
export function chartFiles(note: string): { path: string; text: string }[] {
  return [
    { path: 'charts/db-manager/templates/crds.yaml', text: crdTemplate(note) },
    { path: 'charts/db-manager/templates/_rights.tpl', text: rightsTemplate(note) },
    ...COPIES.map((path) => ({
      path: `charts/db-manager/files/${path.split('/')[1]}`,
      text: readFileSync(join(import.meta.dirname, '../../deploy', path), 'utf8'),
    })),
  ];
}

function crdTemplate(note: string): string {
  const { apiVersion, kind, metadata, spec } = customResourceDefinition();
  const head = [
    `{{- /* ${note} */}}`,
    '{{- if .Values.crds.install }}',
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${metadata.name}`,
    '  annotations:',
    '    # Deleting it would delete every DatabaseMigration with it.',
    '    helm.sh/resource-policy: keep',
    '  labels:',
    '    {{- include "db-manager.labels" . | nindent 4 }}',
  ];
  return `${head.join('\n')}\n${literal(stringify({ spec }, YAML))}{{- end }}\n`;
}

function rightsTemplate(note: string): string {
  const rules = (rights: Right[]) => literal(stringify(rulesOf(rights), YAML)).trimEnd();
  return [
    `{{/* ${note} */}}`,
    `{{- define "db-manager.rights" -}}\n${rules(RIGHTS)}\n{{- end -}}`,
    `{{- define "db-manager.lease-rights" -}}\n${rules(LEASE_RIGHTS)}\n{{- end -}}`,
    '',
  ].join('\n');
}

/** Text that stands in a template as it is. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
