import { KubeConfig } from '@kubernetes/client-node';
import { type Api, createApi } from '../../../src/controller-runtime/api.ts';
import { isStatus } from '../../../src/controller-runtime/api-error.ts';
import type { DatabaseMigration } from '../../../src/core/model/resource.ts';
import { DIALECTS } from '../../support/databases.ts';
import { eventually } from '../../support/processes.ts';
import type { Ground } from '../operator-fixtures.ts';
import { configMap, migration } from '../operator-resources.ts';
import { type StormDatabase, stormDatabase } from './databases.ts';
import type { Dice } from './random.ts';

/** One name under which a resource comes and goes, and what it asks for now. */
export interface Slot {
  name: string;
  dialect: (typeof DIALECTS)[number];
  database: StormDatabase;
  wanted: boolean;
  /** How many migrations its ConfigMap has. */
  files: number;
  /** The last migration that it asks for, by its number; undefined is `head`. */
  target: number | undefined;
  edits: number;
}

export type Deed = 'create' | 'extend' | 'retarget' | 'scribble' | 'edit' | 'delete';

export const revisionOf = (index: number) => `${String(index).padStart(3, '0')}_${index === 0 ? 'ledger' : 'table'}`;

/** What the history of a slot's database has to be. */
export function askedFor({ files, target }: Slot): string[] {
  return Array.from({ length: (target ?? files - 1) + 1 }, (_, index) => revisionOf(index));
}

/** The user's side of the storm: it asks again until the API server has taken what it asks for. */
export class Slots {
  readonly all: Slot[] = [];
  readonly #ground: Ground;
  readonly #api: Api;

  constructor(ground: Ground) {
    this.#ground = ground;
    const config = new KubeConfig();
    config.loadFromFile(ground.controlPlane.kubeconfig);
    this.#api = createApi(config);
  }

  async open(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const name = `s${String(index).padStart(3, '0')}`;
      const dialect = DIALECTS[index % 2] ?? 'sqlite';
      const database = await stormDatabase(this.#ground, name, dialect);
      this.all.push({ name, dialect, database, wanted: false, files: 2, target: undefined, edits: 0 });
    }
  }

  /** Does one thing to one slot, chosen at random. */
  async stir(dice: Dice): Promise<Deed | undefined> {
    const slot = this.all[dice.below(this.all.length)];
    if (slot === undefined) return undefined;
    if (!slot.wanted) {
      if ((await this.resource(slot)) !== undefined) return undefined; // the end of its last run is still awaited
      await this.create(slot);
      return 'create';
    }
    const deed = dice.pick<Deed>([
      ['extend', 30],
      ['retarget', 20],
      ['scribble', 25],
      ['edit', 15],
      ['delete', 10],
    ]);
    switch (deed) {
      case 'extend':
        slot.files += 1;
        await this.#writeMigrations(slot);
        break;
      case 'retarget':
        slot.target = dice.roll() < 0.5 ? undefined : dice.below(slot.files);
        await this.#writeResource(slot);
        break;
      case 'edit':
        slot.edits += 1;
        await this.#writeResource(slot);
        break;
      case 'scribble':
        await this.#scribble(slot, dice);
        break;
      case 'delete':
        slot.wanted = false;
        await this.#send({ verb: 'delete', path: this.#path(slot) }, 404);
        break;
    }
    return deed;
  }

  async create(slot: Slot): Promise<void> {
    slot.wanted = true;
    await this.#writeMigrations(slot);
    await this.#writeResource(slot);
  }

  async resource(slot: Slot): Promise<DatabaseMigration | undefined> {
    return this.#send<DatabaseMigration>({ verb: 'get', path: this.#path(slot) }, 404);
  }

  #path({ name }: Slot): string {
    return `/apis/db-manager.dev/v1alpha1/namespaces/${this.#ground.namespace}/databasemigrations/${name}`;
  }

  async #writeMigrations({ name, files }: Slot): Promise<void> {
    const data = Object.fromEntries(Array.from({ length: files }, (_, index) => migrationFile(index)));
    await this.#put(`/api/v1/namespaces/${this.#ground.namespace}/configmaps/${name}`, configMap(name, data));
  }

  async #writeResource(slot: Slot): Promise<void> {
    const body = migration(slot.name, {
      ...slot.database.spec,
      target: slot.target === undefined ? 'head' : revisionOf(slot.target),
      allowDowngrade: true,
      // The storm is about the controller; what is left out here has tests of its own.
      safety: { mode: 'Disabled', rehearsal: 'Disabled' },
      validation: { before: 'Disabled', after: 'Disabled' },
      retry: { limit: 50 + (slot.edits % 7), backoff: '1s', maxBackoff: '2s' },
    });
    await this.#put(this.#path(slot), body);
  }

  /** Another writer changes labels and annotations, a few times in quick succession. */
  async #scribble(slot: Slot, dice: Dice): Promise<void> {
    const changes = Array.from({ length: 1 + dice.below(4) }, () => `v${dice.below(1_000_000)}`);
    for (const value of changes) {
      const metadata = { labels: { 'storm/label': value }, annotations: { 'storm/note': value } };
      const contentType = 'application/merge-patch+json';
      await this.#send({ verb: 'patch', path: this.#path(slot), contentType, body: { metadata } });
    }
  }

  #put(path: string, body: object): Promise<unknown> {
    const query = { fieldManager: 'storm', force: true };
    return this.#send({ verb: 'patch', path, query, contentType: 'application/apply-patch+yaml', body });
  }

  #send<T>(request: Parameters<Api['request']>[0], ...fine: number[]): Promise<T | undefined> {
    return eventually(
      `the API server to take a ${request.verb} of ${request.path}`,
      async () => {
        try {
          return { answer: await this.#api.request<T>({ ...request, timeoutMs: 5_000 }) };
        } catch (error) {
          if (isStatus(error, ...fine)) return { answer: undefined };
          // It is down, or has not read its permissions after its start.
          if (isStatus(error, 400, 404, 422)) throw error;
          return undefined;
        }
      },
      { timeoutMs: 120_000, everyMs: 200 },
    ).then(({ answer }) => answer);
  }
}

function migrationFile(index: number): [string, string] {
  const revision = revisionOf(index);
  const write = (direction: string) =>
    `INSERT INTO ledger SELECT count(*) + 1, '${revision}', '${direction}' FROM ledger;`;
  const table = `t${index}`;
  const text =
    index === 0
      ? [
          '-- migrate:up',
          'CREATE TABLE ledger (seq INTEGER PRIMARY KEY, migration text NOT NULL, direction text NOT NULL);',
          write('up'),
          '-- migrate:down',
          'DROP TABLE ledger;',
        ]
      : [
          '-- migrate:up',
          `CREATE TABLE ${table} (id integer PRIMARY KEY);`,
          write('up'),
          '-- migrate:down',
          `DROP TABLE ${table};`,
          write('down'),
        ];
  return [`${revision}.sql`, `${text.join('\n')}\n`];
}
