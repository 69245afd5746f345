import assert from 'node:assert/strict';
import { isBounded, judge, literals, NOTHING_KNOWN, readVerdicts } from './regular-expressions.ts';

/**
 * Every regular expression of src is checked for growth (recheck: automata and fuzzing). One whose time grows faster
 * than its text is listed here with its bound. `operator`, `controller-runtime`, `telemetry` and `core/reconcile` read what tenants
 * write, all in one process: they may have no exception but for texts that the API server keeps short.
 */
const NAME = 'a name or a type, at most some hundred characters';
const OWN = "a statement or file of the user's own, in the user's own process";
const URL = 'a connection string or a line of a service file, in the process of those who wrote it';
const LINE = 'one line that pg_dump or pg_restore prints';
const MESSAGE = 'one error message of the server or of pg_restore';
const NUMBER = 'digits that we made';
const EXCEPTIONS: Record<string, string> = {
  "/(?:SET\\s+\\w+\\s*=|VALUES)\\s*\\(?\\s*'([^']+)'/i": OWN,
  '/(?:could not be restored|differs from the backup): (.*?)\\. \\S+ is unchanged/s': MESSAGE,
  '/\\/\\*[\\s\\S]*?\\*\\//g': OWN,
  '/^([A-Z]+(?: [A-Z]+)*) (.*)$/': LINE,
  '/^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (?:[^(]*\\.)?"?([^"(]+)"?\\(/': OWN,
  '/(?:\\s+|[\'"]use strict[\'"];?|#!.*)*/y': 'nothing follows, so it cannot fail and try again',
  '/(\\.0)+$/': NAME,
  '/^\\s{1,20}at (?:.*\\()?(.+?):(\\d{1,9}):(\\d{1,9})\\)?$/': 'at most 4,000 characters',
  '/^_+|_+$/g': 'at most 60 characters',
  '/[ \\t]+$/gm': OWN,
  '/\\B(?=(\\d{3})+$)/g': NUMBER,
  '/\\?.*$/': NAME,
  '/([0-9]+)(ms|s|m|h|d)/g': 'at most 20 characters, by the CRD',
  '/^-+|-+$/g': 'at most 40 characters',
  '/[^a-z0-9]+$/': 'at most 63 characters',
  '/^(?:--[^\\n]*db-manager:[^\\n]*\\n\\s*)+|;?[ \\t]*--[ \\t]*db-manager:[^\\n]*$/g': OWN,
  '/(?:\\[\\d*\\])+$/': NAME,
  '/\\(([^)]*)\\)/': NAME,
  '/\\([^)]*\\)/': NAME,
  '/0+$/': NUMBER,
  '/(?:\\[\\])+$/': NAME,
  '/\\s*\\(\\s*/g': NAME,
  '/\\s*,\\s*/g': NAME,
  '/\\s*\\)/g': NAME,
  '/ \\(Debian.*$/': 'the version that a client of ours prints',
  '/\\uFFFD+$/': NAME,
  '/near "([\\s\\S]+)": syntax error/': OWN,
  '/\\s+(ASC|DESC)$/i': OWN,
  '/\\s+COLLATE\\s+\\w+$/i': OWN,
  '/\\s*=[\\s\\S]*$/': OWN,
  '/\\/\\*[\\s\\S]*?\\*\\/|(^|[^:\'"`\\\\])\\/\\/.*$/gm': OWN,
  '/__awaiter\\(this, arguments, [^)]*\\) *, *function\\s*\\*\\s*\\(\\s*\\{[^}]*\\bcontext\\b|function\\s*\\*\\s*\\(\\s*\\{\\s*context\\b/':
    OWN,
  '/^\\s*--\\s*\\+goose\\s+(Up|Down|StatementBegin|StatementEnd|NO\\s+TRANSACTION|ENVSUB|\\S+)(.*)$/i': OWN,
  '/\\(.*?\\)/g': NAME,
  '/\\s*\\*\\/\\s*$/': OWN,
  '/^\\s*0+\\s*[a-z]*\\s*$/i': NAME,
  '/^[\\s\\S]*?\\b(FOR\\s+VALUES\\s[\\s\\S]+|DEFAULT)$/i': 'at most 300 characters',
  '/(?<=(?:^|[;\\n/]|\\b(?:begin|then|else|loop|do))\\s*)set\\b|set_config|\\bdiscard\\b|\\breset\\b/i':
    'looks back from each SET over blanks only, so no blank is looked at twice',
  '/\\s+CASCADE$/i': 'at most 300 characters',
  "/--[^\\n]*|\\/\\*[\\s\\S]*?\\*\\/|\\be'(?:[^'\\\\]|\\\\[\\s\\S]|'')*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\\$(?<tag>(?:[A-Za-z_]\\w*)?)\\$[\\s\\S]*?\\$\\k<tag>\\$/gi":
    OWN,
  '/[.\\s]+$/': 'at most 300 characters',
  '/^revision\\s*(?::[^=\\n]+)?=\\s*([\'"])([^\'"]+)\\1/m': OWN,
  '/^down_revision\\s*(?::[^=\\n]+)?=\\s*(None|[\'"][^\'"]*[\'"]|[([][^)\\]]*[)\\]])/m': OWN,
  '/^\\s*--\\s*migrate:up\\b/im': OWN,
  '/^\\s*--\\s*\\+goose\\b/im': OWN,
  '/(?:^|[.\\-_])(?:db\\.)?changelog\\b.*\\.(?:xml|ya?ml|json|sql)$|^changeset.*\\.xml$|\\.changelog\\./i': NAME,
  '/^[VUBR][\\d._]*__\\w+\\.(?:java|kt|class|groovy|scala)$/': NAME,
  '/\\/+$/': NAME,
  '/^\\s*(?:import\\b[\\s{*\'"\\w]|export\\s)/m': OWN,
  '/^[^/\\\\]*:[^/\\\\]*@/': URL,
  '/^[a-z+]*(postgres|pg|sql)[a-z+]*\\W?\\/\\//i': URL,
  '/@[^/]*(:\\d+)?\\//': URL,
  '/^CREATE EXTENSION .* WITH SCHEMA (?!pg_)(.+);$/': LINE,
  '/^-- TOC entry (\\d+) \\(class (\\d+) OID (\\d+)\\)\\n(?:-- Dependencies: (.*)\\n)?-- Name: (.*); Type: (.*); Schema: (.*?); Owner: (.*?)(?:; Tablespace: (.*))?$/gm':
    LINE,
  '/trigger .* for table .* does not exist/': MESSAGE,
  '/^COMMIT;\\n((?:--[^\\n]*\\n|\\\\unrestrict [^\\n]*\\n|\\s)*)(?![\\s\\S])/m':
    'the last bytes of a script, at most TAIL_BYTES',
  '/(relation|function|procedure|aggregate|type|operator|table|collation|text search (?:dictionary|configuration|parser|template)) .* does not exist/':
    MESSAGE,
  '/^\\s*([^=\\s]+)=(.*?)\\s*$/': URL,
  '/^[^\'"]*=[^\'"\\s]*;/': URL,
  '/:[^,\\]]*$/': URL,
  "/\\bcopy\\b[^;]*\\b(from|to)\\s+(program\\b|'|E')/i": OWN,
  '/[.@].*$/': NAME,
  '/^Command was: REFRESH MATERIALIZED VIEW ([^;]+);/m': MESSAGE,
  '/^(?:CONTEXT: +)?COPY ([^\\n]{1,200}?), line \\d/m': MESSAGE,
  '/^(?:[VU]\\d[\\d._]*|R)__.*\\.sql\\.conf$/i': NAME,
  '/^\\/+|\\/+$/g': NAME,
  '/no space left|disk full|storage.*full/i': MESSAGE,
};
const SHARED = /^(?:operator|controller-runtime|telemetry|core\/reconcile|core\/model\/masking)/;
const SHORT_BY_API = new Set(['/[^a-z0-9]+$/', '/^-+|-+$/g']);

