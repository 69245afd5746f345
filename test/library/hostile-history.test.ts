import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { upgradeDatabase } from '../../src/library/migrate.ts';
import { type SafeMigrateOptions, safeMigrate } from '../../src/library/safe-migrate.ts';
import { query } from '../engine/request.ts';
import { DIALECTS } from '../support/databases.ts';
import {
  COMPATIBLE,
  type Deployment,
  deployment,
  execute,
  INCOMPATIBLE,
  sql,
  VERSION_1,
} from './going-back-fixtures.ts';

const POLICIES = ['Accept', 'Refuse', 'Downgrade'] as const;
const QUICK = { rehearsal: 'Disabled', backup: false, validation: { before: 'Disabled', after: 'Disabled' } } as const;

type Files = Readonly<Record<string, string>>;

/** The reason of a run of the older version with each policy, one after the other; `said` gets the messages. */
async function ends(here: Deployment, options: Partial<SafeMigrateOptions> = {}, said: string[] = []) {
  const found: Partial<Record<(typeof POLICIES)[number], string>> = {};
  for (const unknownApplied of POLICIES) {
    const { reason, message } = await safeMigrate({ ...here.options, ...QUICK, ...options, unknownApplied });
    found[unknownApplied] = reason;
    said.push(message);
  }
  return found;
}

const EVERY = (reason: string) => Object.fromEntries(POLICIES.map((policy) => [policy, reason]));

/** The tables are those of the newer version or, where there was none, of version 1. */
async function nothingChanged(here: Deployment) {
  const tables = await here.look(async (database) => (await database.snapshot()).tables.map(({ name }) => name));
  assert.ok(tables.includes('orders'));
  const rows = await here.look((database) => query<{ n: number }>(database, 'SELECT count(*) AS n FROM orders'));
  assert.equal(Number(rows[0]?.n), 0);
}

async function rolledBack(dialect: Deployment['dialect'], newer: Files, older: Files = VERSION_1) {
  const here = await deployment(dialect, newer);
  await upgradeDatabase(here.options);
  await here.deploy(older);
  return here;
}

