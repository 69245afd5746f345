import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, hostedProject, type Project, withExample } from './fixtures.ts';

/** Whether an XML parser takes it, and the text that it shows. */
function textsOf(file: string): string[] {
  const script =
    'import sys, xml.etree.ElementTree as e\nfor t in e.parse(sys.argv[1]).iter("{http://www.w3.org/2000/svg}text"): print(t.text)';
  return execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).split('\n');
}

for (const dialect of DIALECTS) {
  describe(`db-manager schema diagram on ${dialect}`, () => {
    let here: Project;
    before(async () => {
      here = await withExample(await hostedProject(dialect));
      await here.run('migrate', 'upgrade', '20240219');
      await here.run('init', '--no-tables');
    });

    it('draws the database as it is for Mermaid: tables, columns with their keys, references', async () => {
      const { code, out } = await here.run('schema', 'diagram');
      assert.equal(code, 0, out);
      assert.match(out, /^erDiagram\n/);
      assert.match(out, /\n {2}"orders" \{\n {4}\S+ id PK\n/);
      assert.match(out, /\n {4}\S+ account_id FK\n/);
      assert.match(out, /\n {2}"accounts" \|\|--o\{ "orders" : "account_id"\n/);
      // Every line is one of the grammar's.
      const forms =
        /^(?:erDiagram| {2}"[^"]+"(?:\["[^"]+"\])? \{| {2}\}| {4}[\w\-()[\]]+ [\w-]+(?: [PFU]K(?:, [PFU]K)*)?(?: "[^"]*")?| {2}"[^"]+" [|o]{2}(?:--|\.\.)o[|{] "[^"]+" : "[^"]*")$/;
      assert.deepEqual(
        out
          .trimEnd()
          .split('\n')
          .filter((line) => !forms.test(line)),
        [],
      );
    });

    it('draws what changes between two revisions as SVG, without touching the database', async () => {
      const { out } = await here.run('schema', 'diagram', '20240219:head', '--output', 'change.svg');
      assert.equal(out, 'wrote change.svg\n');
      const texts = textsOf(join(here.folder, 'change.svg'));
      for (const text of ['+ signals', '+ note', '− comment', '~ orders', 'accounts'])
        assert.ok(texts.includes(text), text);
      assert.match((await here.run('migrate', 'current')).out, /^20240219/);
    });

    it('reports an invalid range and an unknown revision', async () => {
      assert.match((await here.run('schema', 'diagram', 'head')).err, /"head" is not a valid range.*base:head/);
      const unknown = await here.run('schema', 'diagram', 'base:nothing');
      assert.equal(unknown.code, 2);
      assert.match(unknown.err, /UnknownTarget/);
    });
  });
}

it('a name with quotes and signs is kept whole in both forms', async () => {
  const here = await hostedProject('sqlite');
  await here.write(
    'migrations/1_odd.sql',
    '-- migrate:up\nCREATE TABLE "a <b> & ""c""" (id INTEGER PRIMARY KEY, "two words" TEXT);\n',
  );
  await here.run('migrate', 'upgrade');
  const { out } = await here.run('schema', 'diagram');
  assert.match(out, /"a <b> & 'c'" \{/);
  assert.match(out, /TEXT two_words "two words, null"/);
  await here.run('schema', 'diagram', '--output', 'odd.svg');
  assert.ok(textsOf(join(here.folder, 'odd.svg')).includes('a <b> & "c"'));
  assert.doesNotMatch(await readFile(join(here.folder, 'odd.svg'), 'utf8'), /<b>/);
});
