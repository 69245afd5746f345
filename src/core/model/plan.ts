import type { Direction } from './migration.ts';
import type { Position, Revision } from './revision.ts';

export interface PlannedMigration {
  revision: Revision;
  checksum: string;
}

/** The ordered migrations that lead from where the database stands to the target. Empty when it is there. */
export interface Plan {
  direction: Direction;
  from: Position;
  to: Position;
  migrations: PlannedMigration[];
  /** `sha256:<hex>` over direction, start and every migration with its checksum: what an approval is of. */
  digest: string;
}
