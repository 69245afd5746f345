import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../src/core/model/finding.ts';
import type { RunReport } from '../../src/core/model/report.ts';
import { look, requestFor, runOn, targetOf } from '../engine/request.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

const ITEMS = {
  '1_items.sql':
    '-- migrate:up\nCREATE TABLE items (id integer PRIMARY KEY, note text, n integer);\n-- migrate:down\nDROP TABLE items;\n',
};
const DROP = {
  '2_drop.sql':
    '-- Nobody reads notes any more.\n\n-- migrate:up\nALTER TABLE items\n  DROP COLUMN note;\n-- migrate:down\nALTER TABLE items ADD COLUMN note text;\n',
};
const DROP_IN_CODE = {
  '2_drop.mjs':
    "export async function up({ context }) {\n  await context.removeColumn('items', 'note');\n}\nexport async function down({ context }) {\n  await context.addColumn('items', 'note', 'TEXT');\n}\n",
};

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('migrations');
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** Changes rows outside of any run, as an application would. */
function change(url: string, sql: string): Promise<unknown> {
  return look(url, (database) => (database.sequelize as { query(sql: string): Promise<unknown> }).query(sql));
}

type Overrides = Parameters<typeof requestFor>[2];

/** A database that has the items, and a way to run more on it. */
async function ground(dialect: TestDialect) {
  const { url } = await temporaryDatabase(dialect);
  const backups = await temporaryFolder('backups');
  const run = async (files: Record<string, string>, overrides: Overrides = {}): Promise<RunReport> =>
    (await runOn(url, requestFor(await folderOf(files), backups, overrides))).report;
  const first = await run(ITEMS, { backup: { enabled: false }, safety: { rehearsal: 'Disabled' } });
  assert.equal(first.reason, 'Migrated', first.message);
  return { url, backups, run };
}

const ids = ({ safety }: RunReport) => asking(safety?.findings ?? []).map(({ rule }) => rule);
const asking = (findings: Finding[]) => findings.filter(({ severity }) => severity !== 'notice');
const steps = (report: RunReport) => report.steps.map(({ step, kind }) => `${step}: ${kind}`);

