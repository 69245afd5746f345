import assert from 'node:assert/strict';
import { masker, maskPasswords } from '../../src/core/model/masking.ts';
import { redactRows } from '../../src/core/model/redact-rows.ts';
import { cleanReport, cleanText } from '../../src/core/reconcile/redact.ts';
import { assertLinear } from './growth.ts';

const HOSTILE: Record<string, (size: number) => string> = {
  'a-a-a-': (size) => 'a-'.repeat(size / 2),
  'schemes without end': (size) => 'a://'.repeat(size / 4),
  'users without end': (size) => `a://${'b:'.repeat(size / 2)}`,
  'passwords without end': (size) => 'a://b:c'.repeat(size / 7),
  'at signs': (size) => `a://b:${'@'.repeat(size)}`,
  'keys without end': (size) => 'Key (a)=(b'.repeat(size / 10),
  'whole keys': (size) => 'Key (a)=(b) already exists '.repeat(size / 27),
  'half keys': (size) => ')=('.repeat(size / 3),
  quotes: (size) => 'invalid input syntax for type a: "'.repeat(size / 34),
  parentheses: (size) => `Failing row contains ${'('.repeat(size)}`,
  spaces: (size) => ' '.repeat(size),
  lines: (size) => '(\n'.repeat(size / 2),
};

