import type { ValidationResult } from '../../library/schema.ts';

const BESIDE_MODELS =
  'Two ways out: write a migration that makes these changes (db-manager generate "…"), or change the models to what is there.';
const BESIDE_MIGRATIONS =
  'The database was changed beside the migrations, or its history was: undo the change by hand, or write it down as a migration; where only the history is wrong: db-manager migrate stamp <revision>';

/** Differences as sentences, verbose with what would mend each, and both ways out. */
export function renderValidation(result: ValidationResult, verbose = false): string {
  const tables = Object.entries(result.tables);
  if (result.valid) {
    const detail = verbose ? tables.map(([name]) => `  ✓ ${name}`) : [];
    return [
      `The schema equals ${result.expected} (${tables.length} ${tables.length === 1 ? 'table' : 'tables'}).`,
      ...detail,
      ...notesOf(result),
    ].join('\n');
  }
  return [
    `The schema differs from ${result.expected}:`,
    ...result.differences.flatMap(({ message, fix }) => [`  ✗ ${message}`, ...(verbose ? [`    to fix: ${fix}`] : [])]),
    ...(verbose ? tables.filter(([, { valid }]) => valid).map(([name]) => `  ✓ ${name}`) : []),
    result.expected.startsWith('a replay') ? BESIDE_MIGRATIONS : BESIDE_MODELS,
    ...notesOf(result),
  ].join('\n');
}

function notesOf({ notes }: ValidationResult): string[] {
  return notes.map((note) => `  ! Not looked at: ${note}`);
}
