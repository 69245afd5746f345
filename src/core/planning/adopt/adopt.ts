/** Imports the history of another tool: its rows are copied, and no migration is run. Pure; the caller reads the rows. */
import type { HistoryRow } from '../../model/history.ts';
import type { MigrationFile } from '../../model/migration.ts';
import type { Problem } from '../../model/problem.ts';
import { sortFiles } from '../order.ts';
import { newRow, type RowAuthor } from '../stamp.ts';
import { type AlembicChain, readAlembic } from './alembic.ts';
import { readFlyway } from './flyway.ts';
import type { ForeignFiles, ForeignRow, ForeignTool, ReadForeign } from './foreign.ts';
import { readDrizzle, readPrisma } from './hashes.ts';
import { readKnex, readSequelize } from './names.ts';
import { readDbmate, readGolangMigrate, readGoose } from './versions.ts';

const READERS = {
  sequelize: readSequelize,
  alembic: (rows, order) => readAlembic(rows, order),
  flyway: readFlyway,
  'golang-migrate': readGolangMigrate,
  dbmate: readDbmate,
  goose: readGoose,
  knex: readKnex,
  prisma: readPrisma,
  drizzle: readDrizzle,
} satisfies Record<ForeignTool, ReadForeign>;

type Adoption =
  | {
      ok: true;
      /** Rows to add to our history, in this order; without checksum, because no other tool stores ours. */
      put: HistoryRow[];
      /** Entries of the other tool that match no file on disk. Nothing is written for them. */
      unmatched: string[];
      /** A note for the user about the names on disk. */
      note?: string;
    }
  | { ok: false; problem: Problem };

/** Maps the rows of a tool's table to the migrations on disk. Rows that are already in our history are not changed. */
export function readForeignHistory(
  tool: ForeignTool,
  rows: readonly ForeignRow[],
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  author: RowAuthor,
  { chain, times }: { chain?: AlembicChain; times?: ForeignFiles['times'] } = {},
): Adoption {
  const order = sortFiles(files).map(({ revision }) => revision);
  const checksums = new Map(files.map(({ revision, checksum }) => [revision, checksum]));
  const reading =
    tool === 'alembic' ? readAlembic(rows, order, chain) : READERS[tool](rows, order, { checksums, times });
  if (!reading.ok) return reading;
  const known = new Set(history.map(({ revision }) => revision));
  const put = reading.applied
    .filter(({ revision }) => !known.has(revision))
    .map(({ revision, at, checksum = null }) => newRow(revision, checksum, { ...author, now: at ?? author.now }));
  return { ok: true, put, unmatched: reading.unmatched, ...(reading.note === undefined ? {} : { note: reading.note }) };
}
