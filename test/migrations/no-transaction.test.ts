import assert from 'node:assert/strict';
import { folderOf, loadAll, loadOne } from './files.ts';

const BODY = 'CREATE INDEX CONCURRENTLY i ON t (a);\nDROP INDEX j;\n';

/** The lines with which other tools mark that a file runs outside a transaction. */
const SAYS: [string, string][] = [
  ['sqlx', `-- no-transaction\n${BODY}`],
  ['sqlx, with a reason', `-- no-transaction: the index is built beside the writers\n${BODY}`],
  ['postgres-migrations', `-- postgres-migrations disable-transaction\n${BODY}`],
  ['postgres-migrations, below a licence', `-- Copyright\n\n--postgres-migrations  disable-transaction \n${BODY}`],
  ['Atlas', `-- atlas:txmode none\n\n${BODY}`],
  ['morph', `-- morph:nontransactional\n${BODY}`],
  ['tern', `---- tern: disable-tx ----\n${BODY}`],
  ['graphile-migrate', `--! no-transaction\n${BODY}`],
  ['pgmigrate', `-- pgmigrate: no-transaction\n${BODY}`],
  ['Evolve', `-- evolve-tx-off\n${BODY}`],
  ['yoyo', `-- transactional: false\n${BODY}`],
  ['db-manager', `${BODY}-- db-manager:transaction:false`],
  ['CRLF', `-- no-transaction\r\n${BODY.replaceAll('\n', '\r\n')}`],
];

/** The same words where they have no meaning. */
const SILENT: [string, string][] = [
  ['a string', `INSERT INTO t VALUES ('\n-- no-transaction\n');\n`],
  ['the body of a function', 'DO $$ BEGIN\n-- transaction: false\n-- atlas:txmode none\nNULL; END $$;\n'],
  ['a sentence', `-- This needs no-transaction mode in sqlx.\nSELECT 1;\n`],
  ['sqlx looks at the first line only', `-- Adds t\n-- no-transaction\nSELECT 1;\n`],
  ['another mode of Atlas', '-- atlas:txmode file\nSELECT 1;\n'],
  ['a block comment', '/* transaction: false */\nSELECT 1;\n'],
];

describe('The words of other tools for "outside a transaction"', () => {
  for (const name of ['1_t.sql', '1_t.up.sql', 'V1__t.sql']) {
    it(`are obeyed in ${name}`, async () => {
      for (const [tool, text] of SAYS) assert.equal((await loadOne(name, text)).transactional.up, false, tool);
    });

    it(`mean nothing elsewhere in ${name}`, async () => {
      for (const [where, text] of SILENT) assert.equal((await loadOne(name, text)).transactional.up, true, where);
    });
  }

  it('belong to their own direction', async () => {
    const files = { '1_t.up.sql': '-- no-transaction\nSELECT 1;\n', '1_t.down.sql': 'SELECT 2;\n' };
    const [pair] = await loadAll(await folderOf(files));
    assert.deepEqual(pair?.transactional, { up: false, down: true });
  });
});
