import assert from 'node:assert/strict';
import { ContainerLog, type LogQuery } from './container-log.ts';

async function read(log: ContainerLog, query: LogQuery = {}): Promise<string> {
  return (await all(log.read(query, new AbortController().signal))).join('');
}

async function all(parts: AsyncGenerator<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const part of parts) found.push(part);
  return found;
}

describe("a container's log", () => {
  it('joins what arrives in pieces, and keeps a last line without its end', async () => {
    const log = new ContainerLog();
    for (const piece of ['o', 'ne\ntw', 'o\nthr']) log.append(piece);
    assert.equal(await read(log), 'one\ntwo\nthr');
    log.close();
    assert.equal(await read(log, { follow: true }), 'one\ntwo\nthr');
  });

  it('gives the last lines, or the first bytes', async () => {
    const log = new ContainerLog();
    log.append('one\ntwo\nthree\n');
    assert.equal(await read(log, { tailLines: 2 }), 'two\nthree\n');
    assert.equal(await read(log, { tailLines: 0 }), '');
    assert.equal(await read(log, { limitBytes: 6 }), 'one\ntw');
    assert.equal(await read(log, { since: Date.now() + 1_000 }), '');
  });

  it('gives a follower each line as it comes, until the container or the reader ends', async () => {
    const log = new ContainerLog();
    const leaving = new AbortController();
    const staying = read(log, { follow: true });
    const left = all(log.read({ follow: true }, leaving.signal));
    log.append('one\n');
    await new Promise(setImmediate);
    leaving.abort();
    assert.deepEqual(await left, ['one\n']);
    log.append('two\n');
    log.close();
    assert.equal(await staying, 'one\ntwo\n');
  });
});
