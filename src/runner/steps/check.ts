import { checkFolder } from '../../backups/folder.ts';
import type { CheckResult, Finding } from '../../core/model/finding.ts';
import type { Database } from '../../database/port.ts';
import { failed, toProblem } from '../failure.ts';
import type { Step } from '../flow.ts';
import type { RunPorts } from '../ports.ts';
import type { Checked, Connected, Planned } from '../state.ts';
import { bytes, count } from '../words.ts';

/** What could go wrong around the plan, looked at before anything is written. */
export const check: Step<Connected & Planned, Checked> = {
  name: 'check',
  async run({ database, plan }, ports) {
    const { request } = ports;
    if (plan.migrations.length === 0) {
      return { kind: 'skipped', value: { checks: [], findings: [] }, message: 'nothing to run' };
    }
    const surroundings = await database.checks({});
    const checks = [...surroundings, ...(await backupFolder(await roomFor(database), ports))];
    const findings: Finding[] = [];
    const value = { checks, findings };
    const broken = checks.filter(({ result }) => result === 'failed');
    if (broken.length > 0) {
      const message = broken.map((check) => `${check.name}: ${check.message}`).join('; ');
      return { ...failed({ reason: 'CheckFailed', message }, { touched: false }), partial: value };
    }
    const warnings = checks.filter(({ result }) => result === 'warning');
    return {
      kind: 'done',
      value,
      message: `${count(checks.length, 'check')} passed${warnings.length > 0 ? `, ${count(warnings.length, 'warning')}: ${warnings.map((w) => w.message).join('; ')}` : ''}${request.safety.mode === 'Off' ? '; safety rules are off' : ''}`,
    };
  },
};

/** A dump is compressed and holds no indexes; a fifth of the database is a careful guess. A file is copied whole. */
const DUMP_SHARE = 0.2;

async function roomFor(database: Database): Promise<number> {
  const size = await database.sizeBytes();
  return database.can.singleFile ? size : Math.ceil(size * DUMP_SHARE);
}

/** The backup folder has to be writable and to have room for a copy of the database. */
async function backupFolder(needed: number, { request }: RunPorts): Promise<CheckResult[]> {
  if (!request.backup.enabled) return [];
  const name = 'backup folder writable';
  try {
    const { freeBytes } = await checkFolder(request.backup.folder, needed);
    return [{ name, result: 'passed', message: `${request.backup.folder}, ${bytes(freeBytes)} free` }];
  } catch (error) {
    return [{ name, result: 'failed', message: toProblem(error).message }];
  }
}
