import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from './processes.ts';

const SCRIPT = `
import { temporaryFolder } from '${join(import.meta.dirname, 'lifetime.ts')}';
import { startPostgres } from '${join(import.meta.dirname, 'postgres.ts')}';
const { port, dataFolder } = await startPostgres();
console.log(JSON.stringify({ port, dataFolder }));
setInterval(() => {}, 1000);
`;

describe('what a test process leaves behind', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`leaves no server and no folder after ${signal}`, async () => {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', SCRIPT], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(child.stdout, 'data');
      const { port, dataFolder } = JSON.parse(String(line));
      assert.ok(await listens(port));
      child.kill(signal);
      await once(child, 'exit');
      await eventually('the server to be gone', async () => !(await listens(port)));
      await eventually('the folder to be gone', () => !existsSync(dataFolder));
    });
  }
});

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
