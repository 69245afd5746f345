import { whyNoControlPlane } from './binaries.ts';
import { type ControlPlane, sharedControlPlane } from './control-plane.ts';

const START_TIMEOUT_MS = 40 * 60_000;
let said = false;

/**
 * A `describe` whose tests run against the shared control plane: `body` gets a function that returns it, for use inside
 * tests and hooks. Where it cannot run, the suite is skipped and one line explains why; on CI that is a failure.
 */
export function describeCluster(title: string, body: (cluster: () => ControlPlane) => void): void {
  describe(title, () => {
    let controlPlane: ControlPlane | undefined;
    before(async function () {
      const reason = await whyNoControlPlane();
      if (reason) {
        if (process.env.CI === 'true') throw new Error(`the cluster tests may not be skipped on CI: ${reason}`);
        if (!said) console.error(`\n*** CLUSTER TESTS SKIPPED: ${reason} ***\n`);
        said = true;
        return this.skip();
      }
      this.timeout(START_TIMEOUT_MS);
      controlPlane = await sharedControlPlane();
    });
    body(() => {
      if (!controlPlane)
        throw new Error('the control plane is used before it has started; use it inside a test or hook');
      return controlPlane;
    });
  });
}
