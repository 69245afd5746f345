import { defineCommand } from '../command.ts';
import { rehearsalServerOption } from '../options.ts';
import { print } from '../output/print.ts';

/** Exit 1 if it is not safe. */
export const safetyCheck = defineCommand({
  name: 'safety-check',
  group: 'Production:',
  summary: 'check the database, the backup folder, the history and the pending migrations, without writing',
  examples: ['db-manager safety-check', 'db-manager safety-check --json'],
  configure: (command) => command.addOption(rehearsalServerOption()),
  async action(options, io) {
    const { checkMigrationSafety } = await import('../../library/safe-migrate.ts');
    const { countBySeverity, renderFindings } = await import('../output/findings/text.ts');
    const { renderTable } = await import('../output/table.ts');
    const safety = await checkMigrationSafety(options);
    const { checks, findings, safe } = safety;
    const shown = options.verbose === true ? findings : findings.filter(({ severity }) => severity !== 'notice');
    const folder = (await io.migrations?.()) ?? '.';
    const text = options.json === true ? '' : await renderFindings(shown, io, folder);
    print(io, options, safety, () => {
      const rows = checks.map(({ name, result, message }) => [name, result, message]);
      return [
        renderTable(['CHECK', 'RESULT', ''], rows, io.columns),
        `FINDINGS in the pending migrations: ${countBySeverity(findings)}${findings.length > shown.length ? ' (-v also shows notices)' : ''}`,
        ...(text === '' ? [] : [text]),
        safe ? 'Safe to migrate: db-manager safe-migrate' : 'Not safe to migrate.',
      ].join('\n\n');
    });
    if (!safety.safe) io.setExitCode(1);
  },
});
