import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import * as library from '../../src/index.ts';

describe('docs/reference/library.md', () => {
  // The table of functions comes before the one of options.
  const [page = ''] = readFileSync('docs/reference/library.md', 'utf8').split('## Options');
  const rows = [...page.matchAll(/^\| (`[a-z]+[A-Z][^|]*) \| ([^|]+) \|/gm)].map(([, names = '', commands = '']) => ({
    names: [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    commands: [...commands.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  }));

  it('has a row for each function that is exported, and for no other', () => {
    const exported = Object.entries(library).flatMap(([name, value]) =>
      typeof value === 'function' && /^[a-z]/.test(name) ? [name] : [],
    );
    assert.deepEqual(rows.flatMap(({ names }) => names).sort(), exported.sort());
  });

  it('names commands that exist', () => {
    const commands = rows.flatMap((row) => row.commands);
    assert.ok(commands.length > 20);
    assert.deepEqual(
      commands.filter((name) => !COMMANDS.some((command) => command.name === name)),
      [],
    );
  });
});
