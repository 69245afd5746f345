/** The proxy of `wrap` against a direct connection: each driver of test/proxy, the same work both ways. */
import { emptyRecord, recordInto } from '../../src/engine/wrapped/record.ts';
import { loadFingerprinter } from '../../src/migrations/statements/fingerprint.ts';
import { DRIVERS, type Driver } from '../proxy/drivers.ts';
import { openProxy } from '../proxy/opened.ts';
import { temporaryDatabase } from '../support/databases.ts';
import { runCommand } from '../support/processes.ts';
import { toolsIn } from '../support/programs/tools.ts';
import { middle } from './measure.ts';

const ROUNDS = 3;
const WORK = {
  statements: '3,000 statements, one after the other',
  copyIn: 'COPY in, 2 million rows',
  copyOut: 'COPY out, 2 million rows',
  large: 'one value of 50 MB',
} as const;

type Times = Record<keyof typeof WORK, number>;

export async function benchProxy(): Promise<void> {
  const fingerprint = await loadFingerprinter();
  const { url } = await temporaryDatabase('postgres');
  for (const driver of DRIVERS) {
    if (driver.set !== undefined && toolsIn(driver.set) === undefined) {
      console.log(`\n${driver.name}: not measured, because it is not installed`);
      continue;
    }
    const opened = await openProxy(url, { observe: recordInto(emptyRecord(), { fingerprint }) });
    const rounds: { direct: Times; proxied: Times }[] = [];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push({ direct: await times(driver, url), proxied: await times(driver, opened.url) });
      }
    } finally {
      await opened.close();
    }
    console.log(
      `\nThrough the proxy, ${driver.name} (seconds direct, seconds through the proxy, throughput as a ratio)`,
    );
    for (const name of Object.keys(WORK) as (keyof typeof WORK)[]) {
      const direct = middle(rounds.map((one) => one.direct[name]));
      const proxied = middle(rounds.map((one) => one.proxied[name]));
      const figures = [`${direct.toFixed(2)} s`, `${proxied.toFixed(2)} s`, (direct / proxied).toFixed(2)];
      console.log(`  ${WORK[name].padEnd(40)} ${figures.map((figure) => figure.padStart(8)).join(' ')}`);
    }
  }
}

async function times(driver: Driver, url: string): Promise<Times> {
  const { words, cwd, env } = driver.program();
  const [program = '', ...args] = words;
  const { code, stdout, stderr } = await runCommand(program, [...args, url, '--times'], {
    cwd,
    env: { ...process.env, ...env },
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`${driver.name}: ${stderr}`);
  return JSON.parse(stdout) as Times;
}
