import { invalidConfiguration } from '../../core/model/problem.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

interface RepairCommandOptions {
  acceptChecksums?: boolean;
  removeMissing?: boolean;
  interrupted?: string;
  storeSources?: boolean;
}

/** Exit 4 if a decision is still needed. */
export const repair = defineCommand<RepairCommandOptions>({
  name: 'repair',
  group: 'Repair and import:',
  summary: 'repair the history after an interrupted, edited or missing migration',
  examples: [
    'db-manager repair',
    'db-manager repair --accept-checksums',
    'db-manager repair --interrupted notApplied',
    'db-manager repair --store-sources',
  ],
  configure: (command) =>
    command
      .option('--accept-checksums', 'accept edited files with their current content')
      .option('--remove-missing', 'remove applied migrations from the history if their file is missing')
      .option('--store-sources', 'store the text of applied migrations that the history lacks, from their files')
      .option('--interrupted <state>', 'whether an interrupted migration is in the database: applied or notApplied'),
  async action(options, io) {
    const { interrupted } = options;
    if (interrupted !== undefined && interrupted !== 'applied' && interrupted !== 'notApplied') {
      throw invalidConfiguration(`--interrupted must be applied or notApplied, not "${interrupted}".`);
    }
    const { repairHistory } = await import('../../library/history.ts');
    const findings = await repairHistory({ ...options, interrupted });
    print(io, options, findings, (all) =>
      all.length === 0
        ? 'Files and history agree; nothing had to be repaired.'
        : all
            .map(
              ({ revision, problem, action }) =>
                `${revision}: ${NAME[problem]}, ${action === 'none' ? `left as it is; ${CHOICE[problem]}` : action}`,
            )
            .join('\n'),
    );
    const open = findings.filter(({ action, problem }) => action === 'none' && problem !== 'noText');
    if (open.length > 0) io.setExitCode(4);
  },
});

const NAME = {
  interrupted: 'interrupted',
  edited: 'edited',
  missing: 'missing',
  noText: 'no text in the history',
} as const;

const CHOICE = {
  interrupted: 'inspect the database, then pass --interrupted applied or --interrupted notApplied',
  edited: 'undo the edit, or pass --accept-checksums',
  missing: 'restore the file, or pass --remove-missing',
  noText: 'its file is missing, or is not the one that was applied',
} as const;
