/** `kubectl describe` without what differs from run to run; what is equal stays equal, and what differs stays different. */
export function normalised(text: string, namespace: string): string {
  return (
    withoutInternals(text)
      .replaceAll(namespace, 'shop')
      .replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, '2026-01-05T09:00:00Z')
      .replace(/backup_\d{8}_\d{6}(_\d+)?/g, 'backup_20260105_090000')
      .replace(/run_\d{8}_\d{6}_\w{1,8}/g, 'run_20260105_090000_4f4f4f4f')
      .replace(/sha256:[0-9a-f]{64}/g, `sha256:${'4f'.repeat(32)}`)
      .replace(/\b[0-9a-f]{64}\b/g, '4f'.repeat(32))
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '6e0bfa1c-2b4d-4e8f-9a57-0c1d2e3f4a5b')
      .replace(/-[0-9a-f]{10}\b/g, '-4f4f4f4f4f')
      .replace(/(Resource Version: +)\d+/g, '$14711')
      .replace(/((?:Seconds|Duration Ms|Size Bytes): +)[\d.e-]+/g, '$11')
      // The unit stays, so that a page with a unit that the program does not print differs.
      .replace(/\b\d+\.\d ([kMGT]B)\b/g, '1.0 $1')
      .replace(/sha256 [0-9a-f]{12}\b/g, 'sha256 4f4f4f4f4f4f')
      .replace(/\b\d+(\.\d+)? (ms|s)\b/g, '1 s')
      .replace(/\d+s( \(x\d+ over \d+s\))?( +)db-manager/g, '2s  db-manager')
      .replace(/^( +Type +Reason +Age).*$/gm, '  Type     Reason                Age  From        Message')
      .replace(/^ +-{4} +-{6} .*$/gm, '  ----     ------                ---  ----        -------')
      .replace(/(?:^ +(?:Normal|Warning) +\w+ +2s +db-manager .*\n?)+/gm, eventLines)
  );
}

/** The position of each event among those of the same second, whose order kubectl does not define. */
const ORDER = ['Running', 'Migrated'];

/** kubectl's widths follow the longest word of the column, which the ages change. */
function eventLines(lines: string): string {
  const events = [...lines.matchAll(/^ +(\w+) +(\w+) +2s +db-manager +(.*)$/gm)].map(
    ([, type = '', reason = '', message = '']) => ({ type, reason, message }),
  );
  const place = ({ reason }: { reason: string }) => ORDER.indexOf(reason) + 1 || ORDER.length + 1;
  return events
    .sort((a, b) => place(a) - place(b))
    .map(({ type, reason, message }) => `  ${type.padEnd(8)} ${reason.padEnd(21)} 2s   db-manager  ${message}\n`)
    .join('');
}

/** Without the spec, which is shown once. */
export function withoutSpec(text: string): string {
  return text.replace(/^Spec:\n(?: .*\n)*/m, '');
}

/** The copy of the manifest that kubectl keeps in an annotation, which adds nothing to the spec. */
function withoutInternals(text: string): string {
  return text.replace(/^Annotations:.*\n(?: {14}.*\n)*/m, '');
}
