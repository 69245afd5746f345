import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HistoryRow, StoredSource } from '../../src/core/model/history.ts';
import type { Revision } from '../../src/core/model/revision.ts';
import { checksumOf } from '../../src/migrations/checksum.ts';
import { decodeSource } from '../../src/migrations/stored/decode.ts';
import { encodeSource, LARGEST_SOURCE } from '../../src/migrations/stored/encode.ts';
import { ownImports } from '../../src/migrations/stored/own-imports.ts';

const UP = Buffer.from('CREATE TABLE a (id integer);\r\n-- Größe\r\n');
const DOWN = Buffer.from('DROP TABLE a;\n');

function row(checksum: string | null): HistoryRow {
  return {
    revision: '0001_a' as Revision,
    checksum,
    appliedAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    runId: 'r',
    toolVersion: '9.9.9',
    state: 'applied',
  };
}

const two = { files: ['0001_a.up.sql', '0001_a.down.sql'], contents: [UP, DOWN] };
const digest = (content: Uint8Array) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

function problemOf(source: StoredSource | undefined, checksum: string | null = checksumOf(two.contents)) {
  const decoded = decodeSource(row(checksum), source);
  assert.ok(!decoded.ok, 'it is refused');
  return decoded.problem;
}

describe('the stored text of a migration', () => {
  it('is read back byte by byte, with the names and the checksum', () => {
    const decoded = decodeSource(row(checksumOf(two.contents)), encodeSource(two));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.file.files, two.files);
    assert.deepEqual(decoded.file.stored?.contents.map(String), [String(UP), String(DOWN)]);
    assert.equal(decoded.file.checksum, checksumOf(two.contents));
    assert.equal(decoded.file.stored?.replayable, true);
  });

  it('is that of any file: empty, without line end, with bytes that are not UTF-8, with a line end in the first byte', () => {
    for (const content of [
      Buffer.alloc(0),
      Buffer.from('x'),
      Buffer.from([0xff, 0, 10, 0xfe]),
      Buffer.from('\n{}\n'),
    ]) {
      const decoded = decodeSource(row(null), encodeSource({ files: ['1.sql'], contents: [content] }));
      assert.ok(decoded.ok);
      assert.deepEqual(Buffer.from(decoded.file.stored?.contents[0] ?? 'no'), content);
    }
  });

  it('has the statements that code sent and how Node reads it', () => {
    const sent = { statements: ['CREATE TABLE a (id integer)'], complete: true };
    const source = encodeSource({ files: ['1.js'], contents: [Buffer.from('export {}')], type: 'module', sent });
    const decoded = decodeSource(row(null), source);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.file.stored?.sent, sent);
    assert.equal(decoded.file.stored?.type, 'module');
  });

  it('is refused if any byte of it was changed', () => {
    const source = encodeSource(two);
    const content = source.content ?? Buffer.alloc(0);
    for (let at = 0; at < content.length; at += 7) {
      const changed = Buffer.from(content);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const problem = problemOf({ ...source, content: changed });
      assert.equal(problem.reason, 'StoredSourceInvalid', `byte ${at}`);
      assert.match(problem.message, /changed or truncated.*repair --store-sources/);
    }
  });

  it('is refused if it was cut off, also if its digest was computed again', () => {
    const source = encodeSource(two);
    const content = source.content ?? Buffer.alloc(0);
    for (const length of [0, 1, 10, content.length - 1]) {
      const short = content.subarray(0, length);
      assert.equal(problemOf({ ...source, content: short }).reason, 'StoredSourceInvalid');
      assert.equal(problemOf({ ...source, content: short, digest: digest(short) }).reason, 'StoredSourceInvalid');
    }
  });

  it('is refused if it is another text than the row is about, although it is whole', () => {
    const other = encodeSource({ files: ['0001_a.sql'], contents: [Buffer.from('DROP TABLE users;')] });
    assert.match(problemOf(other).message, /its checksum differs from the one in the history/);
  });

  it('is refused in a format of a later version, which the message names', () => {
    const problem = problemOf({ ...encodeSource(two), format: 'zstd-7' });
    assert.equal(problem.reason, 'StoredSourceInvalid');
    assert.match(problem.message, /format zstd-7.*db-manager 9\.9\.9 applied it/);
  });

  it('is refused if what is packed is not a header and files, or leaves the folder', () => {
    const headers = [
      'not json',
      '[]',
      '{"files":[]}',
      '{"files":[{"name":"../x.sql","bytes":3}]}',
      '{"files":[{"name":"/etc/x.sql","bytes":3}]}',
      '{"files":[{"name":"a\\u0000.sql","bytes":3}]}',
      '{"files":[{"name":"x.sql","bytes":-3}]}',
      '{"files":[{"name":"x.sql","bytes":4}]}',
    ];
    for (const header of headers) {
      const content = gzipSync(`${header}\nabc`);
      const problem = problemOf({ format: 'gzip-1', content, digest: digest(content) }, null);
      assert.equal(problem.reason, 'StoredSourceInvalid', header);
    }
  });

  it('is not unpacked into more than it may be', () => {
    const content = gzipSync(Buffer.alloc(80 * 1024 * 1024));
    assert.equal(problemOf({ format: 'gzip-1', content, digest: digest(content) }).reason, 'StoredSourceInvalid');
  });

  it('is left out if it is too large, and this is reported; a large text that is small when compressed is kept', () => {
    const noise = randomBytes(LARGEST_SOURCE + 100);
    assert.deepEqual(encodeSource({ files: ['1.sql'], contents: [noise] }), { note: 'TooLarge' });
    assert.match(problemOf({ note: 'TooLarge' }).message, /larger than 1 MiB and was not stored/);
    assert.equal(problemOf({ note: 'TooLarge' }).reason, 'MissingMigration');
    const spaces = Buffer.alloc(8 * LARGEST_SOURCE, ' ');
    const kept = encodeSource({ files: ['1.sql'], contents: [spaces] });
    assert.ok(decodeSource(row(null), kept).ok);
  });

  it('is missing in a history of an older version, and the message has the command that stores it', () => {
    const problem = problemOf(undefined);
    assert.equal(problem.reason, 'MissingMigration');
    assert.match(problem.message, /repair --store-sources/);
  });
});

