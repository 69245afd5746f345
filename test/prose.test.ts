import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Words and turns that the documentation style refuses (docs/contributing/glossary.md, "Words to avoid"), in code,
 * messages, pages, charts and CRDs. Each line names what to write instead.
 */
const FORBIDDEN: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bmend(?:s|ed|ing)?\b/i, 'fix, repair'],
  [/\banew\b|\bmade again\b|\btaken up again\b/i, 'again; recreate, rewrite, restart, resume'],
  [/\bby itself\b/i, 'automatically; alone'],
  [/\bstands? (?:at|in|for|behind|beside)\b|\blies? (?:behind|in)\b/i, 'is at, is in, is older than'],
  [/\b(?:told|said|tells?|speaks?)\b|\bsays of\b/i, 'reported, logged, applies to'],
  [/(?<!\bthere )\bis no (?!longer\b|more\b)/i, 'is not a'],
  [/\b(?:no|some|every)body\b(?!['"`]?\s*[:,)\]=])/i, 'name the client, or use the passive'],
  [/\b(?:goes|went) through\b|\btakes? place\b|\bcomes? about\b/i, 'succeeds, happens'],
  [/\bwhatever\b|\ball the same\b|\bmeanwhile\b|\bbesides\b/i, 'leave it out'],
  [/\bfrom \d[\d.]* on\b/i, 'since, and later'],
  [/\bno room\b|\broom for\b|\bmakes? room\b|\bthis room\b|\brooms\b/i, 'disk space, module, slot'],
  [/\brights\b/i, 'permissions; privileges for PostgreSQL'],
  [/\bbeside\b/i, 'next to'],
  [/\bfor ever\b/i, 'forever, without a limit'],
  [/\bis had\b|\bway back\b|\bunder way\b/i, 'is acquired, down migration, in progress'],
  [/\bfront door\b|\bonly door\b|\bthe house\b|\btwins?\b/i, 'entry point, project, compiled output'],
];

/** Lines that are right as they are: file, a piece of the line, and why. */
const EXCEPTIONS: readonly (readonly [file: RegExp, piece: string, why: string])[] = [
  [/^docs\/contributing\/glossary\.md$/, '', 'names the words to avoid'],
  [/^docs\/decisions\/2026-11-28-rehearse/, 'the user `nobody`', 'the name of a user of the operating system'],
  [/^src\/migrations\/describe\.ts$/, 'all rights reserved', 'the words of a licence'],
];

const MOST_WORDS = 25;

const FOLDERS = [
  'src',
  'docs',
  'charts',
  'crds',
  'deploy',
  'migrations',
  'scripts',
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
];
const TEXT = /\.(?:ts|md|ya?ml|tpl|txt|json)$/;

describe('the prose', () => {
  const files = execFileSync('git', ['ls-files', ...FOLDERS], { encoding: 'utf8' })
    .split('\n')
    .filter((file) => TEXT.test(file));

  it('is looked at in every folder', () => {
    assert.ok(files.length > 300, `only ${files.length} files`);
  });

  it('has none of the words that the glossary refuses', () => {
    const hits = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const found = FORBIDDEN.find(([pattern]) => pattern.test(line));
          if (found === undefined || isException(file, line)) return [];
          return [`${file}:${index + 1}: "${found[0].exec(line)?.[0]}" (write: ${found[1]})`];
        }),
    );
    assert.deepEqual(hits, []);
  });

  it('has none of these words in the titles of tests either', () => {
    const tests = execFileSync('git', ['ls-files', 'test'], { encoding: 'utf8' })
      .split('\n')
      .filter((file) => file.endsWith('.test.ts') && file !== 'test/prose.test.ts');
    const found = tests.map((file) => ({ file, titles: titlesIn(readFileSync(file, 'utf8')) }));
    const count = found.reduce((sum, { titles }) => sum + titles.length, 0);
    assert.ok(count > 1_500, `only ${count} titles`);
    const hits = found.flatMap(({ file, titles }) =>
      titles.flatMap((title) => {
        const hit = FORBIDDEN.find(([pattern]) => pattern.test(title));
        return hit === undefined ? [] : [`${file}: "${title}" (write: ${hit[1]})`];
      }),
    );
    assert.deepEqual(hits, []);
    assert.deepEqual(titlesIn("describe('nobody', () => {\n  it(\n    `${said} twice`, () => {});"), [
      'nobody',
      ' twice',
    ]);
  });

  it('has none of these words in the comments of tests either', () => {
    const tests = execFileSync('git', ['ls-files', 'test'], { encoding: 'utf8' })
      .split('\n')
      .filter((file) => /\.[cm]?ts$/.test(file) && file !== 'test/prose.test.ts');
    const found = tests.flatMap((file) =>
      commentsIn(readFileSync(file, 'utf8')).map(({ line, text }) => ({ file, line, text })),
    );
    assert.ok(found.length > 1_200, `only ${found.length} lines of comments`);
    const hits = found.flatMap(({ file, line, text }) => {
      const hit = FORBIDDEN.find(([pattern]) => pattern.test(text));
      return hit === undefined ? [] : [`${file}:${line}: "${text}" (write: ${hit[1]})`];
    });
    assert.deepEqual(hits, []);
    assert.deepEqual(commentsIn("/**\n * One `nobody`\n */\nx(); // two\nconst url = 'http://three';\n  // four"), [
      { line: 1, text: '' },
      { line: 2, text: 'One ' },
      { line: 3, text: '' },
      { line: 4, text: 'two' },
      { line: 6, text: 'four' },
    ]);
  });

  it('finds each of them where it is written', () => {
    const samples = [
      'to mend it',
      'begins anew',
      'starts by itself',
      'stands at head',
      'is told twice',
      'is no target',
      'nobody can write',
      'it went through',
      'whatever it is',
      'from 12 on',
      'makes room for it',
      'has the rights',
      'beside the table',
      'for ever',
      'the way back',
      'the house',
    ];
    assert.deepEqual(
      samples.map((sample) => FORBIDDEN.findIndex(([pattern]) => pattern.test(sample))),
      FORBIDDEN.map((_, index) => index),
    );
  });

  it(`has at most ${MOST_WORDS} words in each sentence of a page`, () => {
    const pages = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).split('\n').filter(Boolean);
    assert.ok(pages.length > 100, `only ${pages.length} pages`);
    const long = pages.flatMap((page) =>
      sentences(readFileSync(page, 'utf8'))
        .filter((sentence) => words(sentence) > MOST_WORDS)
        .map((sentence) => `${page} (${words(sentence)} words): ${sentence}`),
    );
    assert.deepEqual(long, []);
  });

  it(`has at most ${MOST_WORDS} words in each sentence of a message`, () => {
    const messages = files
      .filter((file) => /^src\/.*\.ts$/.test(file))
      .flatMap((file) => messagesIn(readFileSync(file, 'utf8')).map((text) => ({ file, text })));
    assert.ok(messages.length > 3_000, `only ${messages.length} messages`);
    const long = messages.flatMap(({ file, text }) =>
      text
        .split(SENTENCE_END)
        .filter((sentence) => words(sentence) > MOST_WORDS)
        .map((sentence) => `${file} (${words(sentence)} words): ${sentence}`),
    );
    assert.deepEqual(long, []);
    assert.deepEqual(
      messagesIn(
        "// it's no 'message here'\nsay('One two');\nsay(`three ${a('x y')} four`, 'SELECT a FROM b', \"it's\");",
      ),
      ['One two', 'three x four'],
    );
  });

  it('counts the words of paragraphs and lists, and none of code, tables, headings and links', () => {
    const page = [
      '# A heading of one two three four five six seven eight nine ten',
      '',
      'One `two three` four',
      '[five](six/seven.md "eight"). **Two words.** Three more words:',
      '```sh',
      'code in a block',
      '```',
      '| a | table |',
      '1. first point',
      '   goes on',
      '- second point; and more',
      '<!-- a comment -->',
    ].join('\n');
    assert.deepEqual(
      sentences(page).map((sentence) => words(sentence)),
      [4, 2, 3, 4, 2, 2],
    );
  });

  it('has no exception that excepts nothing', () => {
    const unused = EXCEPTIONS.filter(
      ([file, piece]) => !files.some((one) => file.test(one) && readFileSync(one, 'utf8').includes(piece)),
    );
    assert.deepEqual(unused.map(String), []);
  });
});

