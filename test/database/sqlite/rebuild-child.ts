/** Rebuilds a large table in a migration, optionally outside a transaction, and prints a line when it begins. */
import { apply } from './fixtures.ts';

const [file = '', transaction] = process.argv.slice(2);
process.stdout.write('begun\n');
await apply(file, [(q) => q.changeColumn('big', 'body', { type: 'VARCHAR(200)' })], {
  transaction: transaction === 'with',
});
