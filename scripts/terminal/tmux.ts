/** A real terminal without a user: tmux with its own server. Sends keys and reads the screen. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Wide enough that no path of a temporary folder is cut. */
const COLUMNS = 180;
/** Longest time that one command may take, in ms. */
const PATIENCE = 120_000;
const PROMPT = /^(?:\(exit \d+\) )?\$$/;
/** A command ends with a prompt below it; the exit code stands there where it is not 0. */
const BASHRC = `PS1='$(e=$?; [ $e = 0 ] || echo "(exit $e) ")$ '\nbind 'set enable-bracketed-paste off'\n`;

export interface Terminal {
  /** Types a line and waits for the next prompt; each answer is typed when its question is on the screen. */
  type(line: string, answers?: readonly { question: RegExp; keys: string }[]): Promise<void>;
  /** Everything since the start, as a person would have seen it. */
  read(): Promise<string>;
  close(): Promise<void>;
}

export async function openTerminal(folder: string, env: Record<string, string>): Promise<Terminal> {
  const socket = join(folder, '.tmux');
  const rc = join(folder, '.bashrc');
  await writeFile(rc, BASHRC);
  const tmux = (...args: string[]) => run('tmux', ['-S', socket, ...args], { env: { ...env, TERM: 'xterm-256color' } });
  await run(
    'tmux',
    ['-S', socket, '-f', '/dev/null', 'new-session', '-d', '-x', `${COLUMNS}`, '-y', '50', '-c', folder].concat(
      // Ten thousand lines of history; the option must be set before the window is created.
      ['sleep 86400', ';', 'set-option', '-g', 'history-limit', '10000', ';'],
      ['new-window', '-c', folder, `bash --noprofile --rcfile ${rc} -i`],
    ),
    { env: { ...env, TERM: 'xterm-256color' } },
  );
  const read = async () =>
    (await tmux('capture-pane', '-p', '-J', '-S', '-')).stdout.replace(/[ \t]+$/gm, '').trimEnd();
  const send = (text: string) => tmux('send-keys', '-l', text);
  const until = async (what: string, ready: (screen: string) => boolean) => {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const screen = await read();
      if (ready(screen)) return;
      if (performance.now() > deadline) throw new Error(`${what}: the screen still says\n${screen.slice(-2_000)}`);
      await sleep(100);
    }
  };
  const prompts = (screen: string) =>
    screen.split('\n').filter((line) => /^(?:\(exit \d+\) )?\$(?: |$)/.test(line)).length;
  const isIdle = (screen: string) => PROMPT.test(screen.slice(screen.lastIndexOf('\n') + 1));
  await until('the shell', isIdle);
  return {
    async type(line, answers = []) {
      const before = prompts(await read());
      await send(line);
      await tmux('send-keys', 'Enter');
      for (const { question, keys } of answers) {
        await until(line, (screen) => question.test(screen.slice(screen.lastIndexOf(line))));
        await send(keys);
        await tmux('send-keys', 'Enter');
      }
      await until(line, (screen) => isIdle(screen) && prompts(screen) > before);
    },
    read,
    close: async () => void (await tmux('kill-server')),
  };
}
