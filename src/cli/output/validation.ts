import type { ValidationResult } from '../../library/schema.ts';

/** Differences as sentences, verbose with what would mend each, and both ways out. */
export function renderValidation(result: ValidationResult, verbose = false): string {
  const tables = Object.entries(result.tables);
  if (result.valid) {
    const detail = verbose ? tables.map(([name]) => `  ✓ ${name}`) : [];
    return [
      `The schema equals ${result.expected} (${tables.length} ${tables.length === 1 ? 'table' : 'tables'}).`,
      ...detail,
    ].join('\n');
  }
  return [
    `The schema differs from ${result.expected}:`,
    ...result.differences.flatMap(({ message, mend }) => [
      `  ✗ ${message}`,
      ...(verbose ? [`    to mend: ${mend}`] : []),
    ]),
    ...(verbose ? tables.filter(([, { valid }]) => valid).map(([name]) => `  ✓ ${name}`) : []),
    'Two ways out: write a migration that makes these changes (db-manager generate "…"), or change the models to what is there.',
  ].join('\n');
}
