/** Targets, repairs and applied migrations without a file: the edges of each decision. */
import assert from 'node:assert/strict';
import type { LoadedMigration } from '../../../src/core/model/migration.ts';
import { plan, requireReversible } from '../../../src/core/planning/plan.ts';
import { damageDigest, repair, requestedRepair } from '../../../src/core/planning/repair.ts';
import { newRow } from '../../../src/core/planning/stamp.ts';
import { findRevision, resolveTarget } from '../../../src/core/planning/target.ts';
import { currentOf, historyChanges, isBookkeeping, toolHistories } from '../../../src/core/planning/tool-history.ts';
import { aheadOf, orderWith } from '../../../src/core/planning/unknown.ts';
import { AUTHOR, filesOf, historyOf, revisionOf, rowOf, targetOf } from './build.ts';

describe('A target', () => {
  const names = (...all: string[]) => all.map(revisionOf);
  const resolve = (target: string, order: string[], applied: string[]) =>
    resolveTarget(targetOf(target), names(...order), names(...applied));
  const refusal = (target: string, order: string[], applied: string[]) => {
    const resolved = resolve(target, order, applied);
    return resolved.ok ? 'none' : resolved.problem.message;
  };

  it('is base where there is nothing', () => {
    const nothing = { ok: true, position: 'base', beyond: [] };
    assert.deepEqual(resolve('head', [], []), nothing);
    assert.deepEqual(resolve('-0', [], []), nothing);
    assert.deepEqual(resolve('+0', ['1_a'], []), nothing);
    assert.deepEqual(resolve('-1', ['1_a'], ['1_a']), { ...nothing, beyond: ['1_a'] });
  });

  it('is the whole name before a longer one', () => {
    assert.deepEqual(findRevision('1_a', names('1_a', '1_ab')), { ok: true, revision: '1_a' });
    assert.equal(findRevision('1_', names('1_a', '1_ab')).ok, false);
  });

  it('beyond the ends is refused with the number of migrations', () => {
    assert.match(refusal('-2', ['1_a'], ['1_a']), /further back than the 1 applied migration\./);
    assert.match(refusal('-3', ['1_a', '2_b'], ['1_a', '2_b']), /further back than the 2 applied migrations\./);
    assert.match(refusal('+2', ['1_a'], []), /further than the 1 pending migration\./);
    assert.match(refusal('+3', ['1_a', '2_b'], []), /further than the 2 pending migrations\./);
  });

  it('that reverts names the newest migration that it would revert', () => {
    const input = { files: filesOf('1_a', '2_b', '3_c'), history: historyOf('1_a', '2_b', '3_c') };
    const made = plan({ ...input, target: targetOf('1_a'), allowDowngrade: false, outOfOrder: 'Refuse' });
    assert.deepEqual(!made.ok && [made.problem.reason, made.problem.migration], ['DowngradeNotAllowed', '3_c']);
  });

  it('that reverts is refused where one or several migrations have no down', () => {
    const loaded = (...all: string[]) => all.map((name) => ({ revision: revisionOf(name) }) as LoadedMigration);
    assert.match(requireReversible(loaded('1_a'))?.message ?? '', /^1_a has no down/);
    assert.match(requireReversible(loaded('1_a', '2_b'))?.message ?? '', /^1_a, 2_b have no down/);
    assert.equal(requireReversible(loaded()), undefined);
  });
});

describe('One applied migration that the files lack', () => {
  const one = (target: string, unknown: 'Accept' | 'Downgrade') =>
    plan({
      files: filesOf('1_a', '2_b'),
      history: historyOf('1_a', '2_b', '3_c'),
      target: targetOf(target),
      allowDowngrade: false,
      outOfOrder: 'Refuse',
      unknown,
    });

  it('is not the head, which is that of the files', () => {
    const accepted = one('head', 'Accept');
    assert.deepEqual(accepted.ok && [accepted.plan.direction, accepted.plan.to, accepted.ahead], [
      'up',
      '2_b',
      ['3_c'],
    ]);
    const reverted = one('head', 'Downgrade');
    assert.deepEqual(reverted.ok && [reverted.plan.direction, reverted.plan.to], ['down', '2_b']);
  });

  it('is not reverted by a number without leave, also where it may stay', () => {
    const made = one('-1', 'Accept');
    assert.equal(made.ok ? made.plan.direction : made.problem.reason, 'DowngradeNotAllowed');
  });

  it('is ahead by its name, also with a repeatable migration', () => {
    const files = filesOf('1_a', '2_b', 'R__view');
    assert.deepEqual(aheadOf(files, historyOf('1_a', '3_c', '2_b', 'R__view')), ['3_c']);
  });

  it('that was applied last comes last, also where its name sorts before', () => {
    const files = filesOf('1_a', '3_c');
    const history = historyOf('1_a', '3_c', '2_b');
    assert.deepEqual(orderWith(files, history, [revisionOf('2_b')]), ['1_a', '3_c', '2_b']);
    assert.deepEqual(orderWith(files, history, []), ['1_a', '2_b', '3_c']);
  });
});

