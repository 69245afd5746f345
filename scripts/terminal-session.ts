/**
 * Plays the workflows of docs/guides/terminal-session.md on a real terminal (tmux), on both databases, and writes the page.
 * `node scripts/terminal-session.ts [FILE]`; a page that differs from the output fails
 * test/cli/terminal-session.test.ts.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../test/support/databases.ts';
import { closeAll } from '../test/support/lifetime.ts';
import { normalise } from './terminal/normalise.ts';
import { type Line, MODEL, STORY } from './terminal/story.ts';
import { openTerminal, type Terminal } from './terminal/tmux.ts';

const NAMES: Record<TestDialect, string> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

export async function terminalSession(): Promise<string> {
  const parts = [];
  for (const dialect of DIALECTS) parts.push(await play(dialect));
  return `# A session on a terminal

Development, production and rollback, on SQLite and then on PostgreSQL. \`scripts/terminal-session.ts\` types the commands
on a real terminal and writes this page. Times, hashes and paths are replaced by examples. \`DATABASE_URL\` is set. An exit
code other than 0 is shown before the next prompt.

${parts.join('\n')}`;
}

async function play(dialect: TestDialect): Promise<string> {
  const folder = await temporaryFolder('terminal');
  const url = dialect === 'sqlite' ? 'sqlite:///data/shop.db' : (await temporaryDatabase(dialect)).url;
  await mkdir(join(folder, 'models'));
  await writeFile(join(folder, 'models/order.cjs'), MODEL);
  const bin = await temporaryFolder('bin');
  const program = join(bin, 'db-manager');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${resolve('src/cli/main.ts')}' "$@"\n`);
  await chmod(program, 0o755);
  const { NODE_COMPILE_CACHE: cache } = process.env;
  const env = {
    ...{ PATH: `${bin}:${process.env.PATH}`, HOME: folder, LANG: 'C.UTF-8', DATABASE_URL: url },
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
  };
  const terminal = await openTerminal(folder, env);
  try {
    const chapters = [];
    let seen = 0;
    for (const { title, parts } of STORY) {
      const sections = [];
      for (const { text, lines } of parts) {
        await typeAll(terminal, lines);
        const screen = normalise(await terminal.read(), folder, url).split('\n');
        // The last line is the prompt that waits, with the exit code of what ran before it.
        const waiting = screen.length - 1;
        const end = screen[waiting] === '$' ? waiting : waiting + 1;
        sections.push(`${text}\n\n\`\`\`text\n${screen.slice(seen, end).join('\n')}\n\`\`\`\n`);
        seen = waiting;
      }
      chapters.push(`### ${title} on ${NAMES[dialect]}\n\n${sections.join('\n')}`);
    }
    return `## ${NAMES[dialect]}\n\n${chapters.join('\n')}`;
  } finally {
    await terminal.close();
  }
}

async function typeAll(terminal: Terminal, lines: readonly Line[]): Promise<void> {
  for (const { type, answers } of lines) await terminal.type(type, answers);
}

if (import.meta.main) {
  try {
    await writeFile(process.argv[2] ?? 'docs/guides/terminal-session.md', await terminalSession());
  } finally {
    await closeAll();
  }
}
