import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../src/core/model/report.ts';
import { contentHashOf, targetOf } from '../backups/fixtures.ts';
import { look, query } from '../engine/request.ts';
import { temporaryDatabase } from '../support/databases.ts';
import { toolsIn } from '../support/programs/tools.ts';
import { guideCommands, type Prepared, prepare, SAMPLES, type Sample } from './samples.ts';

/** Tools of the default suite; the others run with `npm run test:tools`. */
const SHORT = ['alembic', 'knex'];
const all = process.env.DB_MANAGER_TOOLS === 'all';

describe('commands of other tools, as the guide gives them', () => {
  for (const sample of SAMPLES.filter(({ name }) => all || SHORT.includes(name))) {
    for (const dialect of sample.sqlite ? (['postgres', 'sqlite'] as const) : (['postgres'] as const)) {
      it(`${sample.name} on ${dialect}`, async function () {
        if (toolsIn(sample.set) === undefined) this.skip();
        this.timeout(900_000);
        await playThrough(sample, dialect);
      });
    }
  }

  it('are linted: findings of Alembic have the file and the line, and its comments ignore rules', async function () {
    if (toolsIn('python') === undefined) this.skip();
    this.timeout(300_000);
    const { url } = await temporaryDatabase('postgres');
    const made = await prepare({ name: 'alembic', set: 'python' }, url);
    const body = [
      'from alembic import op',
      '',
      'revision = "0004"',
      'down_revision = "0003"',
      '',
      '',
      'def upgrade():',
      '    op.execute("CREATE INDEX orders_note ON orders (note)")',
      '    # db-manager:ignore create-index-without-concurrently the table is small',
      '    op.execute("CREATE INDEX customers_name ON customers (name)")',
      '    op.create_index("orders_total", "orders", ["total"])',
      '',
    ];
    // Tables of the same run are new, so their indexes have no finding.
    assert.equal((await reportOf(made)).reason, 'Migrated');
    const file = 'migrations/versions/0004_indexes.py';
    await writeFile(join(made.folder, file), body.join('\n'));
    const report = await reportOf(made);
    assert.equal(report.reason, 'UnsafePlan', ended(report));
    assert.match(
      report.message,
      /add "# db-manager:ignore .*db-manager wrap --approve sha256:\w+ -- alembic upgrade head/,
    );
    const findings = report.safety?.findings.filter(({ rule }) => rule === 'create-index-without-concurrently');
    assert.deepEqual(
      findings?.map(({ migration, position, statement }) => [migration, position?.file, position?.line, statement]),
      [
        ['0004', file, 8, 'CREATE INDEX orders_note ON orders (note)'],
        // Code made this one, so its line is not known.
        ['0004', file, 1, 'CREATE INDEX orders_total ON orders (total)'],
      ],
    );
    const page = await readFile(report.page ?? '', 'utf8');
    assert.match(page, /CREATE INDEX orders_total ON orders \(total\)/);
  });

  it('are all in the guide', () => {
    for (const { name } of SAMPLES) assert.match(guideCommands(name), /^db-manager wrap .*-- /m);
  });
});

async function playThrough(sample: Sample, dialect: 'postgres' | 'sqlite'): Promise<void> {
  const { url } = await temporaryDatabase(dialect);
  const sound = await prepare(sample, url);
  const first = await reportOf(sound);
  assert.equal(first.reason, 'Migrated', ended(first));
  assert.ok(first.currentRevision?.startsWith(sample.head), `at ${first.currentRevision}`);
  assert.equal(await total(url), 2);
  const second = await reportOf(sound);
  assert.equal(second.reason, 'UpToDate', ended(second));

  const before = await contentHash(url);
  const losing = await prepare(sample, url);
  await sample.add(losing.folder, 'DELETE FROM customers WHERE id = 1');
  const lost = await reportOf(losing);
  assert.equal(lost.reason, sample.refusesCascade ? 'RehearsalFailed' : 'RowsLost', ended(lost));
  const failing = await prepare(sample, url);
  await sample.add(failing.folder, 'INSERT INTO orders (id, customer_id) VALUES (1, 1)');
  const failed = await reportOf(failing);
  assert.equal(failed.reason, 'RehearsalFailed', ended(failed));
  assert.equal(await contentHash(url), before, 'the target was changed');
}

async function reportOf(made: Prepared): Promise<RunReport> {
  const { stdout, stderr, code } = await made.run();
  assert.match(stdout, /^\{/, `exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as RunReport;
}

const ended = ({ reason, message, output }: RunReport) => `${reason}: ${message}\n${output?.join('\n')}`;

async function total(url: string): Promise<number> {
  return look(url, async (database) => {
    const [row] = await query<{ n: string }>(database, 'SELECT count(*) AS n FROM orders WHERE total IS NULL');
    return Number(row?.n);
  });
}

/** Of every row of every table, and of the definitions of all objects. A run adds its own row to the runs. */
function contentHash(url: string): Promise<string> {
  return contentHashOf(targetOf(url), ['db_manager_runs']);
}
