import type { Finding } from '../../../core/model/finding.ts';

/**
 * Annotations of GitHub Actions, one per line. Source: "Workflow commands for GitHub Actions", Setting an error
 * message. The names of the severities are the same.
 */
export function githubAnnotations(findings: readonly Finding[]): string {
  return findings.map(annotation).join('\n');
}

function annotation({ rule, severity, message, advice, position }: Finding): string {
  const place =
    position === undefined ? {} : { file: slashes(position.file), line: position.line, col: position.column };
  const properties = Object.entries({ ...place, title: rule }).map(([name, value]) => `${name}=${property(value)}`);
  return `::${severity} ${properties.join(',')}::${data(`${message}\n${advice}`)}`;
}

/** A command ends with its line, and `%` begins an escape. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(value: string | number): string {
  return data(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}
