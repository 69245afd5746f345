/** Mocha's root hooks (`require` in .mocharc.json): what the tests share is stopped after the last of them. */
import { closeAll } from './lifetime.ts';
import { offerFetchedPrograms } from './postgres-binaries.ts';
import { applyTimeouts } from './timeouts.ts';

// `none`: a test is about a machine that has nothing.
if (process.env.TEST_FETCHED_PROGRAMS !== 'none') offerFetchedPrograms();

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    const root = this.test?.parent;
    if (root) applyTimeouts(root);
  },
  async afterAll(this: Mocha.Context): Promise<void> {
    // A worker of scripts/test.ts runs one file after another on the same servers and closes them itself.
    if (process.env.TEST_WORKER !== undefined) return;
    this.timeout(60_000);
    await closeAll();
  },
};
