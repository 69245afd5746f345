import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { terminalSession } from '../../scripts/terminal-session.ts';
import { findOnPath } from '../support/processes.ts';

describe('docs/guides/terminal-session.md', function () {
  // Some sixty commands, each a process.
  this.timeout(900_000);

  it('is what the workflows show on a real terminal, on both databases', async function () {
    if (findOnPath('tmux') === undefined) {
      assert.ok(process.env.CI !== 'true', 'tmux is not installed');
      console.warn('\n    SKIPPED: tmux is not installed (apt-get install tmux)\n');
      return this.skip();
    }
    const page = await readFile('docs/guides/terminal-session.md', 'utf8');
    assert.equal(await terminalSession(), page, 'to write it anew: node scripts/terminal-session.ts');
  });
});
