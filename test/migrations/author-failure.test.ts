import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { blameMigration, runAuthorCode } from '../../src/author/run.ts';

describe('code that fails outside its own promise', () => {
  /** Each look for unfinished work asks for queries first. */
  async function looksAfterFailure(fail: () => void): Promise<{ looks: number; later: number; error: unknown }> {
    let looks = 0;
    const queries = {
      pending: () => false,
      drain: async () => {
        looks += 1;
        return false;
      },
    };
    let ended = () => {};
    const codeEnded = new Promise<void>((done) => {
      ended = done;
    });
    const code = async () => {
      // Begun while it is watched, and never seen to end after the failure.
      setTimeout(() => {}, 50);
      fail();
      await sleep(20);
      ended();
    };
    const error = await runAuthorCode('20240101_a', code, queries).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await codeEnded;
    await sleep(100);
    const before = looks;
    await sleep(100);
    return { looks: before, later: looks, error };
  }

  for (const [how, thrown] of [
    ['with an error', new TypeError('late')],
    ['with null', null],
    ['with a text', 'late'],
  ] as const) {
    it(`does not keep the process waiting for what is not watched any more: ${how}`, async () => {
      const { looks, later, error } = await looksAfterFailure(() => assert.ok(blameMigration(thrown)));
      assert.match(String(error), /unhandled rejection/);
      assert.equal(later, looks);
    });
  }
});
