import assert from 'node:assert/strict';
import { folderOf, loadAll, problemOf } from './files.ts';

const COMMONJS = '{"type":"commonjs"}';
const FAILS: [string, Record<string, string>][] = [
  ['import in .js', { '1_a.js': "import fs from 'fs';\nexport const up = async (q, S) => fs;" }],
  ['export in .js', { '1_a.js': 'export const up = async (q, S) => {};' }],
  ['export default in .cjs', { '1_a.cjs': 'export default { up: async (q, S) => {} };' }],
  [
    'import in .cjs, without a package',
    { '1_a.cjs': "import fs from 'fs';\nexports.up = async (q, S) => fs;", 'package.json': '{}' },
  ],
  ['import.meta', { '1_a.js': 'exports.up = async (q, S) => import.meta.url;' }],
];

describe('A class with up, as TypeORM writes', () => {
  for (const [name, text] of [
    [
      '1700000000000-Orders.ts',
      'export class Orders1700000000000 { async up(queryRunner) {} async down(queryRunner) {} }',
    ],
    ['Migration20240101.js', 'exports.Migration20240101 = class { async up() {} };'],
    ['1_a.mjs', 'export default class { async up() {} }'],
  ] as const)
    it(`is named, with what to do: ${name}`, async () => {
      const { message } = await problemOf(async () => loadAll(await folderOf({ [name]: text })));
      assert.match(message, /TypeORM.*migrate stamp head/);
    });
});

describe('An ES module that Node treats as CommonJS', () => {
  for (const [name, files] of FAILS)
    it(`is explained, with what to do: ${name} (H18)`, async () => {
      const folder = await folderOf({ 'package.json': COMMONJS, ...files });
      const { reason, message } = await problemOf(() => loadAll(folder, 'sqlite'));
      assert.equal(reason, 'InvalidMigration');
      assert.match(message, /Node takes it for CommonJS because .*Name it \.mjs, or put a package\.json/);
    });

  it('runs once the advice is followed: .mjs, or a separate package.json', async () => {
    const text = "import fs from 'fs';\nexport const up = async (q, S) => fs;";
    assert.equal((await loadAll(await folderOf({ 'package.json': COMMONJS, '1_a.mjs': text }), 'sqlite')).length, 1);
    assert.equal((await loadAll(await folderOf({ 'package.json': '{"type":"module"}', '1_a.js': text }))).length, 1);
  });

  it('is not blamed for another syntax error', async () => {
    const folder = await folderOf({ 'package.json': COMMONJS, '1_a.js': 'exports.up = async (q => {};' });
    assert.doesNotMatch((await problemOf(() => loadAll(folder))).message, /CommonJS/);
  });
});
