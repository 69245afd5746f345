import { readMigrations } from '../../migrations/read.ts';
import { failed } from '../failure.ts';
import type { Step } from '../flow.ts';
import { unknownIgnores } from '../safety.ts';
import type { Loaded } from '../state.ts';
import { count } from '../words.ts';

/** Lists and hashes the migration files; nothing is imported yet. */
export const load: Step<object, Loaded> = {
  name: 'load',
  async run(_, { request }) {
    const unknown = await unknownIgnores(request);
    if (unknown !== undefined) return failed(unknown, { touched: false });
    const { path, include, exclude } = request.migrations;
    let leftOut = '';
    const onNotice = (sentence: string) => {
      leftOut = `. ${sentence}`;
    };
    const read = await readMigrations(path, { include, exclude, onNotice });
    if (!read.ok) return failed(read.problem, { touched: false });
    return {
      kind: 'done',
      value: { files: read.files },
      message: `${count(read.files.length, 'migration')} in ${path}${leftOut}`,
    };
  },
};
