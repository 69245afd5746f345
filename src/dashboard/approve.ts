import type { Api } from '../controller-runtime/api.ts';
import { ApiError } from '../controller-runtime/api-error.ts';
import { approvePlan, pendingPlan } from '../operator/approval.ts';
import { resourceClient } from '../operator/resource-client.ts';

/**
 * Approves the plan with this digest with the permissions of the caller, as `db-manager approve` does. Returns the HTTP
 * status, and why nothing was approved. Never throws.
 */
export async function approveAs(
  api: Api,
  { namespace, name, digest }: { namespace: string; name: string; digest: string },
): Promise<{ status: number; error?: string }> {
  try {
    const client = resourceClient(api);
    const resource = await client.get(namespace, name);
    if (resource === undefined) return { status: 404, error: `${name} was deleted from namespace ${namespace}.` };
    const pending = pendingPlan(resource);
    if (typeof pending === 'string') {
      return { status: 409, error: `${name} has no plan that awaits approval (${pending}).` };
    }
    if (pending.plan.digest !== digest) {
      return { status: 409, error: 'The plan has changed since it was shown. Review it again.' };
    }
    await approvePlan(client, resource, digest);
    return { status: 200 };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        status: 502,
        error: `The API server cannot be reached: ${why}. Whether the plan was approved is unknown: reload the page.`,
      };
    }
    if (error.status === 409) {
      return {
        status: 409,
        error: 'The resource has changed since it was shown; nothing was approved. Review it again.',
      };
    }
    if (error.status === 401 || error.status === 403) {
      return { status: 403, error: `The API server denied the request: ${error.message}. Nothing was approved.` };
    }
    return { status: 502, error: `The API server rejected the request: ${error.message}. Nothing was approved.` };
  }
}