function isException(file: string, line: string): boolean {
  return EXCEPTIONS.some(([where, piece]) => where.test(file) && line.includes(piece));
}

/** A colon and a semicolon end a sentence too. */
const SENTENCE_END = /(?<=[.!?:;]["”)]?)\s+|\n/;

/** The sentences of the paragraphs and lists of a page. */
function sentences(page: string): string[] {
  const text = page.replace(/^ *(```|~~~)[\s\S]*?^ *\1 *$/gm, '').replace(/<!--[\s\S]*?-->/g, '');
  const paragraphs: string[][] = [[]];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '' || /^[|#]/.test(line)) paragraphs.push([]);
    else if (/^(?:[-*]|\d+\.) /.test(line)) paragraphs.push([line.replace(/^\S+ /, '')]);
    else paragraphs.at(-1)?.push(line);
  }
  return paragraphs
    .map((lines) =>
      lines
        .join(' ')
        .replace(/\]\([^)]*\)/g, ']')
        .replace(/`[^`]*`/g, 'code')
        .replaceAll('**', ''),
    )
    .flatMap((paragraph) => paragraph.split(SENTENCE_END))
    .filter((sentence) => sentence !== '');
}

function words(sentence: string): number {
  return sentence.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** The titles of the tests in a file, without the values in templates. */
function titlesIn(source: string): string[] {
  return [...source.matchAll(/\b(?:it|describe\w*)\(\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g)].map(([, , title = '']) =>
    title.replace(/\$\{[^}]*\}/g, ''),
  );
}

/** The lines of comments in a file, without code in backticks. */
function commentsIn(source: string): { line: number; text: string }[] {
  return source.split('\n').flatMap((content, index) => {
    const [, text] = /(?:^\s*(?:\/\/|\/?\*+\/?)|[;,{)] \/\/)(.*)$/.exec(content) ?? [];
    return text === undefined ? [] : [{ line: index + 1, text: text.replace(/`[^`]*`|\*\/$/g, '').trimStart() }];
  });
}

/** The texts of several words in code, with x for each value. SQL and comments do not count. */
function messagesIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, single, double, template]) =>
      (single ?? double ?? template ?? '').replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'x'),
    )
    .filter((text) => text.includes(' ') && !/\b(?:NOT NULL|SELECT|INSERT|UPDATE|CREATE|ALTER|DROP)\b/.test(text));
}
