/** What a repair of the history does: see `RepairChoices` in `core/planning/repair.ts`. */
export const REPAIR_ACTIONS = ['accept-checksums', 'remove-missing', 'applied', 'not-applied'] as const;

export type RepairAction = (typeof REPAIR_ACTIONS)[number];

/**
 * A repair that a person requested for one state of the history. `digest`: 16 hex digits over the migrations that the
 * repair concerns, so a request that is left behind never repairs a later problem.
 */
export interface RequestedRepair {
  action: RepairAction;
  digest: string;
}

const PATTERN = new RegExp(`^(${REPAIR_ACTIONS.join('|')}):([0-9a-f]{16})$`);

/** `accept-checksums:4f4f4f4f4f4f4f4f`: the value of the annotation `db-manager.dev/repair`. */
export function parseRepair(text: string): RequestedRepair | undefined {
  const match = PATTERN.exec(text);
  return match === null ? undefined : { action: match[1] as RepairAction, digest: match[2] ?? '' };
}

export function repairText({ action, digest }: RequestedRepair): string {
  return `${action}:${digest}`;
}