for (const dialect of DIALECTS) {
  describe(`the safety rules in a run on ${dialect}`, function () {
    this.timeout(120_000);

    it('stop a plan with an error before anything is written, and report what, where, and how to continue', async () => {
      const { url, backups, run } = await ground(dialect);
      const report = await run({ ...ITEMS, ...DROP });
      assert.equal(report.reason, 'UnsafePlan', report.message);
      assert.deepEqual([report.result, report.retry, report.touched], ['blocked', 'never', false]);
      assert.equal(steps(report).at(-1), 'check: blocked');
      assert.match(report.message, /^1 error/);
      assert.match(report.message, /drop-column at 2_drop\.sql:4:1: /);
      assert.match(report.message, /db-manager safety-check/);
      assert.match(
        report.message,
        /-- db-manager:ignore drop-column <reason>.*safety\.ignore.*safe-migrate --approve sha256:/,
      );
      assert.deepEqual(report.failure?.position, { file: '2_drop.sql', line: 4, column: 1 });
      assert.equal(report.failure.migration, '2_drop');
      assert.equal(report.safety?.result, 'Blocked');
      assert.deepEqual(ids(report), ['drop-column']);
      assert.deepEqual(await readdir(backups), []);
      const { tables } = await look(url, (database) => database.snapshot());
      assert.deepEqual(
        tables[0]?.columns.map(({ name }) => name),
        ['id', 'note', 'n'],
      );
    });

    it('stop code that does the same, at the line that does it, and leave no scratch database behind', async () => {
      const { url, run } = await ground(dialect);
      const report = await run({ ...ITEMS, ...DROP_IN_CODE });
      assert.equal(report.reason, 'UnsafePlan', report.message);
      assert.deepEqual([report.failure?.position?.file, report.failure?.position?.line], ['2_drop.mjs', 2]);
      assert.deepEqual(await look(url, (database) => database.dropStaleScratches()), []);
      assert.deepEqual(report.message.match(/could not be cleaned up/), null);
    });

    it('only warn with mode Warn, and report nothing with Disabled', async () => {
      const { run } = await ground(dialect);
      const dry = { dryRun: true } as const;
      const warned = await run({ ...ITEMS, ...DROP }, { ...dry, safety: { mode: 'Warn' } });
      assert.equal(warned.reason, 'DryRun', warned.message);
      assert.equal(warned.safety?.result, 'Warned');
      assert.ok(ids(warned).includes('drop-column'));
      assert.match(warned.steps.find(({ step }) => step === 'check')?.message ?? '', /; 1 error, first drop-column/);
      const off = await run({ ...ITEMS, ...DROP }, { ...dry, safety: { mode: 'Disabled' } });
      assert.equal(off.safety?.result, 'Disabled');
      assert.deepEqual(off.safety.findings, []);
    });

    it('leave out what is ignored in the request or next to the statement', async () => {
      const { run } = await ground(dialect);
      const dry = { dryRun: true, safety: { rehearsal: 'Disabled' } } as const;
      const named = await run(
        { ...ITEMS, ...DROP },
        { dryRun: true, safety: { rehearsal: 'Disabled', ignore: ['drop-column'] } },
      );
      assert.equal(named.reason, 'DryRun', named.message);
      assert.deepEqual(ids(named), []);
      const beside = DROP['2_drop.sql'].replace(
        'migrate:up\n',
        'migrate:up\n-- db-manager:ignore drop-column unused since May\n',
      );
      assert.deepEqual(ids(await run({ ...ITEMS, '2_drop.sql': beside }, dry)), []);
      const mute = DROP['2_drop.sql'].replace('migrate:up\n', 'migrate:up\n-- db-manager:ignore drop-column\n');
      const refused = await run({ ...ITEMS, '2_drop.sql': mute }, dry);
      assert.equal(refused.reason, 'UnsafePlan');
      assert.deepEqual(ids(refused), ['drop-column', 'ignore-without-reason']);
    });

    it('refuse an id that no rule has before anything is touched, and name the near ones', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      const request = requestFor(await folderOf(ITEMS), backups, { safety: { ignore: ['drop-colum'] } });
      const { report } = await runOn(url, request);
      assert.equal(report.reason, 'InvalidConfiguration');
      assert.match(report.message, /"drop-colum", which does not match any rule\. Did you mean drop-column/);
      assert.deepEqual(steps(report), ['load: failed']);
      const target = targetOf(url);
      if (target.dialect === 'sqlite') assert.equal(existsSync(target.path), false);
    });

    it('leave a table alone that the same plan makes', async () => {
      const { url } = await temporaryDatabase(dialect);
      const backups = await temporaryFolder('backups');
      const { report } = await runOn(url, requestFor(await folderOf({ ...ITEMS, ...DROP }), backups));
      assert.equal(report.reason, 'Migrated', report.message);
    });

    it('report what a downgrade removes, and do not stop it: it was requested explicitly', async () => {
      const { run } = await ground(dialect);
      const report = await run(ITEMS, { target: 'base', allowDowngrade: true });
      assert.equal(report.reason, 'Reverted', report.message);
      assert.ok(report.safety?.findings.some(({ rule, severity }) => rule === 'drop-table' && severity === 'warning'));
    });

    it('wait for a person with approval OnFindings; what was approved runs, and nothing else does', async () => {
      const { url, run } = await ground(dialect);
      const files = { ...ITEMS, ...DROP };
      const waiting = await run(files, { approval: 'OnFindings' });
      assert.equal(waiting.reason, 'AwaitingApproval', waiting.message);
      assert.match(waiting.message, /is awaiting approval\. 1 error, first drop-column at 2_drop\.sql:4:1/);
      assert.deepEqual(ids(waiting), ['drop-column']);
      assert.equal(waiting.safety?.result, 'Blocked');
      const asked = await run(files, { approval: 'Manual' });
      assert.deepEqual([asked.reason, asked.safety?.result], ['AwaitingApproval', 'Blocked']);
      const made = '-- migrate:up\nCREATE TABLE made (id integer PRIMARY KEY);\n';
      const harmless = await run({ ...ITEMS, '2_made.sql': made }, { approval: 'Manual' });
      const expected = dialect === 'postgres' ? 'Warned' : 'Passed';
      assert.deepEqual([harmless.reason, harmless.safety?.result], ['AwaitingApproval', expected]);
      const approvedPlan = waiting.plan?.digest ?? '';
      const more = { ...files, '3_more.sql': '-- migrate:up\nCREATE TABLE more (id integer PRIMARY KEY);\n' };
      const changed = await run(more, { approval: 'OnFindings', approvedPlan });
      assert.deepEqual([changed.reason, changed.safety?.result], ['PlanChanged', 'Blocked']);
      const done = await run(files, { approval: 'OnFindings', approvedPlan });
      assert.equal(done.reason, 'Migrated', done.message);
      const { tables } = await look(url, (database) => database.snapshot());
      assert.deepEqual(
        tables[0]?.columns.map(({ name }) => name),
        ['id', 'n'],
      );
    });

    it('do not wait with approval OnFindings if no finding requires attention', async () => {
      const { run } = await ground(dialect);
      const report = await run(
        { ...ITEMS, '2_more.sql': 'CREATE TABLE more (id bigint PRIMARY KEY);' },
        { approval: 'OnFindings' },
      );
      assert.equal(report.reason, 'Migrated', report.message);
    });

    it('run an approved plan if no approval is required, as the message of a run without a cluster describes', async () => {
      const { run } = await ground(dialect);
      const refused = await run({ ...ITEMS, ...DROP });
      const done = await run({ ...ITEMS, ...DROP }, { approvedPlan: refused.plan?.digest });
      assert.equal(done.reason, 'Migrated', done.message);
    });
  });
}

