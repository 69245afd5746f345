import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { customResourceDefinitions } from './crd.ts';
import { AUTH_PERMISSIONS, LEASE_PERMISSIONS, PERMISSIONS, type Permission, rulesOf, SECRETS } from './rbac.ts';

const YAML = { version: '1.1', lineWidth: 120, aliasDuplicateObjects: false } as const;

/** Copied, because a chart can only read its own files. */
const COPIES = ['grafana/db-manager.json', 'prometheus/rules.yaml'];

/**
 * The parts of the operator chart that are also in crds/ and deploy/. The CRD is a template, because Helm never upgrades
 * the crds/ folder of a chart.
 */
export function chartFiles(note: string): { path: string; text: string }[] {
  return [
    { path: 'charts/db-manager/templates/crds.yaml', text: crdTemplate(note) },
    { path: 'charts/db-manager/templates/_rules.tpl', text: rulesTemplate(note) },
    ...COPIES.map((path) => ({
      path: `charts/db-manager/files/${path.split('/')[1]}`,
      text: readFileSync(join(import.meta.dirname, '../../deploy', path), 'utf8'),
    })),
  ];
}

function crdTemplate(note: string): string {
  const documents = customResourceDefinitions().map(crdDocument).join('---\n');
  return `{{- /* ${note} */}}\n{{- if .Values.crds.install }}\n${documents}{{- end }}\n`;
}

function crdDocument({
  apiVersion,
  kind,
  metadata,
  spec,
}: ReturnType<typeof customResourceDefinitions>[number]): string {
  const head = [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    'metadata:',
    `  name: ${metadata.name}`,
    '  annotations:',
    `    # Its deletion would delete every ${spec.names.kind}.`,
    '    helm.sh/resource-policy: keep',
    '  labels:',
    '    {{- include "db-manager.labels" . | nindent 4 }}',
  ];
  return `${head.join('\n')}\n${literal(stringify({ spec }, YAML))}`;
}

function rulesTemplate(note: string): string {
  const rules = (permissions: Permission[]) => literal(stringify(rulesOf(permissions), YAML)).trimEnd();
  return [
    `{{/* ${note} */}}`,
    `{{- define "db-manager.rules" -}}\n${rules(PERMISSIONS.filter((permission) => permission !== SECRETS))}`,
    `{{- if .Values.rbac.secrets }}\n${rules([SECRETS])}\n{{- end }}\n{{- end -}}`,
    `{{- define "db-manager.leaseRules" -}}\n${rules(LEASE_PERMISSIONS)}\n{{- end -}}`,
    `{{- define "db-manager.authRules" -}}\n${rules(AUTH_PERMISSIONS)}\n{{- end -}}`,
    '',
  ].join('\n');
}

/** Text for a template, escaped so that it is not interpreted. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
