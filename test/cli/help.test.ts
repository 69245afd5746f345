import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { Io } from '../../src/cli/io.ts';
import { commandsFor, createProgram } from '../../src/cli/program.ts';
import { dbManager } from './process.ts';

/** Nothing is run, so nothing is printed. */
const IO: Io = {
  out: () => {},
  err: () => {},
  terminal: false,
  colour: false,
  columns: 80,
  env: {},
  signal: new AbortController().signal,
  verbose: false,
  json: false,
  setExitCode: () => {},
};

/** Every command that does something, by its whole name. */
function leaves(command: Command, path: string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')];
  return command.commands.flatMap((below) => leaves(below, [...path, below.name()]));
}

describe('the help', () => {
  const names = leaves(createProgram(IO));

  it('has an example for every command', () => {
    assert.ok(names.length > 20);
    assert.deepEqual(
      names.filter((name) => !COMMANDS.some((command) => command.name === name && command.examples.length > 0)),
      [],
    );
  });

  it('lists every command in a group, the first steps first', () => {
    const program = createProgram(IO);
    assert.deepEqual(
      program.commands.filter((command) => command.helpGroup() === '').map((command) => command.name()),
      [],
    );
    const text = program.helpInformation();
    assert.match(
      text,
      /From a model to a migration:\n {2}init [\s\S]*Backups:\n {2}backup [\s\S]*Clusters:\n {2}apply/,
    );
  });

  it('of a command is the same where only the command that was typed is created', () => {
    const all = createProgram(IO);
    for (const { name } of COMMANDS) {
      const some = createProgram(IO, commandsFor(['node', 'db-manager', ...name.split(' '), '--json']));
      assert.equal(commandOf(some, name)[0].helpInformation(), commandOf(all, name)[0].helpInformation(), name);
    }
    const typed = (...words: string[]) => commandsFor(['node', 'db-manager', ...words]).map(({ name }) => name);
    assert.deepEqual(typed('migrate', 'upgrade', 'history'), ['migrate upgrade']);
    assert.deepEqual(typed('runs', '--limit', 'show'), ['runs', 'runs show']);
    assert.deepEqual(typed('runs', 'show'), ['runs', 'runs show']);
    for (const words of [
      [],
      ['migrate'],
      ['migrate', 'help', 'upgrade'],
      ['--json', 'lint'],
      ['lin'],
      ['completion', 'bash'],
    ])
      assert.deepEqual(
        typed(...words),
        COMMANDS.map(({ name }) => name),
        words.join(' '),
      );
  });

  it('of every command begins with its summary', () => {
    const silent = (command: Command): string[] =>
      command.commands.flatMap((below) => [
        ...(below.description().toLowerCase().startsWith(`${below.summary().toLowerCase()}.`) ? [] : [below.name()]),
        ...silent(below),
      ]);
    assert.deepEqual(silent(createProgram(IO)), []);
  });

  it('of a command describes it and refers to the other options', async () => {
    for (const args of [
      ['help', 'backup'],
      ['backup', '-h'],
      ['migrate', 'upgrade', '--help'],
    ]) {
      const { code, stdout } = await dbManager(args);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: .*\n\n(?:Take a backup|Apply pending migrations)/);
      assert.match(stdout, /Examples:\n {2}db-manager/);
      assert.match(stdout, /Global options .*: db-manager --help/);
    }
  });

  it('agrees with docs/reference/cli.md on what commands there are', () => {
    const page = readFileSync('docs/reference/cli.md', 'utf8');
    const listed = [...page.matchAll(/^\| (`[^|]+?`) \|/gm)].flatMap(([, cell = '']) => [
      ...cell.matchAll(/`([^`]+)`/g),
    ]);
    const told = listed.map(([, text = '']) => text);
    assert.deepEqual(
      names.filter((name) => !told.some((text) => text === name || text.startsWith(`${name} `))),
      [],
    );
  });

  it('gives examples that are commands with options that exist', () => {
    const root = createProgram(IO);
    const everywhere = root.options.flatMap(({ long, short }) => [long, short]);
    for (const { name, examples } of COMMANDS) {
      assert.ok(examples.length > 0, name);
      for (const example of examples) {
        const call = /\bdb-manager ([^|>)#]*)/.exec(example)?.[1];
        assert.ok(call, `no command in: ${example}`);
        const [command, path] = commandOf(root, call);
        // `runner` is not for people, and shows what to use instead.
        if (name !== 'runner') assert.equal(path, name, example);
        const known = new Set([...everywhere, ...command.options.flatMap(({ long, short }) => [long, short])]);
        const used = call.match(/(?<=^| )--?[a-z][a-z-]*/gi) ?? [];
        assert.deepEqual(
          used.filter((option) => !known.has(option)),
          [],
          example,
        );
      }
    }
  });
});

/** The command that a line calls, options of every command before it or not, and its whole name. */
function commandOf(root: Command, call: string): [Command, string] {
  let at = root;
  const path: string[] = [];
  for (const word of call.split(' ')) {
    const below = at.commands.find((one) => one.name() === word);
    if (below === undefined) continue;
    at = below;
    path.push(word);
  }
  return [at, path.join(' ')];
}
