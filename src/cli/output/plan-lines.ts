import type { DatabaseMigrationStatus } from '../../core/model/resource.ts';

/** A plan and the findings in it, for the terminal. */
export function planLines(
  name: string,
  plan: NonNullable<DatabaseMigrationStatus['plan']>,
  safety: DatabaseMigrationStatus['safety'],
): string[] {
  return [
    `${name} would ${plan.direction === 'up' ? 'apply' : 'revert'}:`,
    ...plan.migrations.map((migration) => `  ${migration}`),
    ...(plan.more === undefined ? [] : [`  and ${plan.more} more`]),
    ...(safety?.findings ?? []).flatMap(({ severity, rule, migration, message, advice, also = [] }) => [
      `${severity}: ${rule} in ${migration ?? 'the plan'}: ${message}`,
      ...(advice === undefined ? [] : [`  ${advice.replaceAll('\n', '\n  ')}`]),
      ...also.map((other) => `  also ${other}`),
    ]),
  ];
}
