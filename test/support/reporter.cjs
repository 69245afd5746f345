'use strict';
const { reporters, Runner } = require('mocha');

/** Mocha's spec reporter, closed by the one line that CI reads: `N passed, N failed, N skipped`. */
class Summary extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      // After the failures' details, which the parent prints on the same event.
      setImmediate(() => process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`));
    });
  }
}

module.exports = Summary;
