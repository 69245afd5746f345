import type { Reason } from '../core/model/reason.ts';
import type { StepReport } from '../core/model/report.ts';
import type { DatabaseMigrationStatus } from '../core/model/resource.ts';
import type { Assessed } from '../core/reconcile/situation.ts';

/** Events of the controller, for logs and metrics. Each is emitted once. */
export type ControllerEvent =
  | { type: 'reconciled'; key: string; situation: Assessed['kind']; seconds: number }
  | { type: 'failed'; key: string; error: unknown }
  | { type: 'waited'; seconds: number }
  | { type: 'started'; key: string; run: string; attempt: number }
  | { type: 'step'; key: string; run: string; step: StepReport }
  | { type: 'ended'; key: string; run: string; status: DatabaseMigrationStatus }
  | { type: 'event'; key: string; level: 'Normal' | 'Warning'; reason: Reason; message: string }
  | { type: 'watch'; path: string; error: unknown };
