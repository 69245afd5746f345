import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { findOnPath } from '../support/processes.ts';
import { dbManager } from './process.ts';

/** What each shell proposes at the end of a line; the script is loaded by the real shell. */
const ASK: Record<string, (script: string, line: string) => { file: string; args: string[] }> = {
  bash: (script, line) => ({
    file: 'bash',
    args: [
      '--norc',
      '-c',
      `source ${script}; COMP_WORDS=(${line.replace(/ $/, " ''")}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _db_manager; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
  }),
  zsh: (script, line) => ({
    file: 'zsh',
    args: [
      '-f',
      '-c',
      // What the completion system would show, as lines.
      `compdef() { :; }; _files() { :; }; compadd() { print -l -- "$@"; }; _describe() { print -l -- "\${(@P)2%%:*}"; }
       source ${script}; words=(${line.replace(/ $/, " ''")}); CURRENT=\${#words}; _db_manager`,
    ],
  }),
  fish: (script, line) => ({
    file: 'fish',
    args: ['--no-config', '-c', `source ${script}; complete -C '${line}' | string split -f1 \\t`],
  }),
};

const LINES: [line: string, has: string[], hasNot: string[]][] = [
  ['db-manager ', ['migrate', 'safe-migrate', 'backup', 'completion'], ['upgrade']],
  ['db-manager migrate ', ['upgrade', 'downgrade', 'current', 'history'], ['backup']],
  ['db-manager safe-migrate --', ['--dry-run', '--no-backup', '--rehearsal', '--json'], ['--namespace']],
  ['db-manager safe-migrate --rehearsal ', ['auto', 'full', 'schema', 'disabled'], ['migrate']],
  ['db-manager --json migrate upgrade --', ['--database-url'], ['--rehearsal']],
];

describe('completion', () => {
  for (const [shell, ask] of Object.entries(ASK)) {
    it(`of ${shell} proposes commands, their options and known values`, async function () {
      if (findOnPath(shell) === undefined) {
        console.warn(`\n    SKIPPED: ${shell} is not installed\n`);
        return this.skip();
      }
      const { code, stdout } = await dbManager(['completion', shell]);
      assert.equal(code, 0);
      const script = join(await temporaryFolder('completion'), 'script');
      await writeFile(script, stdout);
      for (const [line, has, hasNot] of LINES) {
        const { file, args } = ask(script, line);
        const proposed = execFileSync(file, args, {
          encoding: 'utf8',
          env: { PATH: process.env.PATH, HOME: '/tmp' },
        }).split('\n');
        for (const word of has) assert.ok(proposed.includes(word), `${line}: ${word} of ${proposed.join(' ')}`);
        for (const word of hasNot) assert.ok(!proposed.includes(word), `${line}: not ${word}`);
      }
    });
  }

  it('supports no other shell', async () => {
    const { code, stderr } = await dbManager(['completion', 'csh']);
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are bash, zsh, fish/);
  });
});
