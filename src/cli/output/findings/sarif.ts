import type { Finding, Severity } from '../../../core/model/finding.ts';
import { TOOL_VERSION } from '../../../core/model/version.ts';

/** The entry of a log for a rule that has findings. */
interface SarifRule {
  id: string;
  title: string;
  why: string;
  severity: Severity;
  topic: string;
}

const LEVEL = { error: 'error', warning: 'warning', notice: 'note' } as const satisfies Record<Severity, string>;

/**
 * A SARIF log, version 2.1.0 (OASIS standard of 2020), with one run. It names the rules that have findings, so that
 * every `ruleIndex` has its rule and the log stays small.
 */
export function sarif(findings: readonly Finding[], rules: readonly SarifRule[]): object {
  const found = new Set(findings.map(({ rule }) => rule));
  const named = rules.filter(({ id }) => found.has(id));
  const index = new Map(named.map(({ id }, at) => [id, at]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'db-manager', semanticVersion: TOOL_VERSION, rules: named.map(reportingDescriptor) } },
        // Columns are counted in UTF-16 code units.
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => result(finding, index.get(finding.rule))),
      },
    ],
  };
}

function reportingDescriptor({ id, title, why, severity, topic }: SarifRule): object {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: why },
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { tags: [topic] },
  };
}

function result({ rule, severity, message, advice, migration, position }: Finding, ruleIndex?: number): object {
  const logical = migration === undefined ? {} : { logicalLocations: [{ name: migration, kind: 'migration' }] };
  const place =
    position === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: uri(position.file), uriBaseId: '%SRCROOT%' },
            region: { startLine: position.line, startColumn: position.column },
          },
        };
  const location = { ...place, ...logical };
  return {
    ruleId: rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: LEVEL[severity],
    message: { text: `${message} ${advice}` },
    ...(Object.keys(location).length === 0 ? {} : { locations: [location] }),
  };
}

/** A relative URI reference (RFC 3986): each segment escaped. */
function uri(path: string): string {
  return path.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
