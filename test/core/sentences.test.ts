import assert from 'node:assert/strict';
import { joinSentences } from '../../src/core/model/sentences.ts';

describe('sentences of several origins', () => {
  for (const [parts, whole] of [
    [['boom', 'of is used by psql. Stop it.'], 'boom. of is used by psql. Stop it.'],
    [['boom', 'backup_20240101.sqlite restored'], 'boom. backup_20240101.sqlite restored.'],
    [['duplicate key', 'Key (id)=(1) already exists.', undefined], 'duplicate key. Key (id)=(1) already exists.'],
    [['it said "no."', 'Stop!', 'Why?'], 'it said "no." Stop! Why?'],
    [['alone'], 'alone'],
    [['', undefined, 'alone '], 'alone'],
  ] as const) {
    it(`${JSON.stringify(parts)} are ${whole}`, () => assert.equal(joinSentences(...parts), whole));
  }
});
