import assert from 'node:assert/strict';
import { loadModule, parseSync } from 'libpg-query';
import sqlite3 from 'sqlite3';
import { ruleIds } from '../../../src/core/safety/rule-ids.ts';
import { NEWEST, serverOf } from '../../../src/core/safety/server.ts';
import { nearest, unknownIds } from '../../../src/core/safety/unknown-ids.ts';

describe('ids of rules', () => {
  it('are in kebab case, and no two are the same', () => {
    const ids = ruleIds();
    assert.ok(ids.length >= 45, String(ids.length));
    assert.deepEqual(
      ids.filter((id) => !/^[a-z]+(-[a-z]+)*$/.test(id)),
      [],
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it('are taken as they are written, and nothing is wrong with none', () => {
    assert.equal(unknownIds([], ruleIds()), undefined);
    assert.equal(unknownIds(['drop-column', 'observed-slow'], ruleIds()), undefined);
  });

  it('that no rule has are all named, each with those that are near', () => {
    const problem = unknownIds(['drop-colum', 'DROP_TABLE', 'zebra'], ['drop-column', 'drop-table', 'truncate']);
    assert.equal(problem?.reason, 'InvalidConfiguration');
    assert.match(problem.message, /"drop-colum", which does not match any rule\. Did you mean drop-column\?/);
    assert.match(problem.message, /"DROP_TABLE", which does not match any rule\. Did you mean drop-table/);
    assert.match(problem.message, /"zebra", which does not match any rule\. (?!Did)/);
  });

  it('are near by letters or by words, three at the most', () => {
    assert.deepEqual(nearest('index-concurrently', ['create-index-concurrently', 'drop-table']), [
      'create-index-concurrently',
    ]);
    assert.equal(nearest('a-b', ['a-b-c', 'a-b-d', 'a-b-e', 'a-b-f']).length, 3);
  });
});

describe('versions of servers', () => {
  it('default to those of the parser and of the library that come with db-manager', async () => {
    await loadModule();
    assert.equal(parseSync('SELECT 1').version?.toString().slice(0, -4), NEWEST.postgres);
    assert.equal((sqlite3 as unknown as { VERSION: string }).VERSION, NEWEST.sqlite);
  });

  const cases: [dialect: 'postgres' | 'sqlite', text: string, version: number | undefined][] = [
    ['postgres', '15', 150_000],
    ['postgres', '15.4', 150_004],
    ['postgres', 'PostgreSQL 15.18 (Debian 15.18-0+deb12u1)', 150_018],
    ['postgres', 'PostgreSQL 18beta1', 180_000],
    ['sqlite', 'SQLite 3.52.0', 3_052_000],
    ['sqlite', '3.40', 3_040_000],
    ['sqlite', 'new', undefined],
  ];
  for (const [dialect, text, version] of cases) {
    it(`count ${text} of ${dialect} as the server does`, () => {
      assert.equal(serverOf(dialect, text)?.version, version);
    });
  }
});
