/** Mocha's root hooks (`require` in .mocharc.json): what the tests share is stopped after the last of them. */
import { closeAll } from './lifetime.ts';

export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await closeAll();
  },
};