describe('A repair', () => {
  const files = filesOf('1_a', '2_b');
  // 1_a was edited, 2_b was interrupted, 3_c has no file.
  const history = [rowOf('1_a', 'applied', 'sha256:before'), rowOf('2_b', 'started'), rowOf('3_c')];

  it('on request does what its action says, and nothing else', () => {
    const done = (action: 'accept-checksums' | 'remove-missing' | 'applied' | 'not-applied') => {
      const { remove, put } = requestedRepair(files, history, {
        action,
        digest: damageDigest(files, history, action),
      }) ?? {
        remove: ['refused'],
        put: [],
      };
      return [remove, put.map(({ revision }) => revision)];
    };
    assert.deepEqual(done('accept-checksums'), [[], ['1_a']]);
    assert.deepEqual(done('remove-missing'), [['3_c'], []]);
    assert.deepEqual(done('applied'), [[], ['2_b']]);
    assert.deepEqual(done('not-applied'), [['2_b'], []]);
  });

  it('of some migrations leaves the others', () => {
    const all = { acceptChecksums: true, removeMissing: true, interrupted: 'notApplied' } as const;
    for (const { only, remove, put } of [
      { only: '1_a', remove: [], put: ['1_a'] },
      { only: '2_b', remove: ['2_b'], put: [] },
      { only: '3_c', remove: ['3_c'], put: [] },
    ]) {
      const result = repair(files, history, { ...all, only: [revisionOf(only)] });
      assert.deepEqual([result.remove, result.put.map(({ revision }) => revision)], [remove, put], only);
    }
  });

  it('has a digest of 16 digits, of the rows that it changes and of no others', () => {
    for (const action of ['accept-checksums', 'remove-missing', 'applied', 'not-applied'] as const) {
      const digest = damageDigest(files, history, action);
      assert.match(digest, /^[0-9a-f]{16}$/);
      const more = filesOf('1_a', '2_b', '4_d');
      assert.equal(damageDigest(more, [...history, rowOf('4_d')], action), digest, action);
    }
    const other = [...history.slice(0, 2), { ...rowOf('3_c'), runId: 'another' }];
    assert.notEqual(damageDigest(files, other, 'remove-missing'), damageDigest(files, history, 'remove-missing'));
  });

  it('writes rows that took no time', () => {
    assert.deepEqual(newRow(revisionOf('1_a'), null, AUTHOR), {
      revision: '1_a',
      checksum: null,
      appliedAt: AUTHOR.now,
      durationMs: 0,
      runId: AUTHOR.runId,
      toolVersion: AUTHOR.toolVersion,
      state: 'applied',
    });
  });
});

describe('The history of another tool', () => {
  const history = (revisions: string[], tool = 'Knex', table = 'public.knex_migrations') => ({
    tool,
    table,
    revisions,
    onlyCurrent: false,
  });

  it('of golang-migrate is one version, dirty or not', () => {
    const read = (dirty: unknown) =>
      toolHistories([{ schema: 's', name: 'schema_migrations', rows: [{ version: '3', dirty }] }]);
    assert.deepEqual(read(true).map(currentOf), ['3 (dirty)']);
    assert.deepEqual(read(false).map(currentOf), ['3']);
    assert.deepEqual(
      read(false).map(({ onlyCurrent }) => onlyCurrent),
      [true],
    );
  });

  it('that is gone is a change, with the tool that it was of', () => {
    assert.deepEqual(historyChanges([history(['a'])], []), [
      { tool: 'Knex', table: 'public.knex_migrations', from: 'a', to: 'base', added: [], removed: ['a'] },
    ]);
    assert.deepEqual(historyChanges([], [history(['a'], 'Django', 'd')]), [
      { tool: 'Django', table: 'd', from: 'base', to: 'a', added: ['a'], removed: [] },
    ]);
  });

  it('is bookkeeping in each of its tables, in letters of any case', () => {
    const both = [history([]), history([], 'Django', 'public.django_migrations')];
    for (const table of ['public.knex_migrations', 'public.django_migrations', 's.DATABASECHANGELOGLOCK']) {
      assert.equal(isBookkeeping(table, both), true, table);
    }
    assert.equal(isBookkeeping('public.orders', both), false);
  });
});
