import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sequelize } from 'sequelize';
import type { AuthorFunction } from '../../src/migrations/formats/author-function.ts';
import { callStyle } from '../../src/migrations/formats/call-style.ts';
import { codeBodies } from '../../src/migrations/formats/code-bodies.ts';
import type { Exports } from '../../src/migrations/module.ts';

/** The function as its author wrote it: a formatter would rewrite some of these. */
const made = (text: string): AuthorFunction => new Function(`return (${text})`)();

describe('How a migration in code is called', () => {
  const STYLES: [string, 'umzug' | 'sequelize-cli' | 'either'][] = [
    ['({ context }) => context', 'umzug'],
    ['async ({ context: queryInterface }) => queryInterface', 'umzug'],
    ['async function up({ context: { sequelize } }) {}', 'umzug'],
    ['({ name, path }) => name + path', 'umzug'],
    ['({ context, ...rest }) => rest', 'umzug'],
    ['async params => params.context.x', 'umzug'],
    ['async (params) => { const { context: q } = params; return q; }', 'umzug'],
    ['function (p) { return p["context"]; }', 'umzug'],
    ['function (p) { return p?.context; }', 'umzug'],
    ['(/* umzug */ { context } = {}) => context', 'umzug'],
    ['function (_a) { var context = _a.context; return context; }', 'umzug'],
    [
      'function (_a) { return __awaiter(this, arguments, void 0, function* ({ context }) { yield context; }); }',
      'umzug',
    ],
    ['(queryInterface, Sequelize) => queryInterface', 'sequelize-cli'],
    ['async function up(queryInterface, { STRING, INTEGER }) {}', 'sequelize-cli'],
    ['(q, S = {}) => q', 'sequelize-cli'],
    ['function (queryInterface, Sequelize, done) { done(); }', 'sequelize-cli'],
    ['async ({ sequelize }) => sequelize.query("SELECT 1")', 'sequelize-cli'],
    ['async ({ sequelize, context }) => [sequelize, context]', 'sequelize-cli'],
    ['queryInterface => queryInterface.dropTable("x")', 'either'],
    ['async (queryInterface) => { await queryInterface.dropTable("context"); }', 'either'],
    ['(q /* , Sequelize */) => q.x', 'either'],
    ['async () => {}', 'either'],
    ['function () { return arguments[0].context; }', 'either'],
  ];
  for (const [text, style] of STYLES) {
    it(`${text} is ${style}`, () => assert.equal(callStyle(made(text)), style));
  }

  const queryInterface = {
    secret: 'qi',
    dropped: [] as string[],
    async dropTable(name: string) {
      this.dropped.push(name);
    },
  };
  const bodies = (exports: Exports) => codeBodies(exports, 'nested/1_a.js', '/folder/nested/1_a.js');
  const run = async (exports: Exports, sequelize: unknown = Sequelize) => {
    const { up } = bodies(exports);
    assert.ok(up.kind === 'code');
    await up.call(queryInterface, sequelize);
  };

  it('gives Umzug functions the context, the file’s name and its path, and nothing else', async () => {
    let given: unknown;
    await run({
      up: ({ context, name, path }: Record<string, unknown>) => {
        given = { context, name, path };
      },
    });
    assert.deepEqual(given, { context: queryInterface, name: '1_a.js', path: '/folder/nested/1_a.js' });
  });

  it('gives sequelize-cli functions the query interface and the class, also where an instance is passed', async () => {
    for (const sequelize of [Sequelize, new Sequelize('sqlite::memory:', { logging: false })]) {
      let given: unknown[] = [];
      const up = (q: unknown, S: unknown) => {
        given = [q, S];
      };
      await run({ default: { up } }, sequelize);
      assert.deepEqual(given, [queryInterface, Sequelize]);
    }
  });

  it('serves both readings where a function does not show its style', async () => {
    const seen: unknown[] = [];
    const plain = async (q: typeof queryInterface) => {
      await q.dropTable('x');
      seen.push(q.secret);
    };
    await run({ up: plain });
    const read = (params: Record<string, unknown>, key: string) => params[key];
    const hidden = new Function(
      'read',
      'seen',
      'return (p) => { seen.push(read(p, "con" + "text"), read(p, "name")) }',
    );
    await run({ up: hidden(read, seen) });
    assert.deepEqual(seen, ['qi', queryInterface, '1_a.js']);
    assert.deepEqual(queryInterface.dropped, ['x']);
  });

  it('reads a down that does not show its style as its up does', async () => {
    const style = (up: string, down: string) => bodies({ up: made(up), down: made(down) }).format;
    assert.equal(style('(q, S) => q', 'q => q.dropTable("x")'), 'sequelize-cli');
    assert.equal(style('async () => {}', '({ context }) => context'), 'umzug');
    assert.equal(bodies({ up: made('q => q.x') }).format, 'umzug');
    const object = { up: made('q => q.x') };
    assert.equal(bodies({ default: object, 'module.exports': object, up: object.up }).format, 'sequelize-cli');
  });

  it('waits for the done callback, and takes its error', async () => {
    let finished = false;
    await run({
      up: (_q: unknown, _s: unknown, done: (error?: unknown) => void) => {
        setTimeout(() => {
          finished = true;
          done();
        }, 5);
      },
    });
    assert.equal(finished, true);
    const fails = { up: (_q: unknown, _s: unknown, done: (error?: unknown) => void) => done(new Error('it said no')) };
    await assert.rejects(run(fails), /it said no/);
    const throws = {
      up: (_q: unknown, _s: unknown, _done: unknown) => {
        throw new Error('before done');
      },
    };
    await assert.rejects(run(throws), /before done/);
  });

  const NEVER: [string, (q: unknown, s: unknown, done: unknown) => unknown][] = [
    ['that never calls done', (_q, _s, _done) => {}],
    [
      'that calls done of an event which does not come',
      (_q, _s, done) => void new EventEmitter().once('end', done as () => void),
    ],
    ['that awaits a promise which is never settled', async (_q, _s, _done) => new Promise(() => {})],
    ['that stops in a Promise.all', (_q, _s, _done) => Promise.all([sleep(5), new Promise(() => {})])],
  ];
  it('fails a function that waits for what cannot come', async function () {
    this.timeout(60_000);
    const outcomes = await Promise.allSettled(NEVER.map(([, up]) => run({ up })));
    for (const [index, outcome] of outcomes.entries()) {
      const reason = outcome.status === 'rejected' ? String(outcome.reason) : 'it ended';
      assert.match(reason, /The function did not end: .*done/, NEVER[index]?.[0]);
    }
  });

  it('waits for longer where something is active', async function () {
    this.timeout(60_000);
    await run({ up: async (_q: unknown, _s: unknown) => sleep(11_000) });
  });
});
