/** The texts of a status at the edges of their rules. */
import assert from 'node:assert/strict';
import type { MigrationEffects } from '../../../src/core/model/effects.ts';
import type { RunReport } from '../../../src/core/model/report.ts';
import type { DatabaseMigration } from '../../../src/core/model/resource.ts';
import { effectText, secondsText } from '../../../src/core/reconcile/effect-text.ts';
import { configMapsOf } from '../../../src/core/reconcile/inputs.ts';
import { podFailureReason } from '../../../src/core/reconcile/pod-trouble.ts';
import { cleanText } from '../../../src/core/reconcile/redact.ts';
import { happenedAt, whatToDo, withoutAdvice } from '../../../src/core/reconcile/stalled-message.ts';
import { statusFromReport } from '../../../src/core/reconcile/status-from-report.ts';
import { progressText } from '../../../src/core/reconcile/text.ts';
import { report, resource, START, stepDone } from './reconcile-harness.ts';

describe('the effects of a migration as a text', () => {
  const of = (change: Partial<MigrationEffects>) =>
    effectText({ revision: 'm', seconds: 0, statements: 1, locks: [], rewrites: [], rows: [], ...change });

  it('names three items of each kind, and counts from the fourth on', () => {
    assert.equal(of({ rewrites: ['a', 'b', 'c'] }), 'm: 0 s, 1 statement; rewrites a, b, c');
    assert.equal(of({ rewrites: ['a', 'b', 'c', 'd'] }), 'm: 0 s, 1 statement; rewrites a, b, c, and 1 more');
  });

  it('has what is not known of a lock or of rows', () => {
    assert.equal(of({ locks: [{ table: 't', mode: 'ShareLock' }] }), 'm: 0 s, 1 statement; ShareLock on t');
    assert.equal(of({ rows: [{ table: 't', before: null, after: null }] }), 'm: 0 s, 1 statement; t no rows');
  });

  it('has no time below a millisecond', () => {
    assert.deepEqual([0.000_9, 0.001, 0.001_9].map(secondsText), ['0 s', '0.001 s', '0.002 s']);
  });
});

describe('the progress of a step as a text', () => {
  for (const [progress, text] of [
    [{ done: 1 }, '1 migration'],
    [{ done: 2 }, '2 migrations'],
    [{ done: 0, total: 1 }, '0 of 1 migration'],
    [{ done: 1, total: 2 }, '1 of 2 migrations'],
    [{ done: 0, total: 2, label: 'x' }, '0 of 2 migrations: x'],
    [{ done: 1, label: 'x' }, '1 migration: x'],
  ] as const) {
    it(text, () => assert.equal(progressText({ step: 'apply', unit: 'migrations', ...progress }), text));
  }
});

describe('the advice of a message', () => {
  const { metadata } = resource();
  const AGAIN =
    'To retry without changes: kubectl annotate dbm bot -n trading db-manager.dev/retry="$(date +%s)" --overwrite';

  it('is what follows the sentence before the first command of a shell', () => {
    for (const [message, rest] of [
      ['It failed. Run db-manager repair', 'It failed.'],
      ['It failed. It is broken. Run `db-manager repair` now. Then go on.', 'It failed. It is broken.'],
      ['Set it, or pass --force. Then go on.', 'Set it, or pass --force. Then go on.'],
      ['It failed. Set it, or pass --force.', 'It failed.'],
      ['db-manager repair helps.', 'db-manager repair helps.'],
      ['It failed. Nothing was changed.', 'It failed. Nothing was changed.'],
    ] as const)
      assert.equal(withoutAdvice(message), rest);
  });

  it('is only the retry where the reason needs nothing', () => {
    assert.equal(whatToDo({ metadata } as DatabaseMigration, 'UpToDate', 'done'), `done. ${AGAIN}`);
  });

  it('repeats no statement of which the message has the first 40 characters', () => {
    const statement = `UPDATE accounts SET balance = balance + ${'1'.repeat(20)}`;
    const said = (characters: number) => happenedAt(`failed at ${statement.slice(0, characters)}`, { statement }, 500);
    assert.equal(said(40), `failed at ${statement.slice(0, 40)}.`);
    assert.equal(said(39), `failed at ${statement.slice(0, 39)}. Statement: ${statement}.`);
  });

  it('is cut, so that the place fits into the condition Ready', () => {
    const failure = { reason: 'MigrationFailed', message: 'm', statement: 's'.repeat(900) } as const;
    const change: Partial<RunReport> = {
      result: 'failed',
      reason: 'MigrationFailed',
      message: 'x'.repeat(900),
      failure,
    };
    const { conditions } = statusFromReport(resource(), report({ id: 'r', attempt: 1 }, START, change), START, {
      job: 'j',
    });
    assert.equal(
      conditions?.find(({ type }) => type === 'Ready')?.message,
      `${'x'.repeat(623)}… Statement: ${'s'.repeat(159)}…`,
    );
  });
});

describe('the conditions of a run that ended early', () => {
  it('say that its later steps were not run', () => {
    const steps = [stepDone('load'), stepDone('connect', { kind: 'failed', reason: 'DatabaseUnreachable' })];
    const change: Partial<RunReport> = { result: 'failed', reason: 'DatabaseUnreachable', message: 'no route', steps };
    const { conditions } = statusFromReport(resource(), report({ id: 'r', attempt: 1 }, START, change), START);
    const skipped = 'Unknown/Skipped not run: an earlier step ended the run';
    assert.deepEqual(
      conditions?.slice(0, 7).map(({ status, reason, message }) => `${status}/${reason} ${message}`),
      ['False/DatabaseUnreachable connect is done', ...Array(6).fill(skipped)],
    );
  });
});

describe('what a pod says', () => {
  it('names what it waits for', () => {
    const waiting = { reason: 'CreateContainerConfigError', message: 'secret "s" not found' };
    assert.deepEqual(podFailureReason({ pod: { name: 'p', started: false, waiting } }), {
      reason: 'ReferenceNotFound',
      message:
        'The pod cannot start: CreateContainerConfigError: secret "s" not found. Create or correct it; the run then starts automatically.',
    });
  });

  it('may end within a URL only where it was cut', () => {
    const shown = { redactData: false };
    const url = ' postgres://user:5432';
    const masked = ' postgres://user:***';
    assert.equal(cleanText(url, shown), url);
    assert.equal(cleanText(url, shown, true), masked);
    const long = (length: number) => `${'x'.repeat(length - url.length)}${url}`;
    assert.equal(cleanText(long(8_000), shown), long(8_000));
    assert.equal(cleanText(`${long(8_000)}x`, shown), long(8_000).replace(url, masked));
  });
});

describe('the ConfigMaps of a resource whose files are in an image', () => {
  it('are none', () => {
    const migrations = { image: { reference: 'i:1', path: '/m' } };
    assert.deepEqual(configMapsOf(resource({ migrations }).spec), []);
  });
});
