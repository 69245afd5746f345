import { join } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import { COUNT, writeMigrations } from './migrations.ts';
import type { Peers } from './peers.ts';
import { type Place, postgres, sqlite, withFsync } from './places.ts';
import { type Tool, toolsOf } from './tools.ts';
import { compare, oursAndBefore, type Turn } from './usage.ts';

const ROUNDS = 5;

/** "Apply 1,000 small migrations", each tool with its own files and its own process, on an empty database. */
export async function benchApply(peers: Peers): Promise<void> {
  const folder = await temporaryFolder('bench-apply');
  await writeMigrations(folder);
  await applyOn(sqlite, folder, peers);
  await applyOn(await postgres(), folder, peers);
  await withFsync((place) => applyOn(place, folder, peers));
}

async function applyOn(place: Place, folder: string, peers: Peers): Promise<void> {
  const onEmpty = (command: (url: string) => Turn) => async (): Promise<Turn> => {
    const { url, drop } = await place.create();
    return { ...command(url), after: drop };
  };
  const tools = toolsOf(folder, peers);
  const peer = (tool: Tool, ...words: string[]) => tool && onEmpty((url) => tool(url, ...words));
  const both = {
    'Umzug with Sequelize': peer(tools.umzug),
    Alembic: peer(tools.alembic, 'upgrade', 'head'),
    goose: peer(tools.goose, 'up'),
    dbmate: peer(tools.dbmate),
    'golang-migrate': peer(tools.migrate),
    knex: peer(tools.knex),
    'Flyway (Maven)': peer(tools.flyway),
  };
  const ours = oursAndBefore('db-manager', (main) =>
    onEmpty((url) => ({
      file: process.execPath,
      args: [main, 'migrate', 'upgrade', '--migrations', join(folder, 'dbmate'), '--database-url', url],
      cwd: folder,
    }))(),
  );
  const only =
    place.dialect === 'sqlite'
      ? {}
      : { 'node-pg-migrate (one transaction)': peer(tools.nodePgMigrate), Drizzle: peer(tools.drizzle) };
  await compare(`Apply ${COUNT} migrations, ${place.name}`, { ...ours, ...both, ...only }, ROUNDS, place);
}
