/** What starts a run, what names it, and which resources share a database. */
import assert from 'node:assert/strict';
import { canonical, configMapsOf, databaseKey, inputsDigest, runIdentity } from '../../../src/core/reconcile/inputs.ts';
import { resource } from './reconcile-harness.ts';

describe('The digest of the inputs of a run', () => {
  const of = (spec: object = {}, sources: [string, string | undefined][] = [], metadata: object = {}) =>
    inputsDigest(
      resource(spec, metadata),
      sources.map(([name, version]) => ({ name, version })),
    );

  it('does not depend on the order of the sources, and does on each version', () => {
    assert.equal(
      of({}, [
        ['a', '1'],
        ['b', '2'],
      ]),
      of({}, [
        ['b', '2'],
        ['a', '1'],
      ]),
    );
    assert.notEqual(
      of({}, [
        ['a', '1'],
        ['b', '2'],
      ]),
      of({}, [
        ['a', '2'],
        ['b', '1'],
      ]),
    );
    assert.notEqual(of({}, [['a', '1']]), of({}, [['a', undefined]]));
    assert.match(of(), /^sha256:[0-9a-f]{64}$/);
  });

  it('changes with the requests of a person, one by one', () => {
    const asked = ['retry', 'repair', 'prune'].map((action) =>
      of({}, [], { annotations: { [`db-manager.dev/${action}`]: 'x' } }),
    );
    assert.equal(new Set([of(), ...asked]).size, 4);
  });

  it('does not change with settings that only say when, how often or how to report', () => {
    for (const spec of [{ suspend: true }, { retry: { limit: 9 } }, { runner: { ttlAfterFinished: '5m' } }]) {
      assert.equal(of(spec), of(), JSON.stringify(spec));
    }
    assert.notEqual(of({ target: '1_a' }), of());
  });
});

describe('The ConfigMaps of a run', () => {
  it('are those of the migrations and of the certificate, each once', () => {
    const postgres = (name: string) => ({
      database: {
        sqlite: undefined,
        postgres: {
          host: 'h',
          database: 'd',
          user: 'u',
          passwordFrom: { secretKeyRef: { name: 's', key: 'p' } },
          caFrom: { configMapKeyRef: { name, key: 'ca.crt' } },
        },
      },
    });
    assert.deepEqual(configMapsOf(resource().spec), ['migrations']);
    assert.deepEqual(configMapsOf(resource(postgres('authority')).spec), ['migrations', 'authority']);
    assert.deepEqual(configMapsOf(resource(postgres('migrations')).spec), ['migrations']);
  });
});

describe('The key of a database', () => {
  const postgres = (host: string, namespace?: string, more: object = {}) =>
    databaseKey(
      resource(
        {
          database: {
            sqlite: undefined,
            postgres: {
              host,
              database: 'd',
              user: 'u',
              passwordFrom: { secretKeyRef: { name: 's', key: 'p' } },
              ...more,
            },
          },
        },
        { namespace },
      ),
    );
  const sqlite = (claimName: string, path: string, namespace?: string) =>
    databaseKey(resource({ database: { sqlite: { volume: { claimName }, path } } }, { namespace }));
  const url = (name: string, key: string, namespace?: string) =>
    databaseKey(resource({ database: { sqlite: undefined, urlFrom: { secretKeyRef: { name, key } } } }, { namespace }));

  it('is a label: 32 digits', () => {
    for (const key of [postgres('h'), sqlite('c', 'p.db'), url('s', 'k')]) assert.match(key, /^[0-9a-f]{32}$/);
  });

  it('is the same for the same server, and differs for another', () => {
    assert.equal(postgres('DB.Example.org', 'a'), postgres('db.example.org', 'b'));
    assert.equal(postgres('h', 'a'), postgres('H', 'a'));
    assert.equal(postgres('h', 'a'), postgres('h.a', 'b'));
    assert.equal(postgres('fd00::1', 'a'), postgres('fd00::1', 'b'));
    assert.notEqual(postgres('h', 'a'), postgres('h', 'b'));
    assert.notEqual(postgres('h', 'a'), postgres('h', 'a', { port: 5433 }));
    assert.notEqual(postgres('h', 'a'), postgres('h', 'a', { database: 'other' }));
    assert.equal(postgres('h', undefined), postgres('h', 'default'));
  });

  it('is of the namespace for files and Secrets', () => {
    assert.equal(
      new Set([sqlite('c', 'p.db', 'a'), sqlite('c', 'p.db', 'b'), sqlite('d', 'p.db', 'a'), sqlite('c', 'q.db', 'a')])
        .size,
      4,
    );
    assert.equal(new Set([url('s', 'k', 'a'), url('s', 'k', 'b'), url('t', 'k', 'a'), url('s', 'l', 'a')]).size, 4);
  });
});

describe('The identity of a run', () => {
  const idOf = (name: string, attempt = 1, generation = 1) =>
    runIdentity(resource({}, { name, generation }), 'sha256:x', attempt).id;

  it('is a name of a Job: at most 51 characters of the allowed ones, and never empty', () => {
    for (const [name, readable] of [
      ['bot', 'bot'],
      ['a.b', 'a-b'],
      ['x'.repeat(80), 'x'.repeat(40)],
      [`${'x'.repeat(39)}.y`, 'x'.repeat(39)],
    ] as const) {
      const id = idOf(name);
      assert.match(id, /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/);
      assert.equal(id.slice(0, -11), readable);
      assert.match(id.slice(-11), /^-[0-9a-f]{10}$/);
    }
  });

  it('differs by attempt and generation, and is the same for the same', () => {
    assert.equal(new Set([idOf('bot'), idOf('bot', 2), idOf('bot', 1, 2)]).size, 3);
    assert.equal(idOf('bot'), idOf('bot'));
  });
});

describe('Canonical JSON', () => {
  it('has sorted keys, no undefined, and null where a list has nothing', () => {
    assert.equal(
      canonical({ b: [undefined, 1, { d: 1, c: 'x' }], a: undefined, z: null }),
      '{"b":[null,1,{"c":"x","d":1}],"z":null}',
    );
    assert.equal(canonical(undefined), 'null');
  });
});
