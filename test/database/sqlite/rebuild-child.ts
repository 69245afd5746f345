/** Rebuilds a large table in a migration, outside a transaction where asked, and says when it has begun. */
import { apply } from './fixtures.ts';

const [file = '', transaction] = process.argv.slice(2);
process.stdout.write('begun\n');
await apply(file, [(q) => q.changeColumn('big', 'body', { type: 'VARCHAR(200)' })], {
  transaction: transaction === 'with',
});
