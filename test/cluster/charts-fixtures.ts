/** What tests of the charts stand on: a namespace, a database, an application's chart with ours as its dependency. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TOOL_VERSION } from '../../src/core/model/version.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { sharedPostgres, TEST_PASSWORD, TEST_USER } from '../support/postgres.ts';
import type { CommandResult } from '../support/processes.ts';
import { type Agent, sharedAgent } from './agent.ts';
import { checkoutImage, ROOT } from './checkout.ts';
import type { ControlPlane } from './control-plane.ts';
import { claim, secret } from './operator-resources.ts';
import { openRoom, type Room } from './workdir.ts';

export const ORDERS = file('CREATE TABLE orders (id bigint PRIMARY KEY, symbol text NOT NULL);', 'DROP TABLE orders;');
export const NOTES = file('ALTER TABLE orders ADD COLUMN note text;', 'ALTER TABLE orders DROP COLUMN note;');
export const MORE = file('ALTER TABLE orders ADD COLUMN more text;', 'ALTER TABLE orders DROP COLUMN more;');
export const BROKEN = file('ALTER TABLE missing ADD COLUMN note text;', '');

export const SLOW = file(
  'SELECT pg_sleep(6);\nALTER TABLE orders ADD COLUMN slow text;',
  'ALTER TABLE orders DROP COLUMN slow;',
);

export interface ChartsGround extends Room {
  agent: Agent;
  controlPlane: ControlPlane;
  helm(...args: string[]): Promise<CommandResult>;
  /** Throws with helm's message if it fails. */
  mustHelm(...args: string[]): Promise<string>;
}

/** The images of the charts run this checkout; pods have to meet Pod Security `restricted`. */
export async function openChartsGround(controlPlane: ControlPlane, prefix: string): Promise<ChartsGround> {
  const agent = await sharedAgent();
  agent.setImage(`db-manager:${TOOL_VERSION}`, checkoutImage({ workingDir: '/app' }));
  for (const image of ['shop:1', 'shop:2', 'shop:3']) agent.setImage(image, { command: ['sleep', '3600'], user: 1000 });
  const room = await openRoom(controlPlane, prefix);
  await controlPlane.mustKubectl([
    'label',
    'namespace',
    room.namespace,
    'pod-security.kubernetes.io/enforce=restricted',
  ]);
  const helm = (...args: string[]) =>
    controlPlane.helm([...args, `--namespace=${room.namespace}`], { timeoutMs: 170_000 });
  return {
    ...room,
    agent,
    controlPlane,
    helm,
    async mustHelm(...args) {
      const { code, stdout, stderr } = await helm(...args);
      if (code === 0) return stdout;
      const pods = await room.kubectl('describe', 'pods', '--selector=db-manager.dev/migration');
      const operator = await room.kubectl('logs', '--selector=app.kubernetes.io/component=operator', '--tail=20');
      throw new Error(`helm ${args.join(' ')} failed: ${stderr}\n${stdout}\n${pods.stdout}\n${operator.stdout}`);
    },
  };
}

/** A new database, with its URL in the Secret `<name>-database` and a claim `<name>-backups`. */
export async function openDatabase(ground: ChartsGround, name: string) {
  const server = await sharedPostgres();
  const { name: database } = await server.createDatabase('charts');
  const url = `postgres://${TEST_USER}:${TEST_PASSWORD}@${server.host}:${server.port}/${database}?sslmode=disable`;
  await ground.create(secret(`${name}-database`, { url }), claim(`${name}-backups`));
  const query = (sql: string) => server.query<Record<string, unknown>>(sql, [], database);
  return {
    url,
    query,
    async columns() {
      const rows = await query(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position",
      );
      return rows.map((row) => row.name);
    },
  };
}

/** A chart as its author has it: the fixture with these migrations, and our chart as its dependency. */
export async function applicationChart(migrations: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('chart');
  const chart = join(folder, 'app');
  await cp(join(ROOT, 'test/fixtures/charts/app'), chart, { recursive: true });
  await cp(join(ROOT, 'charts/db-migration'), join(chart, 'charts/db-migration'), { recursive: true });
  await mkdir(join(chart, 'migrations'), { recursive: true });
  for (const [name, text] of Object.entries(migrations)) await writeFile(join(chart, 'migrations', name), text);
  return chart;
}

function file(up: string, down: string): string {
  return `-- migrate:up\n${up}\n-- migrate:down\n${down}\n`;
}
