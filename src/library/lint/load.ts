import type { Dialect } from '../../core/model/dialect.ts';
import type { Finding } from '../../core/model/finding.ts';
import type { LoadedMigration, MigrationFile } from '../../core/model/migration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { REASONS } from '../../core/model/reason.ts';
import { mainFile } from '../../migrations/formats/format.ts';
import { loadMigration, loadSqlFiles } from '../../migrations/load.ts';

interface LoadedFiles {
  loaded: LoadedMigration[];
  broken: Finding[];
}

/** Loads every file. A file that cannot be loaded becomes a finding, so that the others are still checked. */
export async function loadAll(folder: string, files: readonly MigrationFile[], dialect: Dialect): Promise<LoadedFiles> {
  const loaded: LoadedMigration[] = [];
  const broken: Finding[] = [];
  const early = await loadSqlFiles(folder, files, dialect);
  for (const [index, file] of files.entries()) {
    try {
      const result = early[index];
      if (result?.status === 'rejected') throw result.reason;
      loaded.push(result?.value ?? (await loadMigration(folder, file, dialect)));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      broken.push(asFinding(error, file));
    }
  }
  return { loaded, broken };
}

function asFinding({ problem }: ProblemError, file: MigrationFile): Finding {
  const { message, reason, statement, position = { file: mainFile(file), line: 1, column: 1 } } = problem;
  return {
    rule: 'invalid-migration',
    severity: 'error',
    message,
    advice: REASONS[reason].help,
    migration: file.revision,
    statement,
    position,
  };
}
