import type { Direction } from './migration.ts';
import type { Position, Revision } from './revision.ts';

export interface PlannedMigration {
  revision: Revision;
  checksum: string;
}

/** The ordered migrations from the current revision to the target. Empty if the database is at the target. */
export interface Plan {
  direction: Direction;
  from: Position;
  to: Position;
  migrations: PlannedMigration[];
  /** `sha256:<hex>` over direction, start and every migration with its checksum: the value that is approved. */
  digest: string;
}
