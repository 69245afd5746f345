/** What the administrator of the operator allows, who approved a plan, and what a status may repeat of a report. */
import assert from 'node:assert/strict';
import { type Allowed, notAllowed } from '../../../src/core/reconcile/allowed.ts';
import { approverOf } from '../../../src/core/reconcile/approver.ts';
import { placeOfObjectStore } from '../../../src/core/reconcile/backup-place.ts';
import { cleanReport, cleanText } from '../../../src/core/reconcile/redact.ts';

describe('What the operator allows', () => {
  const refused = (allowed: Allowed, spec: object) => {
    const [, field, value, flag] =
      /^(\S+) is "(.*)", which the operator does not allow \((\S+)\)\./.exec(notAllowed({ spec }, allowed) ?? '') ?? [];
    return field === undefined ? undefined : `${field} ${value} ${flag}`;
  };

  it('is everything where nothing is set, and nothing where a list is empty', () => {
    const spec = { runner: { image: 'a' } };
    assert.equal(refused({}, spec), undefined);
    assert.equal(refused({ images: [] }, spec), 'spec.runner.image a --allowed-images');
    assert.equal(refused({ images: [] }, {}), undefined);
  });

  for (const { field, spec, flag } of [
    { field: 'spec.runner.image', spec: { runner: { image: 'v' } }, flag: 'images' },
    {
      field: 'spec.migrations.image.reference',
      spec: { migrations: { image: { reference: 'v' } } },
      flag: 'images',
    },
    { field: 'spec.migrations.command.image', spec: { migrations: { command: { image: 'v' } } }, flag: 'images' },
    {
      field: 'spec.runner.serviceAccountName',
      spec: { runner: { serviceAccountName: 'v' } },
      flag: 'service-accounts',
    },
    {
      field: 'spec.runner.priorityClassName',
      spec: { runner: { priorityClassName: 'v' } },
      flag: 'priority-classes',
    },
  ] as const) {
    it(`covers ${field}, and only by its own list`, () => {
      const key = (
        { images: 'images', 'service-accounts': 'serviceAccounts', 'priority-classes': 'priorityClasses' } as const
      )[flag];
      assert.equal(refused({ [key]: ['other'] }, spec), `${field} v --allowed-${flag}`);
      assert.equal(refused({ [key]: ['other', 'v'] }, spec), undefined);
      const others = { images: ['x'], serviceAccounts: ['x'], priorityClasses: ['x'], sources: ['x'] };
      assert.equal(refused({ ...others, [key]: ['v'] }, spec), undefined);
    });
  }

  it('covers every Secret that a field names, and the environment of the pod', () => {
    const env = (valueFrom: unknown) => ({
      runner: {
        image: 'i',
        env: [
          { name: 'ok', value: 'x' },
          { name: 'A', valueFrom },
        ],
      },
    });
    const command = (more: object) => ({ migrations: { command: { image: 'i', ...more } } });
    for (const [spec, expected] of [
      [{ database: { urlFrom: { secretKeyRef: { name: 's' } } } }, 'spec.database.urlFrom secret/s'],
      [{ backup: { keys: [{ secretRef: { name: 's' } }] } }, 'spec.backup.keys[0] secret/s'],
      [env({ secretKeyRef: { name: 's' } }), 'spec.runner.env[1] secret/s'],
      [env({ configMapKeyRef: { name: 'c' } }), 'spec.runner.env[1] configmap/c'],
      [env({ vaultRef: { name: 'x' } }), 'spec.runner.env[1] unknown source'],
      [
        command({ env: [{ valueFrom: { secretKeyRef: { name: 's' } } }] }),
        'spec.migrations.command.env[0].valueFrom secret/s',
      ],
      [command({ envFrom: [{ secretRef: { name: 's' } }] }), 'spec.migrations.command.envFrom[0] secret/s'],
      [command({ envFrom: [{ configMapRef: { name: 'c' } }] }), 'spec.migrations.command.envFrom[0] configmap/c'],
      [command({ envFrom: [{ otherRef: { name: 'x' } }] }), 'spec.migrations.command.envFrom[0] unknown source'],
      [command({ envFrom: [null] }), 'spec.migrations.command.envFrom[0] unknown source'],
    ] as const) {
      assert.equal(refused({ sources: ['secret/db-*'] }, spec), `${expected} --allowed-sources`);
      const [, source = ''] = /(\S+\/\S+)$/.exec(expected) ?? [];
      if (source !== '') assert.equal(refused({ sources: ['x', source] }, spec), undefined, expected);
    }
  });

  it('leaves what is about the pod itself, plain values, and the Secrets that only the operator reads', () => {
    const env = [
      { name: 'A', value: 'x' },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'D', valueFrom: null },
      null,
    ];
    const spec = {
      runner: { image: 'i', env },
      migrations: { command: { image: 'i', env } },
      notify: [{ urlFrom: { secretKeyRef: { name: 's' } } }],
    };
    assert.equal(refused({ sources: [] }, spec), undefined);
  });

  it('names at most 200 characters of a value', () => {
    assert.equal(refused({ images: [] }, { runner: { image: 'x'.repeat(200) } })?.includes('x'.repeat(200)), true);
    assert.equal(refused({ images: [] }, { runner: { image: 'x'.repeat(300) } })?.includes('x'.repeat(201)), false);
  });

  for (const [pattern, yes, no] of [
    ['a', ['a'], ['', 'b', 'aa', 'A']],
    ['*', ['', 'a', 'a/b:c'], []],
    ['a*', ['a', 'ab'], ['', 'ba']],
    ['*a', ['a', 'ba', 'aba'], ['ab']],
    ['a*c', ['ac', 'abc', 'acbc'], ['a', 'ab', 'acb']],
    ['a**c*', ['ac', 'abcd'], ['a', 'bc']],
    ['*ab*ab', ['abab', 'xabyab', 'ababab'], ['ab', 'aab', 'abaxb']],
    ['reg.io/team/*', ['reg.io/team/', 'reg.io/team/x:1'], ['reg.io/teams/x', 'xreg.io/team/x', 'reg-io/team/x']],
    ['', [''], ['a']],
  ] as const) {
    it(`matches "${pattern}" as a whole`, () => {
      const matches = (image: string) => refused({ images: [pattern] }, { runner: { image } }) === undefined;
      for (const text of yes) assert.equal(matches(text), true, text);
      for (const text of no) assert.equal(matches(text), false, text);
    });
  }
});

