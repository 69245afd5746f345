/** `npm run bench [name …]`: how we compare with others, measured in one run on one machine. */
import { execFileSync } from 'node:child_process';
import { closeAll } from '../support/lifetime.ts';
import { benchApply } from './apply.ts';
import { benchBackup } from './backup.ts';
import { benchGrowth } from './growth.ts';
import { benchHostile } from './hostile.ts';
import { benchLint } from './lint.ts';
import { benchOperator } from './operator.ts';
import { installPeers } from './peers.ts';
import { benchProxy } from './proxy.ts';
import { benchRuns } from './runs.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchValidate } from './validate.ts';

const wanted = new Set(process.argv.slice(2));
const asked = (name: string) => wanted.size === 0 || wanted.has(name);
try {
  if (process.env.BENCH_DIST === undefined) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const peers = ['apply', 'runs', 'snapshot', 'validate', 'lint'].some(asked) ? installPeers() : {};
  if (asked('apply')) await benchApply(peers);
  if (asked('runs')) await benchRuns(peers);
  if (asked('snapshot')) for (const dialect of ['sqlite', 'postgres'] as const) await benchSnapshot(dialect, peers);
  if (asked('validate')) await benchValidate(peers);
  if (asked('backup')) await benchBackup();
  if (asked('lint')) await benchLint(peers);
  if (asked('growth')) await benchGrowth();
  if (asked('operator')) await benchOperator();
  if (asked('proxy')) await benchProxy();
  if (asked('hostile')) await benchHostile();
} finally {
  await closeAll();
}
