import assert from 'node:assert/strict';
import type { MigrationEffects } from '../../../src/core/model/effects.ts';
import { observedFindings, type RehearsalObservation } from '../../../src/core/safety/observed.ts';

const effect = (part: Partial<MigrationEffects>): MigrationEffects => ({
  revision: '1_a',
  seconds: 0.2,
  statements: 3,
  locks: [],
  rewrites: [],
  rows: [],
  ...part,
});
const ORDERS = { rows: 1_200_000, bytes: 310_000_000 };
const observe = (part: Partial<MigrationEffects>, more: Partial<RehearsalObservation> = {}) =>
  observedFindings({
    mode: 'Full',
    effects: [effect(part)],
    sizes: new Map([
      ['public.orders', ORDERS],
      ['public.empty', { rows: 0, bytes: 8192 }],
    ]),
    ignore: [],
    ...more,
  });

const lock = (mode: string, table = 'public.orders') => ({ locks: [{ table, mode }] });

describe('findings of what the rehearsal showed', () => {
  const cases: {
    it: string;
    effect: Partial<MigrationEffects>;
    more?: Partial<RehearsalObservation>;
    found: string[];
  }[] = [
    { it: 'a quick migration', effect: lock('AccessExclusiveLock'), found: [] },
    {
      it: 'a lock for a second',
      effect: { ...lock('AccessExclusiveLock'), seconds: 1 },
      found: ['observed-lock-held'],
    },
    { it: 'a lock that stops writers', effect: { ...lock('ShareLock'), seconds: 5 }, found: ['observed-lock-held'] },
    { it: 'a lock that stops nobody', effect: { ...lock('RowExclusiveLock'), seconds: 5 }, found: [] },
    {
      it: 'a lock taken at the end of a long migration',
      effect: { locks: [{ table: 'public.orders', mode: 'AccessExclusiveLock', seconds: 0.05 }], seconds: 20 },
      found: [],
    },
    {
      it: 'a lock on an empty table',
      effect: { ...lock('AccessExclusiveLock', 'public.empty'), seconds: 5 },
      found: [],
    },
    {
      it: 'a lock on a table that the plan makes',
      effect: { ...lock('AccessExclusiveLock', 'public.new'), seconds: 5 },
      found: [],
    },
    { it: 'a table written anew', effect: { rewrites: ['public.orders'] }, found: ['observed-table-rewritten'] },
    { it: 'an empty table written anew', effect: { rewrites: ['public.empty'] }, found: [] },
    {
      it: 'a rewrite with its lock, told once',
      effect: { ...lock('AccessExclusiveLock'), rewrites: ['public.orders'], seconds: 5 },
      found: ['observed-table-rewritten'],
    },
    { it: 'half a minute', effect: { seconds: 30 }, found: ['observed-slow'] },
    { it: 'half a minute on the schema alone', effect: { seconds: 30 }, more: { mode: 'SchemaOnly' }, found: [] },
    {
      it: 'a table rewritten on the schema alone',
      effect: { rewrites: ['public.orders'] },
      more: { mode: 'SchemaOnly' },
      found: ['observed-table-rewritten'],
    },
    { it: 'what is ignored', effect: { seconds: 30 }, more: { ignore: ['observed-slow'] }, found: [] },
  ];
  for (const { it: what, effect, more, found } of cases) {
    it(`are ${found.length === 0 ? 'none' : found.join(', ')} for ${what}`, () => {
      assert.deepEqual(
        observe(effect, more).map(({ rule }) => rule),
        found,
      );
    });
  }

  it('report the size in production and how long it may take there', () => {
    const [rewritten] = observe({ rewrites: ['public.orders'], seconds: 41.2 });
    assert.equal(
      rewritten?.message,
      'orders was rewritten on the copy: about 1,200,000 rows, 310 MB in production, and other sessions are blocked until it finishes. The migration took 41 s there; production has the same rows, so expect at least the same time, and more on a busy server.',
    );
    const [held] = observe({ ...lock('AccessExclusiveLock'), seconds: 3 });
    assert.match(
      held?.message ?? '',
      /^orders \(about 1,200,000 rows, 310 MB\) was under AccessExclusiveLock for 3\.0 s until the end of the migration: all reads and writes are blocked\./,
    );
    const [slow] = observe({ seconds: 300 });
    assert.match(slow?.message ?? '', /^It took 5 minutes for 3 statements/);
  });

  it('omit the rows if there is no estimate', () => {
    const sizes = new Map([['main.orders', {}]]);
    assert.match(
      observe({ rewrites: ['main.orders'] }, { sizes })[0]?.message ?? '',
      /^orders was rewritten on the copy: of unknown size in/,
    );
  });
});
