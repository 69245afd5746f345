import { failed } from '../../engine/failure.ts';
import type { Step } from '../../engine/flow.ts';
import { readChecks } from '../../engine/query-checks.ts';
import { count } from '../../engine/run-text.ts';
import { unknownIgnores } from '../../engine/safety.ts';
import type { Loaded } from '../../engine/state.ts';
import { readMigrations } from '../../migrations/read.ts';

/**
 * Lists and hashes the migration files without importing them, and loads the models, so that an error in them is found
 * before the database is opened.
 */
export const load: Step<object, Loaded> = {
  name: 'load',
  async run(_, { request, target }) {
    const unknown = await unknownIgnores(request);
    if (unknown !== undefined) return failed(unknown, { touched: false });
    readChecks(request, target.dialect);
    const { path, include, exclude } = request.migrations;
    let leftOut = '';
    const onNotice = (sentence: string) => {
      leftOut = `. ${sentence}`;
    };
    const read = await readMigrations(path, { include, exclude, onNotice });
    if (!read.ok) return failed(read.problem, { touched: false });
    const message = `${count(read.files.length, 'migration')} in ${path}`;
    if (request.models === undefined) return { kind: 'done', value: { files: read.files }, message: message + leftOut };
    // This loads Sequelize, which a run of `.sql` migrations does not need otherwise.
    const { readModels } = await import('../../models/read.ts');
    const models = await readModels(request.models.path, target.dialect);
    const text = `${message}, ${count(models.tables.length, 'model')} in ${request.models.path}${leftOut}`;
    return { kind: 'done', value: { files: read.files, models }, message: text };
  },
};
