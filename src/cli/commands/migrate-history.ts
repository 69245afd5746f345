import type { HistoryEntry } from '../../library/history.ts';
import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const migrateHistory = defineCommand({
  name: 'migrate history',
  group: 'From a model to a migration:',
  summary: 'list all revisions with their state',
  examples: ['db-manager migrate history', 'db-manager migrate history -v'],
  async action(options, io) {
    const { getMigrationHistory } = await import('../../library/history.ts');
    const { renderTable } = await import('../output/table.ts');
    print(io, options, await getMigrationHistory(options), (entries) => {
      if (entries.length === 0) return 'There are no migrations. Write one: db-manager generate "what it does"';
      if (options.verbose === true) return entries.map(inFull).join('\n\n');
      return renderTable(['', 'REVISION', 'STATE', 'APPLIED AT (UTC)', 'DESCRIPTION'], entries.map(row), io.columns);
    });
  },
});

function row({ revision, state, appliedAt, description, current }: HistoryEntry): string[] {
  return [current ? '*' : '', revision, state, appliedAt?.slice(0, 19).replace('T', ' ') ?? '', description];
}

function inFull(entry: HistoryEntry): string {
  const { revision, state, description, current, appliedAt, durationMs, runId, files, source } = entry;
  const applied = appliedAt === undefined ? [] : [`  applied      ${appliedAt}, in ${durationMs} ms, run ${runId}`];
  return [
    `${revision}${current ? ' (current)' : ''}`,
    `  description  ${description}`,
    `  state        ${state}`,
    ...applied,
    `  files        ${files.join(', ') || 'none'}`,
    ...(appliedAt === undefined ? [] : [`  stored text  ${storedText(source)}`]),
  ].join('\n');
}

/** Whether the history alone can show and revert a migration. */
function storedText(source: HistoryEntry['source']): string {
  if (source?.note === 'TooLarge') return 'none: it is larger than 1 MiB after compression';
  if (source?.format === undefined) return 'none: db-manager repair --store-sources';
  const size = `${source.bytes} bytes, compressed`;
  return source.note === 'OwnImports' ? `${size}; cannot be run again: it uses ${source.detail}` : size;
}
