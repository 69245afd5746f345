import { count } from '../../core/model/count.ts';
import type { ValidationResult } from '../../library/schema.ts';

const BESIDE_MODELS =
  'To fix this, write a migration that makes these changes (db-manager generate "…"), or change the models to match the database.';
const BESIDE_MIGRATIONS =
  'The database or its history was changed outside the migrations. Undo the change by hand, or write it as a migration. If only the history is wrong: db-manager migrate stamp <revision>';

/** Differences as sentences, with the fix of each if verbose, and the two ways to fix them. */
export function renderValidation(result: ValidationResult, verbose = false): string {
  const tables = Object.entries(result.tables);
  if (result.valid) {
    const detail = verbose ? tables.map(([name]) => `  ✓ ${name}`) : [];
    return [
      `The schema matches ${result.expected} (${count(tables.length, 'table')}).`,
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
  return notes.map((note) => `  ! Not checked: ${note}`);
}
