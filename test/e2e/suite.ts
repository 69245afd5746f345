import { whyNot } from './fixtures.ts';

let said = false;

/**
 * A `describe` that is there only where a cluster is: `npm test` on a laptop prints one line, `npm run test:e2e`
 * without a cluster fails.
 */
export function describeE2e(title: string, body: () => void): void {
  const why = whyNot();
  if (why === undefined) {
    describe(title, function () {
      this.timeout(10 * 60_000);
      body();
    });
    return;
  }
  if (process.env.E2E === 'required') throw new Error(`The end-to-end tests need a cluster: ${why}.`);
  if (!said) console.error(`e2e: not run, because ${why}`);
  said = true;
}