describe('imports of own files', () => {
  /** `~/` is written for `./` and `~~/` for `../`: what finds the imports of test files reads samples too. */
  const real = (text: string) => text.replaceAll('~~/', '../').replaceAll('~/', './');
  const uses: [string, string[]][] = [
    ["import { names } from '~/names.js';", ['~/names.js']],
    ["import {\n  a,\n  b,\n} from '~~/lib/index.js';", ['~~/lib/index.js']],
    ['import \'~/polyfill.js\';\nexport * from "~/other.js";', ['~/polyfill.js', '~/other.js']],
    ["const x = await import('~/late.js');", ['~/late.js']],
    ["const { t } = require('~~/tables');", ['~~/tables']],
    ["require.resolve('~/x.sql')", ['~/x.sql']],
    ["import config from '#config';", ['#config']],
    ["import x from '/srv/app/x.js';", ['/srv/app/x.js']],
    ["readFileSync(new URL('data.csv', import.meta.url))", ['import.meta.url']],
    ["path.join(__dirname, 'data.csv')", ['__dirname']],
  ];
  for (const [code, imports] of uses) {
    it(`are found in ${code.replaceAll('\n', ' ')}`, () => assert.deepEqual(ownImports(real(code)), imports.map(real)));
  }

  const none = [
    "import { DataTypes } from 'sequelize';",
    "const { QueryTypes } = require('sequelize');",
    "import type { Context } from '~/types.js';\nexport type { A } from '~/types.js';",
    "// import x from '~/x.js'\n/* require('~/y') */",
    "await context.sequelize.query('SELECT 1');",
    "export async function up() { return '~/not-an-import'; }",
  ];
  for (const code of none) {
    it(`are not seen in ${code.replaceAll('\n', ' ')}`, () => assert.deepEqual(ownImports(real(code)), []));
  }
});
