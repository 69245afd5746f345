/** The commands without db-manager, in a separate process: `<url> <endpoint> <pg_dump>`. The same client and parts. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { targetOf } from '../backups/fixtures.ts';

const [url = '', endpoint = '', pgDump = ''] = process.argv.slice(2);
const target = targetOf(url);
const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
const args = ['--format=custom', '--compress=0', `--dbname=${url}`];
const body =
  target.dialect === 'sqlite'
    ? createReadStream(target.path)
    : spawn(pgDump, args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
const params = { Bucket: 'backups', Key: 'bench/plain', Body: body };
await new Upload({ client, params, partSize: 8 * 1024 * 1024, queueSize: 4 }).done();
process.exit(0);
