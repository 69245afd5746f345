import { count } from '../../core/model/count.ts';
import type { Migrated } from '../../library/migrate.ts';

/** The result of `migrate upgrade` and `migrate downgrade`. */
export function renderMigrated({ migrations, to }: Migrated, verb: 'applied' | 'reverted'): string {
  if (migrations.length === 0) return `Nothing to do; the database is at ${to}.`;
  const outside = migrations.flatMap(({ revision, outside }) =>
    outside === undefined ? [] : `\n${revision} ran outside a transaction, so it was not atomic: ${outside}`,
  );
  return `${count(migrations.length, 'migration')} ${verb}; the database is at ${to}.${outside.join('')}`;
}