describe('Who approved a plan', () => {
  const entry = (
    manager: string | undefined,
    time?: string,
    fieldsV1: unknown = { 'f:spec': { 'f:approvedPlan': {} } },
  ) => ({
    manager,
    time,
    fieldsV1,
  });

  it('is the last manager of the field, with its time', () => {
    assert.equal(
      approverOf([entry('a', '2026-01-01T00:00:00Z'), entry('b', '2026-01-02T00:00:00Z')]),
      'b at 2026-01-02T00:00:00Z',
    );
    assert.equal(
      approverOf([entry('b', '2026-01-02T00:00:00Z'), entry('a', '2026-01-01T00:00:00Z')]),
      'b at 2026-01-02T00:00:00Z',
    );
    assert.equal(approverOf([entry('old'), entry('a', '2026-01-01T00:00:00Z')]), 'a at 2026-01-01T00:00:00Z');
    assert.equal(approverOf([entry('a', '2026-01-01T00:00:00Z'), entry('old')]), 'a at 2026-01-01T00:00:00Z');
    assert.equal(approverOf([entry('a')]), 'a');
    assert.equal(approverOf([entry('m'.repeat(200))]), 'm'.repeat(128));
  });

  it('is undefined where no entry has the field or a manager', () => {
    const other = entry('a', '2026-01-03T00:00:00Z', { 'f:spec': { 'f:other': {} } });
    assert.equal(approverOf(), undefined);
    assert.equal(approverOf([other, entry('a', undefined, null), entry('a', undefined, {})]), undefined);
    assert.equal(approverOf([entry(undefined)]), undefined);
    assert.equal(approverOf([other, entry('b', '2026-01-01T00:00:00Z')]), 'b at 2026-01-01T00:00:00Z');
  });
});

describe('What a status repeats of a pod', () => {
  const ROW = 'Key (email)=(ada@x.org) already exists.';
  const [hidden, shown] = [{ redactData: true }, { redactData: false }];

  it('has no values of rows, unless they may be shown', () => {
    assert.doesNotMatch(cleanText(ROW, hidden), /ada/);
    assert.match(cleanText(ROW, shown), /ada/);
    assert.equal(cleanText('x'.repeat(8_001), shown).length, 8_000);
    assert.doesNotMatch(cleanText('postgres://u:secret@h/d', shown), /secret/);
  });

  it('is clean in every text of a report, however deep, and keeps the rest', () => {
    const report = { reason: ROW, list: [{ message: ROW }, 1, null, true], nothing: null };
    assert.deepEqual(cleanReport(report, shown), report);
    const clean = cleanReport(report, hidden);
    assert.equal(clean.reason, ROW);
    assert.doesNotMatch(JSON.stringify(clean.list), /ada/);
    assert.deepEqual([clean.list.slice(1), clean.nothing], [[1, null, true], null]);
  });

  it('has the statement of a file of SQL, and of code without its values', () => {
    const statement = "INSERT INTO t VALUES ('ada')";
    const told = (position: unknown, cleaning = hidden) => cleanReport({ statement, position }, cleaning).statement;
    assert.equal(told({ file: '1_a.SQL' }), statement);
    assert.equal(told({ file: '1_a.sql' }), statement);
    for (const position of [{ file: '1_a.ts' }, { file: 'x.sql.ts' }, { file: 1 }, {}, null, undefined, 'x.sql']) {
      assert.doesNotMatch(told(position), /ada/);
      assert.equal(told(position, shown), statement);
    }
  });
});

describe('The place of an object store', () => {
  it('has the path of the certificate only where one is given', () => {
    const store = { bucket: 'b', region: 'r', endpoint: 'https://e' } as Parameters<typeof placeOfObjectStore>[0];
    assert.doesNotMatch(placeOfObjectStore(store, '/ca.crt'), /ca\.crt/);
    const caFrom = { configMap: { name: 'c', key: 'k' } } as unknown as NonNullable<typeof store.caFrom>;
    assert.match(placeOfObjectStore({ ...store, caFrom }, '/ca.crt'), /ca\.crt/);
  });
});
