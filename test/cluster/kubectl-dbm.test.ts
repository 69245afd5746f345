import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { type CommandResult, compileCache, runCommand } from '../support/processes.ts';
import { KUBECTL_DBM } from '../support/program.ts';
import { findKubectl } from './clients.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { configMap, furnish, LEDGER, sqliteMigration } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

describeCluster('kubectl dbm', function (this: void, cluster) {
  let ground: Ground;
  let operator: Operator;
  let folder: string;
  let kubectl: string;

  before(async function () {
    this.timeout(180_000);
    ground = await openGround(cluster(), 'plugin');
    await furnish(ground);
    operator = await ground.startOperator();
    folder = await temporaryFolder('plugin');
    kubectl = await findKubectl();
    // What npm makes of `bin` in package.json: a program of this name in PATH.
    const program = `#!/bin/sh\nexec '${process.execPath}' '${KUBECTL_DBM}' "$@"\n`;
    await writeFile(join(folder, 'kubectl-dbm'), program, { mode: 0o755 });
    await ground.apply(
      configMap('asks', LEDGER),
      sqliteMigration('asks', { approval: 'Manual' }),
      configMap('bad', { ...LEDGER, '3_bad.sql': '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n' }),
      sqliteMigration('bad'),
    );
    await ground.resourceWhen('asks', 'awaiting', ({ status }) => status?.summary === 'AwaitingApproval', 60);
    await ground.resourceWhen('bad', 'failed', ({ status }) => status?.failure?.reason === 'RehearsalFailed', 60);
  });
  after(() => operator?.stop());

  const dbm = (...args: string[]): Promise<CommandResult> =>
    runCommand(kubectl, ['dbm', ...args], {
      cwd: folder,
      env: {
        ...compileCache(),
        HOME: folder,
        PATH: [folder, dirname(process.execPath), process.env.PATH].join(delimiter),
        KUBECONFIG: cluster().kubeconfig,
      },
    });
  const inNamespace = (...args: string[]) => dbm(...args, '-n', ground.namespace);

  it('is found by kubectl in PATH, and its help has its commands and none for databases', async () => {
    const listed = await runCommand(kubectl, ['plugin', 'list'], { env: { HOME: folder, PATH: folder } });
    assert.match(listed.stdout, /kubectl-dbm/, listed.stderr);
    const { code, stdout } = await dbm('--help');
    assert.equal(code, 0);
    for (const command of ['status', 'plan', 'approve', 'logs', 'report', 'restart'])
      assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
    assert.doesNotMatch(stdout, /database-url|migrate/);
  });

  it('lists, and shows one as a tree with its Job, pod and failure', async () => {
    const list = await inNamespace('status');
    assert.equal(list.code, 0, list.stderr);
    assert.match(list.stdout, /asks .*AwaitingApproval/);
    const { code, stdout } = await inNamespace('status', 'bad');
    assert.equal(code, 4);
    assert.match(stdout, /^DatabaseMigration\/bad in \S+ {2}Ready=False {2}RehearsalFailed: no such table: nowhere/);
    assert.match(
      stdout,
      /├─ Job\/\S+ {2}\w+\n[│ ]+└─ Pod\/\S+ {2}(?:Succeeded|Failed)|└─ Job\/\S+ {2}\w+\n +└─ Pod\/\S+ {2}(?:Succeeded|Failed)/,
    );
    assert.match(stdout, /failure {3}RehearsalFailed/);
    const json = await inNamespace('status', 'bad', '--json');
    assert.equal(JSON.parse(json.stdout).metadata.name, 'bad');
  });

  it('takes the namespace, the context and the kubeconfig as kubectl does', async () => {
    for (const args of [
      [`--namespace=${ground.namespace}`],
      [`-n=${ground.namespace}`],
      [`-n${ground.namespace}`],
      ['--namespace', ground.namespace, '--context', 'test', '--kubeconfig', cluster().kubeconfig],
      ['-A'],
    ]) {
      const { code, stdout, stderr } = await dbm('status', ...args);
      assert.equal(code, 0, `${args}: ${stderr}`);
      assert.match(stdout, /asks/, String(args));
    }
    const wrong = await inNamespace('status', '--context', 'nowhere');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /has no context "nowhere" \(it has: test\)/);
    const missing = await dbm('status', 'asks', '--kubeconfig', '/nowhere');
    assert.notEqual(missing.code, 0);
    assert.doesNotMatch(missing.stderr, /^ {4}at /m);
  });

  it('shows the plan, approves it, and prints the log and the report of the run', async function () {
    this.timeout(120_000);
    const plan = await inNamespace('plan', 'asks');
    assert.match(plan.stdout, /asks would apply:\n {2}1_ledger\n {2}2_orders\n/);
    assert.match(plan.stdout, new RegExp(`kubectl dbm approve asks -n ${ground.namespace}`));
    const approved = await inNamespace('approve', 'asks', '--yes');
    assert.equal(approved.code, 0, approved.stderr);
    assert.match(approved.stdout, /Follow it: kubectl dbm status asks/);
    await ground.waitFor('asks', 'Ready');
    const logs = await inNamespace('logs', 'asks', '-f');
    assert.equal(logs.code, 0, logs.stderr);
    assert.match(logs.stdout, /✓ apply/);
    assert.doesNotMatch(logs.stdout, /^\{/m);
    const raw = await inNamespace('logs', 'asks', '--json');
    assert.match(raw.stdout, /^\{"type":"report",/m);
    const report = await inNamespace('report', 'asks', '--output', 'page.html');
    assert.equal(report.code, 0, report.stderr);
    const page = await readFile(join(folder, 'page.html'), 'utf8');
    assert.match(page, /<title>Succeeded: /);
    // Of the log alone the page would have no SQL.
    assert.match(page.replace(/<[^>]+>/g, ''), /CREATE TABLE orders/);
    assert.doesNotMatch(report.stdout, /no text/);
    const redacted = await inNamespace('report', 'asks', '--output', '-', '--redact-literals', '--format', 'markdown');
    assert.equal(redacted.code, 0, redacted.stderr);
    const ready = await inNamespace('status', 'asks');
    assert.equal(ready.code, 0, ready.stderr);
  });

  it('restarts a run that failed, and reports what it cannot do', async function () {
    this.timeout(60_000);
    const before = (await ground.resource('bad')).status?.run?.id;
    const { code, stdout, stderr } = await inNamespace('restart', 'bad');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Restarted\. Follow it: kubectl dbm status bad/);
    await ground.resourceWhen('bad', 'another run', ({ status }) => status?.run?.id !== before, 60);
    for (const command of ['status', 'plan', 'approve', 'logs', 'report', 'restart']) {
      const missing = await inNamespace(command, 'nobody');
      assert.equal(missing.code, 2, missing.stdout);
      assert.match(missing.stderr, /DatabaseMigration nobody was not found in namespace .*kubectl dbm status -A/);
    }
    await ground.apply(sqliteMigration('fresh', { suspend: true }));
    for (const command of ['logs', 'report']) {
      const none = await inNamespace(command, 'fresh');
      assert.match(none.stderr, /No run of fresh has started/);
    }
  });
});