for (const dialect of DIALECTS) {
  describe(`a history that a rollback does not expect, on ${dialect}`, function () {
    this.timeout(240_000);
    const change = (here: Deployment, statement: string) => here.look((database) => execute(database, statement));

    it('has two newer branches: both are judged and reverted', async () => {
      const both = { ...COMPATIBLE, '0002_other.sql': sql('CREATE TABLE b (id integer);', 'DROP TABLE b;') };
      assert.deepEqual(await ends(await rolledBack(dialect, both)), {
        Accept: 'AheadOfFiles',
        Refuse: 'MissingMigration',
        Downgrade: 'Reverted',
      });
      const one = { ...both, '0002_other.sql': INCOMPATIBLE['0002_drop_note.sql'] };
      assert.equal((await ends(await rolledBack(dialect, one))).Accept, 'IncompatibleMigration');
    });

    it('is of another branch, a renamed file or a renamed first file: refused by every policy, with what to do', async () => {
      const invoices = COMPATIBLE['0002_invoices.sql'];
      const orders = VERSION_1['0001_orders.sql'];
      const cases: [Files, RegExp][] = [
        [{ ...VERSION_1, '0002_other.sql': sql('CREATE TABLE b (id integer);') }, /^0002_invoices is applied/],
        [
          { ...VERSION_1, '0002_bills.sql': invoices },
          /0002_bills has the text of 0002_invoices: rename the file back/,
        ],
        [{ '0001_customers.sql': orders }, /0001_customers has the text of 0001_orders/],
      ];
      for (const [files, message] of cases) {
        const here = await rolledBack(dialect, COMPATIBLE, files);
        const said: string[] = [];
        assert.deepEqual(await ends(here, {}, said), EVERY('MissingMigration'));
        for (const one of said) assert.match(one, message);
        await nothingChanged(here);
      }
    });

    it('is met by files of which two are the same migration', async () => {
      const here = await rolledBack(dialect, COMPATIBLE, { ...VERSION_1, '0001_orders.up.sql': 'SELECT 1;' });
      assert.deepEqual(await ends(here), EVERY('DuplicateMigration'));
      await nothingChanged(here);
    });

    it('has TypeScript: judged by what it sent, and reverted once its plan is approved', async () => {
      const code = `type C = { context: any };
export async function up({ context }: C): Promise<void> {
  await context.createTable('carts', { id: { type: 'INTEGER', primaryKey: true } });
}
export const down = async ({ context }: C) => { await context.dropTable('carts'); };
`;
      const here = await rolledBack(dialect, { ...VERSION_1, '0002_carts.ts': code });
      assert.deepEqual(await ends(here), { Accept: 'AheadOfFiles', Refuse: 'MissingMigration', Downgrade: 'RowsLost' });
      const downgrade = { ...here.options, ...QUICK, unknownApplied: 'Downgrade' } as const;
      const { plan } = await safeMigrate(downgrade);
      assert.equal((await safeMigrate({ ...downgrade, approvedPlan: plan?.digest })).reason, 'Reverted');
    });

    it('has rows that something else wrote: refused, and never run', async () => {
      const row = (revision: string, more: Record<string, string> = {}) => {
        const values: Record<string, string> = {
          sequence: '50',
          revision: `'${revision}'`,
          checksum: 'NULL',
          applied_at: "'2026-01-01 00:00:00+00'",
          duration_ms: '1',
          run_id: "'x'",
          tool_version: "'9'",
          state: "'applied'",
          layout: '2',
          ...more,
        };
        const overriding = dialect === 'postgres' ? ' OVERRIDING SYSTEM VALUE' : '';
        return `INSERT INTO db_manager_history (${Object.keys(values)})${overriding} VALUES (${Object.values(values)})`;
      };
      const noGzip = dialect === 'sqlite' ? "x'00'" : "'\\x00'";
      const ofNoGzip = `'sha256:${createHash('sha256')
        .update(Buffer.from([0]))
        .digest('hex')}'`;
      const rows: [string, string][] = [
        [row('some tool; DROP TABLE orders'), 'MissingMigration'],
        [row('0000_before', { sequence: '-1' }), 'MissingMigration'],
        [row('9'.repeat(3_000)), 'MissingMigration'],
        [row(''), 'MissingMigration'],
        [row('0001_ORDERS'), 'MissingMigration'],
        [row('0009_x', { layout: '99' }), 'MissingMigration'],
        [row('0009_x', { source_format: "'gzip-1'", source: noGzip, source_digest: ofNoGzip }), 'StoredSourceInvalid'],
      ];
      for (const [statement, reason] of rows) {
        const here = await rolledBack(dialect, VERSION_1);
        await change(here, statement);
        assert.deepEqual(await ends(here), { ...EVERY(reason), Refuse: 'MissingMigration' }, statement.slice(0, 200));
        await nothingChanged(here);
      }
    });

    it('has a text that was replaced together with its digest: another text, a name outside, a bomb', async () => {
      const here = await rolledBack(dialect, COMPATIBLE);
      const name = '../../outside.mjs';
      const code = 'globalThis.ranFromHistory = true; export const up = () => {}; export const down = up;';
      const packed = (header: object, ...contents: (string | Buffer)[]) =>
        gzipSync(
          Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...contents.map((one) => Buffer.from(one))]),
        );
      const texts = [
        packed({ files: [{ name: '0002_invoices.mjs', bytes: code.length }] }, code),
        packed({ files: [{ name, bytes: code.length }] }, code),
        packed({ files: [{ name: '0002_invoices.sql', bytes: -1 }] }, code),
        packed({ files: [{ name: '0002_invoices.sql', bytes: 80 * 1024 * 1024 }] }, Buffer.alloc(80 * 1024 * 1024)),
      ];
      for (const text of texts) {
        const hex = text.toString('hex');
        const digest = createHash('sha256').update(text).digest('hex');
        const source = dialect === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'`;
        // Without the checksum of the row, only what the text itself contains is known.
        await change(
          here,
          `UPDATE db_manager_history SET source = ${source}, source_digest = 'sha256:${digest}'${text === texts[0] ? '' : ', checksum = NULL'} WHERE revision = '0002_invoices'`,
        );
        assert.deepEqual(await ends(here), { ...EVERY('StoredSourceInvalid'), Refuse: 'MissingMigration' });
      }
      assert.equal((globalThis as { ranFromHistory?: true }).ranFromHistory, undefined);
      await nothingChanged(here);
    });

    it('is of an older db-manager, without texts: refused, with the command that stores them', async () => {
      const here = await rolledBack(dialect, COMPATIBLE);
      for (const column of ['source_format', 'source_digest', 'source_note', 'source', 'layout'])
        await change(here, `ALTER TABLE db_manager_history DROP COLUMN ${column}`);
      const said: string[] = [];
      assert.deepEqual(await ends(here, {}, said), EVERY('MissingMigration'));
      assert.match(
        said[0] ?? '',
        /Deploy the version that contains the files\..*store it: db-manager repair --store-sources$/,
      );
      await nothingChanged(here);
    });

    it('is in a separate table and schema', async () => {
      const history = dialect === 'sqlite' ? { table: 'ops' } : { schema: 'ops', table: 'ops' };
      const here = await deployment(dialect, COMPATIBLE);
      await upgradeDatabase({ ...here.options, history });
      await here.deploy(VERSION_1);
      assert.deepEqual(await ends(here, { history }), {
        Accept: 'AheadOfFiles',
        Refuse: 'MissingMigration',
        Downgrade: 'Reverted',
      });
    });
  });
}