describe('what is taken out of the texts of a pod', () => {
  for (const [name, text] of Object.entries(HOSTILE)) {
    it(`takes a time that grows with the text: ${name}`, () => {
      const mask = masker(['secret', 'a://b:c']);
      assertLinear((size) => maskPasswords(text(size), true));
      assertLinear((size) => redactRows(text(size)));
      assertLinear((size) => mask(text(size)));
      assertLinear((size) => cleanText(text(size), { redactData: true }));
    });
  }

  const passwords: [string, string][] = [
    ['postgres://u:p@h/d', 'postgres://u:***@h/d'],
    ['at postgres://u:p@ss@h/d: refused', 'at postgres://u:***@h/d: refused'],
    ['redis://:p@h and mysql://u:q@h', 'redis://:***@h and mysql://u:***@h'],
    ['postgres://u:p/w@h/d', 'postgres://u:***@h/d'],
    ['https://h/path?a=b@c', 'https://h/path?a=b@c'],
    ['postgres://u@h:5432/d', 'postgres://u@h:5432/d'],
    ['no URL: u:p@h', 'no URL: u:p@h'],
    ["CREATE ROLE a PASSWORD 'p' LOGIN", "CREATE ROLE a PASSWORD '***' LOGIN"],
    ["OPTIONS (user 'u', password\n 'ab') at x://u:p@h", "OPTIONS (user 'u', password\n '***') at x://u:***@h"],
    ["ALTER ROLE a PASSWORD NULL; SELECT 'x'", "ALTER ROLE a PASSWORD NULL; SELECT 'x'"],
  ];
  for (const [text, expected] of passwords) {
    it(`is the password of a URL: ${text}`, () => assert.equal(maskPasswords(text), expected));
  }

  it('is what follows the user of a URL that was cut', () => {
    assert.equal(maskPasswords('at postgres://u:passw', true), 'at postgres://u:***');
    assert.equal(maskPasswords('at postgres://u:passw', false), 'at postgres://u:passw');
  });

  const rows: [string, string][] = [
    ['Key (email)=(a@b.org) already exists.', 'Key (email)=(***) already exists.'],
    ['Key (lower(a))=(x) y) is duplicated.', 'Key (lower(a))=(***) is duplicated.'],
    [
      'Key (a, b)=(1, 2) is not present in table "t" (attempt 2)',
      'Key (a, b)=(***) is not present in table "t" (attempt 2)',
    ],
    [
      'Key (during)=([a,b)) conflicts with existing key (during)=([c,d)).',
      'Key (during)=(***) conflicts with existing key (during)=(***).',
    ],
    ['Key (id)=(7) is still referenced from table "t".', 'Key (id)=(***) is still referenced from table "t".'],
    ['Failing row contains (1, a@b.org, (x), null).', 'Failing row contains (***).'],
    ['invalid input syntax for type integer: "a@b.org"', 'invalid input syntax for type integer: "***"'],
    ['invalid input syntax for type uuid: "a "quoted" b"', 'invalid input syntax for type uuid: "***"'],
    ['invalid input value for enum mood: "sad"', 'invalid input value for enum mood: "***"'],
    ['value "99999999999" is out of range for type integer', 'value "***" is out of range for type integer'],
    ['date/time field value out of range: "31.2.2020"', 'date/time field value out of range: "***"'],
    ['malformed array literal: "{a"', 'malformed array literal: "***"'],
    [
      'duplicate key value violates unique constraint "u_email"',
      'duplicate key value violates unique constraint "u_email"',
    ],
    ['relation "users" does not exist', 'relation "users" does not exist'],
    ['Key (a)=(one\ntwo) already exists.', 'Key (a)=(***) already exists.'],
    ['Key (a)=(x) already exists, y) already exists.', 'Key (a)=(***) already exists.'],
    [
      'Failing row contains (1, one\ntwo).\nCONTEXT: COPY t, line 2: "1\tone"',
      'Failing row contains (***).\nCONTEXT: COPY t, line 2: "***"',
    ],
    [
      'Failing row contains (a)b.\nCONTEXT: COPY "w x", line 2: "a)b c"',
      'Failing row contains (***)b.\nCONTEXT: COPY "w x", line 2: "***"',
    ],
    ['JSON data, line 1: {"a": secret...', 'JSON data, line 1: ***'],
    ['"1e400" is out of range for type double precision', '"***" is out of range for type double precision'],
  ];
  for (const [text, expected] of rows) {
    it(`is the data of a row: ${text}`, () => assert.equal(redactRows(text), expected));
  }

  it('is data of a row, or may be, in the statement of code; the statement of a .sql file is its text', () => {
    const statement = "UPDATE users SET email = 'a@b.org', age = 41 WHERE id = $1";
    const withoutValues = "UPDATE users SET email = '?', age = ? WHERE id = $1";
    const failureAt = (file?: string) => ({
      failure: { statement, message: 'm', ...(file === undefined ? {} : { position: { file, line: 1, column: 1 } }) },
    });
    const statementOf = (file: string | undefined, redactData = true) =>
      cleanReport(failureAt(file), { redactData }).failure.statement;
    assert.equal(statementOf('1_users.sql'), statement);
    assert.equal(statementOf('1_users.UP.SQL'), statement);
    assert.equal(statementOf('1_users.ts'), withoutValues);
    assert.equal(statementOf('1_users.cjs'), withoutValues);
    assert.equal(statementOf(undefined), withoutValues, 'of an unknown place');
    assert.equal(statementOf('1_users.ts', false), statement);
  });

  it('is not redacted if spec.safety.redactData is false', () => {
    assert.equal(
      cleanText('Key (a)=(b) x postgres://u:p@h', { redactData: false }),
      'Key (a)=(b) x postgres://u:***@h',
    );
  });

  it('is a secret in all the forms in which a program prints it', () => {
    const secret = `p'ä"s s&\\w$\n2`;
    const mask = masker([secret]);
    const forms = [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      encodeURI(secret),
      new URLSearchParams({ a: secret }).toString(),
      secret.replaceAll("'", "''"),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      Buffer.from(secret).toString('hex'),
    ];
    for (const form of forms) {
      const masked = mask(`before ${form} after`);
      assert.ok(masked.includes('***') && masked.startsWith('before') && masked.endsWith('after'), form);
      assert.ok(!masked.includes(form), form);
    }
  });

  it('is the password inside a URL too, alone and decoded', () => {
    const mask = masker(['postgres://user:p%40ss%21word@db.example.org:5432/app']);
    assert.equal(mask('login with p%40ss%21word or p@ss!word as user failed'), 'login with *** or *** as user failed');
  });

  it('is the longest first, and a short one as a word only', () => {
    assert.equal(masker(['abcd', 'abcdef'])('abcdef abcd'), '*** ***');
    assert.equal(masker(['ab'])('about ab.'), 'about ***.');
    assert.equal(masker([''])('nothing'), 'nothing');
  });

  it('is each line of a key', () => {
    const mask = masker(['-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----\n']);
    assert.equal(mask('it read MIIEvQIBADANBgkqhkiG9w0 and failed'), 'it read *** and failed');
  });
});
