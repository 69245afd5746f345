import assert from 'node:assert/strict';
import { nextTick, windowState } from '../../../src/core/reconcile/window.ts';

const state = (cron: string, duration: string, timeZone: string, now: string) => {
  const found = windowState({ cron, duration, timeZone }, new Date(now));
  switch (found.kind) {
    case 'open':
      return `open until ${found.until.toISOString()}`;
    case 'closed':
      return `closed until ${found.opens?.toISOString() ?? 'never'}`;
    case 'invalid':
      return found.message;
  }
};

describe('a maintenance window', () => {
  const cases: [title: string, cron: string, duration: string, zone: string, now: string, expected: string][] = [
    [
      'is open from its stroke',
      '0 2 * * *',
      '1h',
      'UTC',
      '2024-06-01T02:00:00Z',
      'open until 2024-06-01T03:00:00.000Z',
    ],
    ['is closed at its end', '0 2 * * *', '1h', 'UTC', '2024-06-01T03:00:00Z', 'closed until 2024-06-02T02:00:00.000Z'],
    ['lasts over midnight', '30 23 * * *', '2h', 'UTC', '2024-06-02T00:15:00Z', 'open until 2024-06-02T01:30:00.000Z'],
    ['lasts for days', '0 0 * * sat', '48h', 'UTC', '2024-06-02T20:00:00Z', 'open until 2024-06-03T00:00:00.000Z'],
    [
      'opens on a weekday',
      '0 2 * * mon-fri',
      '1h',
      'UTC',
      '2024-06-01T12:00:00Z',
      'closed until 2024-06-03T02:00:00.000Z',
    ],
    ['knows Sunday as 7', '0 2 * * 7', '1h', 'UTC', '2024-06-01T12:00:00Z', 'closed until 2024-06-02T02:00:00.000Z'],
    ['takes steps', '*/20 * * * *', '5m', 'UTC', '2024-06-01T12:21:00Z', 'open until 2024-06-01T12:25:00.000Z'],
    [
      'takes steps from a minute on',
      '5/10 * * * *',
      '5m',
      'UTC',
      '2024-06-01T12:01:00Z',
      'closed until 2024-06-01T12:05:00.000Z',
    ],
    [
      'takes lists of months',
      '0 0 1 jan,jul *',
      '1h',
      'UTC',
      '2024-06-01T12:00:00Z',
      'closed until 2024-07-01T00:00:00.000Z',
    ],
    [
      'takes either day where both are given',
      '0 0 13 * fri',
      '1h',
      'UTC',
      '2024-06-08T00:00:00Z',
      'closed until 2024-06-13T00:00:00.000Z',
    ],
    [
      'waits for a leap day',
      '0 0 29 2 *',
      '1h',
      'UTC',
      '2024-06-01T12:00:00Z',
      'closed until 2028-02-29T00:00:00.000Z',
    ],
    ['never opens on 30 February', '0 0 30 2 *', '1h', 'UTC', '2024-06-01T12:00:00Z', 'closed until never'],
    [
      'goes by the clock on the wall',
      '0 2 * * *',
      '1h',
      'Europe/Berlin',
      '2024-06-01T00:30:00Z',
      'open until 2024-06-01T01:00:00.000Z',
    ],
    [
      'goes by it in winter too',
      '0 2 * * *',
      '1h',
      'Europe/Berlin',
      '2024-12-01T00:30:00Z',
      'closed until 2024-12-01T01:00:00.000Z',
    ],
    [
      'opens after an hour that does not exist',
      '30 2 * * *',
      '1h',
      'Europe/Berlin',
      '2024-03-31T00:00:00Z',
      'closed until 2024-03-31T01:00:00.000Z',
    ],
    [
      'opens in both hours when the clock is set back',
      '*/20 * * * *',
      '5m',
      'Europe/Berlin',
      '2024-10-27T00:10:00Z',
      'closed until 2024-10-27T00:20:00.000Z',
    ],
    [
      'opens once a day when the clock is set back',
      '30 2 * * *',
      '15m',
      'Europe/Berlin',
      '2024-10-27T01:00:00Z',
      'closed until 2024-10-28T01:30:00.000Z',
    ],
    [
      'crosses the date line',
      '0 8 * * mon',
      '1h',
      'Pacific/Auckland',
      '2024-06-02T20:10:00Z',
      'open until 2024-06-02T21:00:00.000Z',
    ],
  ];
  for (const [title, cron, duration, zone, now, expected] of cases) {
    it(title, () => assert.equal(state(cron, duration, zone, now), expected));
  }

  it('reports an invalid schedule or zone', () => {
    assert.match(
      state('0 2 * *', '1h', 'UTC', '2024-06-01T00:00:00Z'),
      /spec.window.cron: "0 2 \* \*" is not a valid cron schedule. Use five fields: minute/,
    );
    assert.match(state('5', '1h', 'UTC', '2024-06-01T00:00:00Z'), /"5" is not a valid cron schedule/);
    assert.match(
      state('0 2 * * *', '1h', 'Mars/Base', '2024-06-01T00:00:00Z'),
      /"Mars\/Base" is not a valid IANA time zone/,
    );
  });
});

describe('a cron field', () => {
  for (const wrong of [
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
    '1,,2 * * * *',
    '*-5 * * * *',
    '@daily',
    '? * * * *',
    '0 0 L * *',
    '0 0 15W * *',
    '0 0 * * 5L',
    '0 0 * * 5#2',
    '0 0 2 * * *',
  ]) {
    it(`is refused: ${wrong}`, () =>
      assert.match(String(nextTick(wrong, 'UTC', new Date('2024-06-01'))), /is not a valid cron schedule/));
  }
});
