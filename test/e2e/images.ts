/** Images that a test builds and that the nodes get. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { mustRun } from '../support/processes.ts';

/**
 * Builds an image from these files, one of them the Dockerfile. `E2E_LOAD_IMAGE` is the command that brings an image of
 * the local Docker to the nodes, its name in `$IMAGE`; without it the nodes share the images of Docker.
 */
export async function buildImage(tag: string, files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('image');
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const env = { ...process.env, DOCKER_BUILDKIT: '1', IMAGE: tag };
  await mustRun(process.env.E2E_DOCKER ?? 'docker', ['build', '--network=host', '--quiet', `--tag=${tag}`, folder], {
    env,
    timeoutMs: 300_000,
  });
  const load = process.env.E2E_LOAD_IMAGE;
  if (load !== undefined) await mustRun('sh', ['-c', load], { env, timeoutMs: 120_000 });
  return tag;
}