describe('what the rehearsal showed', function () {
  this.timeout(120_000);

  it('is reported as findings: a table with rows that was rewritten, with its size and the time that production may take', async () => {
    const { url, run } = await ground('postgres');
    await change(url, 'INSERT INTO items SELECT g, NULL, g FROM generate_series(1, 5000) g');
    await change(url, 'ANALYZE items');
    const rewrite =
      '-- migrate:up\nALTER TABLE items ALTER COLUMN n TYPE bigint;\n-- migrate:down\nALTER TABLE items ALTER COLUMN n TYPE integer;\n';
    const full = await run({ ...ITEMS, '2_wide.sql': rewrite }, { dryRun: true, safety: { mode: 'Warn' } });
    const found = full.safety?.findings.find(({ rule }) => rule === 'observed-table-rewritten');
    assert.equal(found?.severity, 'warning');
    assert.equal(found.migration, '2_wide');
    assert.match(found.message, /^items was rewritten on the copy: about 5,000 rows, 0\.\d MB in production.* took \d/);
    const schema = await run(
      { ...ITEMS, '2_wide.sql': rewrite },
      { dryRun: true, safety: { mode: 'Warn', rehearsal: 'SchemaOnly' } },
    );
    const guess = schema.safety?.findings.find(({ rule }) => rule === 'observed-table-rewritten');
    assert.match(guess?.message ?? '', /about 5,000 rows.*the copy had no rows/i);
    const safety = { mode: 'Warn', ignore: ['observed-table-rewritten'] } as const;
    const ignored = await run(
      { ...ITEMS, '2_wide.sql': rewrite },
      { dryRun: true, safety: { ...safety, ignore: [...safety.ignore] } },
    );
    assert.ok(!ids(ignored).includes('observed-table-rewritten'));
  });

  it('is reported as a finding: how long a lock was held, without the time before it was taken', async () => {
    const { url, run } = await ground('postgres');
    await change(url, 'INSERT INTO items SELECT g, NULL, g FROM generate_series(1, 10) g');
    const held = (before: number, after: number) =>
      `-- migrate:up\nSELECT pg_sleep(${before});\nALTER TABLE items ALTER COLUMN note SET DEFAULT 'x';\nSELECT pg_sleep(${after});\n-- migrate:down\nALTER TABLE items ALTER COLUMN note DROP DEFAULT;\n`;
    const long = await run({ ...ITEMS, '2_held.sql': held(1, 1.2) }, { dryRun: true });
    const lock = long.rehearsal?.migrations[0]?.locks.find(({ table }) => table === 'public.items');
    assert.equal(lock?.mode, 'AccessExclusiveLock');
    const whole = long.rehearsal?.migrations[0]?.seconds ?? 0;
    assert.ok((lock.seconds ?? 0) >= 1.2 && (lock.seconds ?? 0) < whole - 0.5, `${lock.seconds} s of ${whole}`);
    const found = long.safety?.findings.find(({ rule }) => rule === 'observed-lock-held');
    assert.match(found?.message ?? '', /^items \(.*\) was under AccessExclusiveLock for \d\.\d s until the end/);
    const late = await run({ ...ITEMS, '2_held.sql': held(1.5, 0) }, { dryRun: true });
    assert.ok(!late.safety?.findings.some(({ rule }) => rule === 'observed-lock-held'));
  });

  it('is an error if rows were lost from a table that no statement mentions, and can be ignored by its id', async () => {
    const files = {
      ...ITEMS,
      '2_parts.sql':
        '-- migrate:up\nCREATE TABLE parts (id integer PRIMARY KEY, item integer REFERENCES items (id) ON DELETE CASCADE);\n-- migrate:down\nDROP TABLE parts;\n',
    };
    const losing = {
      ...files,
      '3_clean.sql': '-- migrate:up\nDELETE FROM items WHERE id = 1;\n-- migrate:down\nSELECT 1;\n',
    };
    for (const dialect of DIALECTS) {
      const { url, run } = await ground(dialect);
      await run(files);
      await change(url, 'INSERT INTO items VALUES (1, NULL, 1)');
      await change(url, 'INSERT INTO parts VALUES (1, 1)');
      const stopped = await run(losing, { safety: { roundTrip: false } });
      assert.equal(stopped.reason, 'RowsLost', stopped.message);
      assert.ok(
        stopped.safety?.findings.some(({ rule, severity }) => rule === 'observed-rows-lost' && severity === 'error'),
      );
      const done = await run(losing, { safety: { roundTrip: false, ignore: ['observed-rows-lost'] } });
      assert.equal(done.reason, 'Migrated', done.message);
    }
  });
});
