import type { CommonRequest } from '../../core/model/request.ts';
import type { Step } from '../../engine/flow.ts';
import type { RunPorts } from '../../engine/ports.ts';
import { approvalCommand, countFindings, describeMostSevere, needsAttention } from '../../engine/safety.ts';
import type { Checked, Planned } from '../../engine/state.ts';

/** An approval applies to one plan, by digest. An empty plan and a dry run need no approval. */
export const approve: Step<Pick<Planned, 'plan'> & Checked, object, RunPorts<CommonRequest>> = {
  name: 'approve',
  async run({ plan, findings }, { request }) {
    if (plan.migrations.length === 0) return { kind: 'skipped', value: {}, message: 'nothing to approve' };
    if (request.dryRun) return { kind: 'skipped', value: {}, message: 'a dry run needs no approval' };
    const needed =
      request.approval === 'Manual' || (request.approval === 'OnFindings' && findings.some(needsAttention));
    if (!needed) return { kind: 'skipped', value: {}, message: `not needed (approval: ${request.approval})` };
    if (request.approvedPlan === plan.digest) {
      return { kind: 'done', value: {}, message: `plan ${plan.digest} is approved` };
    }
    const how = `To approve: ${approvalCommand(request, plan.digest)}`;
    const noted = findings.filter(needsAttention);
    const found = noted.length === 0 ? '' : ` ${countFindings(noted)}, first ${describeMostSevere(noted)}`;
    return request.approvedPlan === undefined
      ? {
          kind: 'blocked',
          reason: 'AwaitingApproval',
          message: `The plan ${plan.digest} is awaiting approval.${found} ${how}`,
        }
      : {
          kind: 'blocked',
          reason: 'PlanChanged',
          message: `The plan is ${plan.digest}, but ${request.approvedPlan} was approved.${found} ${how}`,
        };
  },
};
