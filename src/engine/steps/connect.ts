import type { CommonRequest } from '../../core/model/request.ts';
import type { StepResult } from '../../core/model/step.ts';
import type { DatabaseTarget } from '../../core/model/target.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { few } from '../../engine/run-text.ts';
import type { Connected, Loaded } from '../../engine/state.ts';
import { withModelSchemas } from '../../models/schemas.ts';

/**
 * Opens the database; the schemas of the models are included in the introspection. A real run creates a missing file,
 * and a missing database if requested; a dry run creates neither.
 */
export const connect: Step<Loaded, Connected> = {
  name: 'connect',
  async run({ models }, ports) {
    return openTarget(withModelSchemas(ports.target, models), ports);
  },
};

/** Opens the target for the run, and removes what crashed runs left. Throws ProblemError. */
export async function openTarget(
  target: DatabaseTarget,
  { request, openDatabase, defer }: RunPorts<CommonRequest>,
): Promise<StepResult<Connected>> {
  const database = await openDatabase(target, {
    timeouts: request.timeouts,
    applicationName: `db-manager ${request.runId}`,
    create: !request.dryRun && (request.create === true || 'file'),
  });
  defer('the connection', () => database.close());
  const { display, serverVersion } = database.identity;
  // A crashed run cannot clean up after itself; the next run does it.
  const inUse: string[] = [];
  const stale = await database.dropStaleScratches((message) => inUse.push(message));
  const dropped = stale.length === 0 ? '' : `; removed leftovers of a crashed run: ${few(stale)}`;
  const left = inUse.length === 0 ? '' : `; leftovers of a crashed run could not be removed: ${inUse.join(' ')}`;
  return { kind: 'done', value: { database }, message: `${display} (${serverVersion})${dropped}${left}` };
}
