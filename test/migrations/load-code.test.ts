import assert from 'node:assert/strict';
import type { MigrationBody } from '../../src/core/model/migration.ts';
import { loadMigration, loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { addFiles, folderOf, loadAll, loadOne, problemOf } from './files.ts';

const call = async (body: MigrationBody | undefined, queryInterface: unknown = {}, sequelize: unknown = {}) => {
  assert.ok(body?.kind === 'code');
  await body.call(queryInterface, sequelize);
};

describe('Loading migrations', () => {
  describe('of code', () => {
    it('refuses a file that changed since it was read', async () => {
      const folder = await folderOf({ '1_a.sql': 'SELECT 1;' });
      const read = await readMigrations(folder);
      assert.ok(read.ok && read.files[0]);
      await addFiles(folder, { '1_a.sql': 'SELECT 2;' });
      const problem = await problemOf(() => loadMigrations(folder, read.files, 'sqlite'));
      assert.equal(problem.reason, 'PlanChanged');
      assert.equal(problem.migration, '1_a');
      assert.match(problem.message, /1_a\.sql changed on disk/);
    });

    for (const extension of ['mjs', 'cjs', 'ts', 'js']) {
      it(`reads an edited .${extension} again in the same process`, async () => {
        const text = (n: number) =>
          extension === 'cjs'
            ? `module.exports = { up: async ({ context }) => context.push(${n}) };`
            : `export const up = async ({ context }) => { context.push(${n}); };`;
        const folder = await folderOf({});
        const log: number[] = [];
        for (const n of [1, 2, 1]) {
          await addFiles(folder, { [`1_a.${extension}`]: text(n) });
          const [loaded] = await loadAll(folder);
          await call(loaded?.up, log);
        }
        assert.deepEqual(log, [1, 2, 1]);
      });
    }

    it('takes transaction and description from the exports', async () => {
      const text =
        "export const transaction = false;\nexport const description = 'Says why';\nexport const up = () => {};\n";
      const loaded = await loadOne('1_a.mjs', text);
      assert.deepEqual(loaded.transactional, { up: false, down: false });
      assert.equal(loaded.description, 'Says why');
      assert.equal(loaded.down, undefined);
      const object = await loadOne('1_a.cjs', 'module.exports = { transaction: false, up() {} };');
      assert.equal(object.transactional.up, false);
    });

    const EXPORTS: [string, string, string][] = [
      ['named exports', '1_a.mjs', 'export const up = ({ context }) => context.push(1);'],
      ['a default export', '1_a.mjs', 'export default { up: ({ context }) => context.push(1) };'],
      [
        'a default in a default',
        '1_a.cjs',
        'exports.__esModule = true; exports.default = { up: ({ context }) => context.push(1) };',
      ],
      ['module.exports', '1_a.cjs', 'module.exports = { n: 1, up({ context }) { context.push(this.n); } };'],
      [
        'an instance of a class',
        '1_a.mjs',
        'class M { n = 1; up({ context }) { context.push(this.n); } }\nexport default new M();',
      ],
      ['CommonJS without a package.json', '1_a.js', 'exports.up = async ({ context }) => context.push(1);'],
    ];
    for (const [name, file, text] of EXPORTS) {
      it(`finds up in ${name}`, async () => {
        const log: number[] = [];
        await call((await loadOne(file, text)).up, log);
        assert.deepEqual(log, [1]);
      });
    }

    const REFUSED: [string, string, string, RegExp, [number, number] | undefined][] = [
      [
        'a syntax error in .ts',
        '1_a.ts',
        'export const up = () => {\n  const x: number = ;\n};\n',
        /^1_a\.ts:2:21: SyntaxError: Expression expected\.$/,
        [2, 21],
      ],
      [
        'a syntax error in .mjs',
        '1_a.mjs',
        'export const up = () => {\n  const x = ;\n};\n',
        /^1_a\.mjs:2:13: SyntaxError: Unexpected token ';'\.$/,
        [2, 13],
      ],
      [
        'a syntax error in .cjs',
        '1_a.cjs',
        'module.exports = {\n  up() { const x = ; } };\n',
        /^1_a\.cjs:2:20: SyntaxError/,
        [2, 20],
      ],
      [
        'an enum',
        '1_a.ts',
        '\nenum A { B }\nexport const up = () => A.B;\n',
        /^1_a\.ts:2:1: .*enum is not supported.*compile it to \.js/,
        [2, 1],
      ],
      [
        'an error while it is imported',
        '1_a.mjs',
        '\n  missing();\nexport const up = 1;',
        /^1_a\.mjs:2:3: ReferenceError: missing is not defined\.$/,
        [2, 3],
      ],
      [
        'a package that is not there',
        '1_a.mjs',
        "import 'not-installed-here';",
        /Cannot find package 'not-installed-here'.*Install/,
        undefined,
      ],
      [
        'an export that is not there',
        '1_a.mjs',
        "import { nope } from 'node:fs';\nexport const up = nope;",
        /^1_a\.mjs:1:10: SyntaxError: .*nope/,
        [1, 10],
      ],
      [
        'a module without up',
        '1_a.mjs',
        'export const down = () => {};',
        /1_a\.mjs:1:1: The function "up" is missing/,
        [1, 1],
      ],
      ['an up that is no function', '1_a.mjs', 'export const up = 1;', /The function "up" is missing/, [1, 1]],
      [
        'a down that is no function',
        '1_a.mjs',
        'export const up = () => {}; export const down = 1;',
        /"down" is a number/,
        [1, 1],
      ],
      [
        'a transaction that is no boolean',
        '1_a.mjs',
        "export const up = () => {}; export const transaction = 'no';",
        /"transaction" must be/,
        [1, 1],
      ],
    ];
    for (const [name, file, text, message, place] of REFUSED) {
      it(`refuses ${name}, with the place and without a stack`, async () => {
        const problem = await problemOf(() => loadOne(file, text));
        assert.equal(problem.reason, 'InvalidMigration');
        assert.match(problem.message, message);
        assert.doesNotMatch(problem.message, /\n|\bat .*node:/);
        assert.deepEqual(problem.position && [problem.position.line, problem.position.column], place);
      });
    }

    it('names the migration in every problem', async () => {
      const folder = await folderOf({ '1_a.mjs': 'syntax error here' });
      const read = await readMigrations(folder);
      assert.ok(read.ok && read.files[0]);
      const [file] = read.files;
      assert.equal((await problemOf(() => loadMigration(folder, file, 'sqlite'))).migration, '1_a');
    });
  });
});
