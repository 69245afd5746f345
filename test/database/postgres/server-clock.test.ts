import assert from 'node:assert/strict';
import { serverClock } from '../../../src/database/postgres/server-clock.ts';

describe('the clock of the server', () => {
  it('is ahead by half of a round trip where a message arrives', () => {
    const clock = serverClock();
    // Asked at 10.0 s, answered at 10.2 s, when the server's clock was 0.1 s ahead of its answer.
    clock.asked(5_000, 10_000, 10_200);
    assert.equal(clock.onArrival(10_200).toFixed(3), '5000.200');
    assert.equal(clock.onArrival(11_200).toFixed(3), '5001.200');
  });

  it('follows the time that the server sends later', () => {
    const clock = serverClock();
    clock.asked(5_000, 10_000, 10_200);
    clock.heard(7_000, 20_000);
    assert.equal(clock.onArrival(20_000).toFixed(3), '7000.200');
  });
});
