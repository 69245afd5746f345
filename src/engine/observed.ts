import type { MigrationEffects } from '../core/model/effects.ts';
import type { Finding } from '../core/model/finding.ts';
import type { CommonRequest } from '../core/model/request.ts';
import { observedFindings, ROWS_LOST } from '../core/safety/observed.ts';
import type { Database } from '../database/port.ts';
import type { RunPorts } from './ports.ts';
import { describeLoss, type Loss } from './row-loss.ts';

/** Observations on the copy, as findings next to those of the rules. Sizes are those of the production tables. */
export async function observed(
  production: Database,
  mode: 'Full' | 'SchemaOnly',
  effects: readonly MigrationEffects[],
  losses: readonly Loss[],
  { request }: Pick<RunPorts<CommonRequest>, 'request'>,
): Promise<Finding[]> {
  const { safety } = request;
  if (safety.mode === 'Disabled') return [];
  const touched = effects.some(({ rewrites, locks }) => rewrites.length > 0 || locks.length > 0);
  const sizes = touched ? await production.tableSizes() : new Map();
  return [...losses.map(lossFinding), ...observedFindings({ mode, effects, sizes, ignore: safety.ignore })];
}

function lossFinding(loss: Loss): Finding {
  return {
    rule: ROWS_LOST.id,
    severity: ROWS_LOST.severity,
    message: describeLoss(loss),
    advice: `State in the migration what happens to the rows of ${loss.table}, or keep them: check its foreign keys and triggers.`,
    migration: loss.migration,
    statement: loss.statement,
    ...(loss.position === undefined ? {} : { position: loss.position }),
  };
}