const LONG = process.env.DB_MANAGER_FAULTS === 'long';

describe('a regular expression', () => {
  const growing = new Map<string, string[]>();

  before(async function () {
    this.timeout(600_000);
    const found = literals();
    const verdicts = await judge(found.keys(), LONG ? NOTHING_KNOWN : readVerdicts());
    for (const text of verdicts.growing) growing.set(text, found.get(text) ?? []);
  });

  it('is among those that are found', () => assert.ok(literals().size > 200));

  it('takes a time that grows with its text, or is in the list with the limit of its text', () => {
    const unknown = [...growing].filter(([text]) => !(text in EXCEPTIONS));
    assert.deepEqual(unknown, []);
  });

  it('is judged by recheck where it is new, and has the verdict that is kept for it', async function () {
    this.timeout(120_000);
    const kept = readVerdicts();
    const samples = LONG ? [...kept.safe, ...kept.growing] : ['/\\/+$/', '/^[^/\\\\]*:[^/\\\\]*@/', '/^\\d+$/'];
    const { safe, growing: grows } = await judge([...samples, '/^(a+)+$/'], NOTHING_KNOWN);
    assert.ok(grows.includes('/^(a+)+$/'));
    assert.deepEqual(
      [safe.filter((text) => kept.growing.includes(text)), grows.filter((text) => kept.safe.includes(text))],
      [[], []],
    );
  }).timeout(600_000);

  it('is bounded where each repetition has a limit and none is repeated itself', () => {
    for (const text of ['/^a?b{1,60}$/', '/[*+]{2,9}/', '/\\*\\+/', '/(?:a|b)?c/']) assert.ok(isBounded(text), text);
    for (const text of ['/a*/', '/[ab]+/', '/a{2,}/', '/(?:a{0,9}){0,9}/', '/\\\\+/'])
      assert.ok(!isBounded(text), text);
  });

  it('has no exception without need', () => {
    assert.deepEqual(
      Object.keys(EXCEPTIONS).filter((text) => !growing.has(text)),
      [],
    );
  });

  it('has none where one process reads what all tenants write', () => {
    const shared = [...growing].filter(
      ([text, files]) => files.some((file) => SHARED.test(file)) && !SHORT_BY_API.has(text),
    );
    assert.deepEqual(shared, []);
  });
});
