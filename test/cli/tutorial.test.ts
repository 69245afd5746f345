import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';
import { compileCache, runCommand } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';

const PAGE = resolve('docs/guides/tutorial.md');

interface Block {
  commands: string;
  /** The exit code of its last command. */
  exit: number;
}

describe('the tutorial', function () {
  // Some fifteen commands, each a process.
  this.timeout(600_000);

  it('works as it is typed, block after block', async () => {
    const blocks = blocksOf(await readFile(PAGE, 'utf8'));
    assert.ok(blocks.length >= 5, `only ${blocks.length} blocks`);
    const folder = await temporaryFolder('tutorial');
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const program = join(bin, 'db-manager');
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(program, 0o755);
    const env = {
      ...compileCache(),
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      HOME: folder,
      NODE_NO_WARNINGS: '1',
    };
    let before = '';
    for (const { commands, exit } of blocks) {
      // Each block runs in a shell of its own; what earlier blocks export holds for it too.
      before += [...commands.matchAll(/^export .*$/gm)].map(([line]) => `${line}\n`).join('');
      const { code, stdout, stderr } = await runCommand('sh', ['-ec', before + commands], { cwd: folder, env });
      assert.equal(code, exit, `${commands}\n${stdout}\n${stderr}`);
    }
  });

  it('has a block that is stopped', async () => {
    assert.ok(blocksOf(await readFile(PAGE, 'utf8')).some(({ exit }) => exit === 4));
  });
});

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```sh(?: fails=(\d))?\n(.*?)^```$/gms)].map(([, exit = '0', commands = '']) => ({
    commands,
    exit: Number(exit),
  }));
}
